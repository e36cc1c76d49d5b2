// Files and directories: what is read, what is refused, and what a broken file stops.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scratch.h"
#include "tests/unit/config/try.h"

struct place {
  struct scratch scratch;
  char main[SCRATCH_PATH * 2];
};

static int setup(void **state) {
  static struct place p;
  scratch_new(&p.scratch);
  assert_int_equal(mkdir(scratch_path(&p.scratch, "targets.d"), 0755), 0);
  snprintf(p.main, sizeof p.main, "%s", scratch_path(&p.scratch, "rotator.yaml"));
  *state = &p;
  return 0;
}

static int teardown(void **state) {
  struct place *p = *state;
  scratch_remove(&p->scratch);
  return 0;
}

static void put(struct place *p, const char *name, const char *text) {
  scratch_write(scratch_path(&p->scratch, name), text);
}

#define EXTRA(name)                                                                                \
  "targets:\n  - name: " name                                                                      \
  "\n    instance: \"" CRN(GUID) "\"\n    service_id: id-" name                                    \
                                 "\n    sinks: [{file: {path: /keys/" name "}}]\n"

static void expect_refused(struct place *p, const char *says) {
  struct try t = try_path(p->main);
  assert_int_equal(t.err, ERR_INVALID);
  const struct expected want = {0, "F", says, NULL};
  expect_mistakes(&t, &want, 1);
  try_end(&t);
}

static void reads_targets_d_by_name(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", HEAD "defaults: {grace: 3h}\ntargets:\n" TARGET("main"));
  put(p, "targets.d/b.yaml", EXTRA("b"));
  put(p, "targets.d/a.yaml", "version: 1\n" EXTRA("a1") TARGET("a2"));
  put(p, "targets.d/.hidden.yaml", "[");
  put(p, "targets.d/README", "[");
  put(p, "targets.d/.yaml", "[");
  struct try t = try_path(p->main);
  expect_mistakes(&t, NULL, 0);
  static const char *const names[] = {"main", "a1", "a2", "b"};
  assert_int_equal(t.config->n_targets, COUNT_OF(names));
  for (size_t i = 0; i < COUNT_OF(names); i++) {
    assert_string_equal(t.config->targets[i].name, names[i]);
    assert_int_equal(t.config->targets[i].policy.grace_s, 3 * 3600);
  }
  assert_string_equal(t.config->targets[0].file, p->main);
  assert_string_equal(t.config->targets[3].file, scratch_path(&p->scratch, "targets.d/b.yaml"));
  assert_int_equal(t.config->targets[3].line, 2);
  try_end(&t);
}

// Does the digest differ from the one before, which is replaced by it?
static bool is_another(const struct place *p, unsigned char digest[32]) {
  struct try t = try_path(p->main);
  assert_int_equal(t.err, ERR_OK);
  bool another = memcmp(t.config->digest, digest, 32) != 0;
  memcpy(digest, t.config->digest, 32);
  try_end(&t);
  return another;
}

static void tells_configurations_apart(void **state) {
  struct place *p = *state;
  unsigned char digest[32] = {0};
  char from[SCRATCH_PATH * 2];
  put(p, "rotator.yaml", LIST TARGET("main"));
  assert_true(is_another(p, digest));
  assert_false(is_another(p, digest));
  put(p, "targets.d/a.yaml", EXTRA("a"));
  assert_true(is_another(p, digest));
  put(p, "targets.d/a.yaml", EXTRA("b"));
  assert_true(is_another(p, digest));
  snprintf(from, sizeof from, "%s", scratch_path(&p->scratch, "targets.d/a.yaml"));
  assert_int_equal(rename(from, scratch_path(&p->scratch, "targets.d/b.yaml")), 0);
  assert_true(is_another(p, digest));
  put(p, "rotator.yaml", LIST TARGET("main") "# a remark\n");
  assert_true(is_another(p, digest));
  assert_false(is_another(p, digest));
}

static void needs_no_targets_d(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("main"));
  assert_int_equal(rmdir(scratch_path(&p->scratch, "targets.d")), 0);
  struct try t = try_path(p->main);
  expect_mistakes(&t, NULL, 0);
  try_end(&t);
  put(p, "targets.d", "a file");
  t = try_path(p->main);
  const struct expected want = {0, "", "cannot be opened: Not a directory", NULL};
  expect_mistakes(&t, &want, 1);
  assert_int_equal(t.err, ERR_OK);
  assert_int_equal(t.config->n_broken_files, 1);
  try_end(&t);
}

static void a_targets_d_that_leads_nowhere_is_told(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("main"));
  assert_int_equal(rmdir(scratch_path(&p->scratch, "targets.d")), 0);
  assert_int_equal(symlink("nowhere", scratch_path(&p->scratch, "targets.d")), 0);
  struct try t = try_path(p->main);
  const struct expected want = {0, "", "cannot be opened: No such file", NULL};
  expect_mistakes(&t, &want, 1);
  assert_int_equal(t.err, ERR_OK);
  assert_int_equal(t.config->n_broken_files, 1);
  try_end(&t);
}

static void a_relative_path_is_enough(void **state) {
  struct place *p = *state;
  char before[4096];
  assert_non_null(getcwd(before, sizeof before));
  put(p, "rotator.yaml", LIST TARGET("main"));
  put(p, "targets.d/a.yaml", EXTRA("a"));
  assert_int_equal(chdir(p->scratch.dir), 0);
  struct try t = try_path("rotator.yaml");
  assert_int_equal(chdir(before), 0);
  expect_mistakes(&t, NULL, 0);
  assert_int_equal(t.config->n_targets, 2);
  assert_string_equal(t.config->targets[1].file, "targets.d/a.yaml");
  try_end(&t);
}

static void a_broken_file_stops_its_own_targets(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("main"));
  put(p, "targets.d/a.yaml", "targets:\n\t- name: x\n");
  put(p, "targets.d/b.yaml", "defaults: {grace: 1h}\n" EXTRA("b"));
  put(p, "targets.d/c.yaml", EXTRA("c1") "    grace: x\n" TARGET("c2"));
  put(p, "targets.d/d.yaml", "management: {file: /x}\nvault: {}\njobs: 3\nx: y\n");
  put(p, "targets.d/e.yaml", "name: e\ninstance: x\n");
  put(p, "targets.d/f.yaml", "- name: e\n");
  put(p, "targets.d/g.yaml", "");
  put(p, "targets.d/h.yaml", EXTRA("main"));
  put(p, "targets.d/i.yaml", EXTRA("i"));
  put(p, "targets.d/j.yml", EXTRA("j"));
  assert_int_equal(mkdir(scratch_path(&p->scratch, "targets.d/k.yaml"), 0700), 0);
  assert_int_equal(symlink("nowhere", scratch_path(&p->scratch, "targets.d/l.yaml")), 0);
  struct try t = try_path(p->main);
  const struct expected want[] = {
      {0, "W", "j.yml is not read", NULL},
      {2, "", "a tab character", NULL},
      {1, "", "defaults stands in the main file only; a file of targets.d holds `targets`", NULL},
      {6, "", "grace: expected a duration", NULL},
      {1, "", "management stands in the main file only", NULL},
      {2, "", "vault stands in the main file only", NULL},
      {3, "", "jobs stands in the main file only", NULL},
      {4, "", "x: no such option", NULL},
      {1, "", "a file of targets.d holds `targets:` and a list", NULL},
      {1, "", "a file of targets.d holds `targets:` and a list", NULL},
      {0, "", "the file is empty", NULL},
      {2, "", "name: main is taken by target main", NULL},
      {4, "", "service_id: id-main on this instance is taken by target main", NULL},
      {5, "", "file://keys/main is taken by target main", NULL},
      {0, "", "expected a file, found a directory", NULL},
      {0, "", "cannot be opened: No such file", NULL},
  };
  expect_mistakes(&t, want, COUNT_OF(want));
  assert_int_equal(t.err, ERR_OK);
  static const struct {
    const char *name;
    bool broken;
  } targets[] = {{"main", false}, {"b", true},    {"c1", true},
                 {"c2", false},   {"main", true}, {"i", false}};
  assert_int_equal(t.config->n_broken_files, 8); // a b d e f g k l
  assert_int_equal(t.config->n_targets, COUNT_OF(targets));
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    assert_string_equal(t.config->targets[i].name, targets[i].name);
    assert_int_equal(t.config->targets[i].broken, targets[i].broken);
  }
  try_end(&t);
}

static void tells_the_mistakes_of_all_files(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", HEAD "jobs: x\ntargets:\n" TARGET("main"));
  put(p, "targets.d/a.yaml", EXTRA("a") "    grace: x\n");
  struct try t = try_path(p->main);
  const struct expected want[] = {{3, "F", "jobs: expected a whole number", NULL},
                                  {6, "", "grace: expected", NULL}};
  expect_mistakes(&t, want, 2);
  assert_int_equal(t.err, ERR_INVALID);
  try_end(&t);
  // Without the main file nothing can be said of the others.
  put(p, "rotator.yaml", "[");
  t = try_path(p->main);
  assert_int_equal(t.report.n, 1);
  try_end(&t);
}

static void refuses_what_is_no_file(void **state) {
  struct place *p = *state;
  expect_refused(p, "cannot be opened: No such file");
  assert_int_equal(mkdir(p->main, 0700), 0);
  expect_refused(p, "expected a file, found a directory");
  assert_int_equal(rmdir(p->main), 0);
  assert_int_equal(mkfifo(p->main, 0600), 0); // and does not wait for a writer
  expect_refused(p, "expected a file, found a pipe");
  assert_int_equal(unlink(p->main), 0);
  assert_int_equal(symlink("/dev/zero", p->main), 0);
  expect_refused(p, "expected a file, found a device");
  assert_int_equal(unlink(p->main), 0);
  put(p, "rotator.yaml", "");
  expect_refused(p, "the file is empty");
}

static void refuses_what_is_large(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("a"));
  assert_int_equal(truncate(p->main, CONFIG_FILE_MAX + 1), 0);
  expect_refused(p, "too many for a configuration file");
  assert_int_equal(truncate(p->main, 100000000), 0);
  expect_refused(p, "100000000 bytes are too many");
  assert_int_equal(truncate(p->main, CONFIG_FILE_MAX), 0);
  struct try t = try_path(p->main);
  assert_string_equal(t.report.mistakes[0].text, "a zero byte: this is not a text file");
  try_end(&t);
}

static void refuses_what_it_may_not_read(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("a"));
  assert_int_equal(chmod(p->main, 0), 0);
  bool root = geteuid() == 0;
  if (root) {
    assert_int_equal(chmod(p->scratch.dir, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
  }
  struct try t = try_path(p->main);
  if (root)
    assert_int_equal(seteuid(0), 0);
  const struct expected want = {0, "F", "cannot be opened: Permission denied", NULL};
  expect_mistakes(&t, &want, 1);
  try_end(&t);
}

#define HOOK "    after_publish: {run: [/bin/true]}\n"

static void warns_of_files_that_anybody_may_write(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("a"));
  put(p, "targets.d/b.yaml", EXTRA("b") HOOK);
  assert_int_equal(chmod(p->main, 0666), 0);
  struct try t = try_path(p->main);
  const struct expected one = {0, "W", "anybody may write this file (mode 0666); chmod o-w", NULL};
  expect_mistakes(&t, &one, 1);
  assert_false(t.config->targets[0].broken);
  try_end(&t);
  // A program to run makes an error of it, in this file alone.
  put(p, "rotator.yaml", LIST TARGET("a") HOOK);
  assert_int_equal(chmod(p->main, 0666), 0);
  t = try_path(p->main);
  const struct expected two[] = {
      one, {8, "", "a file that anybody may change must not name a program", NULL}};
  expect_mistakes(&t, two, 2);
  assert_true(t.config->targets[0].broken);
  assert_false(t.config->targets[1].broken);
  try_end(&t);
  put(p, "rotator.yaml",
      HEAD
      "defaults: {after_publish: {run: [/bin/true]}}\nhelper: {path: /x}\ntargets:\n" TARGET("a"));
  t = try_path(p->main);
  const struct expected three[] = {
      one,
      {3, "F", "after_publish.run: a file that anybody may change", NULL},
      {4, "F", "helper: a file that anybody may change must not name a program", NULL}};
  expect_mistakes(&t, three, 3);
  try_end(&t);
}

// What root runs is named by root alone.
static void a4_roots_programs_are_named_by_root(void **state) {
  struct place *p = *state;
  static const struct expected group[] = {
      {8, "", "is writable by others: chmod go-w; such a file must not name a program", NULL}};
  static const struct expected foreign[] = {
      {8, "", "belongs to user 12345, who could change it; such a file must not name", NULL}};
  static const struct expected dir[] = {
      {8, "", "belongs to user 12345, who could put something else there; such a file", NULL}};
  if (geteuid() != 0)
    skip();
  put(p, "rotator.yaml", LIST TARGET("a") HOOK);
  assert_int_equal(chmod(p->main, 0664), 0);
  struct try t = try_path(p->main);
  expect_mistakes(&t, group, 1);
  assert_true(t.config->targets[0].broken);
  try_end(&t);
  assert_int_equal(chmod(p->main, 0644), 0);
  assert_int_equal(chown(p->main, 12345, 0), 0);
  t = try_path(p->main);
  expect_mistakes(&t, foreign, 1);
  try_end(&t);
  assert_int_equal(chown(p->main, 0, 0), 0);
  assert_int_equal(chown(p->scratch.dir, 12345, 0), 0);
  t = try_path(p->main);
  expect_mistakes(&t, dir, 1);
  try_end(&t);
  assert_int_equal(chown(p->scratch.dir, 0, 0), 0);
  t = try_path(p->main);
  expect_mistakes(&t, NULL, 0);
  try_end(&t);
  put(p, "rotator.yaml", LIST TARGET("a")); // names none
  assert_int_equal(chown(p->main, 12345, 0), 0);
  t = try_path(p->main);
  expect_mistakes(&t, NULL, 0);
  try_end(&t);
}

static void warns_of_directories_that_anybody_may_write(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", LIST TARGET("a"));
  put(p, "targets.d/b.yaml", EXTRA("b") HOOK);
  assert_int_equal(chmod(scratch_path(&p->scratch, "targets.d"), 0777), 0);
  struct try t = try_path(p->main);
  const struct expected want[] = {
      {0, "W", "anybody may replace this file", NULL},
      {6, "", "a file that anybody may change must not name a program", NULL}};
  expect_mistakes(&t, want, 2);
  try_end(&t);
  assert_int_equal(chmod(scratch_path(&p->scratch, "targets.d"), 01777), 0); // sticky, as /tmp
  t = try_path(p->main);
  expect_mistakes(&t, NULL, 0);
  try_end(&t);
}

static void holds_ten_thousand_targets(void **state) {
  struct place *p = *state;
  put(p, "rotator.yaml", HEAD "defaults: {window: \"Mon-Thu 09:00-16:00 Europe/Berlin\"}\n");
  for (int file = 0; file < 10; file++) {
    char name[64];
    snprintf(name, sizeof name, "targets.d/%d.yaml", file);
    FILE *f = fopen(scratch_path(&p->scratch, name), "we");
    assert_non_null(f);
    fputs("targets:\n", f);
    for (int i = file * 1000; i < file * 1000 + 1000; i++)
      fprintf(f,
              "  - {name: t%d, instance: \"crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT
              ":11111111-2222-3333-4444-%012d::\","
              " service_id: s, sinks: [{file: {path: /keys/%d}}]}\n",
              i, i, i == 9999 ? 0 : i);
    fclose(f);
  }
  struct try t = try_path(p->main);
  const struct expected want = {1001, "", "file://keys/0 is taken by target t0", NULL};
  expect_mistakes(&t, &want, 1);
  assert_int_equal(t.config->n_targets, 10000);
  assert_true(t.config->targets[9999].broken);
  assert_int_equal(t.config->targets[9998].policy.window.n, t.config->targets[0].policy.window.n);
  assert_string_equal(config_target_find(t.config, "t5000", (char[NEAREST_MAX]){0})->name, "t5000");
  try_end(&t);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(reads_targets_d_by_name),
      TEST(tells_configurations_apart),
      TEST(needs_no_targets_d),
      TEST(a_targets_d_that_leads_nowhere_is_told),
      TEST(a_relative_path_is_enough),
      TEST(a_broken_file_stops_its_own_targets),
      TEST(tells_the_mistakes_of_all_files),
      TEST(refuses_what_is_no_file),
      TEST(refuses_what_is_large),
      TEST(refuses_what_it_may_not_read),
      TEST(warns_of_files_that_anybody_may_write),
      TEST(a4_roots_programs_are_named_by_root),
      TEST(warns_of_directories_that_anybody_may_write),
      TEST(holds_ten_thousand_targets),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
