// Six queries a minute, of all that share a state directory.
#include "rotator/app/query_budget.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static const char guid[] = "11111111-2222-3333-4444-555555555555";

struct inner {
  struct logs_reader base;
  unsigned asked, freed;
};

static enum logs_sighting find(struct logs_reader *base, const struct logs_search *s,
                               struct error *e) {
  (void)s, (void)e;
  ((struct inner *)base)->asked++;
  return LOGS_SEEN;
}
static void count_free(struct logs_reader *base) {
  ((struct inner *)base)->freed++;
}
static const struct logs_reader_ops ops = {find, count_free};

struct scene {
  struct scratch scratch;
  const char *dir;
  struct fake_env env;
  struct inner inner;
  struct logs_reader *reader;
  struct error e;
};

static void begin(struct scene *s) {
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  scratch_new(&s->scratch);
  s->dir = s->scratch.dir;
  s->inner.base.ops = &ops;
  s->reader = query_budget_new(&s->inner.base, s->dir, guid, &s->env.env);
  assert_non_null(s->reader);
}

static enum logs_sighting ask(struct scene *s) {
  static const struct logs_search search = {.nonce = "n"};
  return s->reader->ops->find(s->reader, &search, &s->e);
}

static void end(struct scene *s) {
  logs_reader_free(s->reader);
  assert_int_equal(s->inner.freed, 1);
  scratch_remove(&s->scratch);
}

static const char *path_of(struct scene *s) {
  return scratch_path(&s->scratch, "11111111-2222-3333-4444-555555555555.queries");
}

// Whoever asks as often as it may.
static void six_a_minute(void **state) {
  (void)state;
  struct scene s;
  struct stat st;
  begin(&s);
  unsigned asked = 0;
  for (int64_t ms = 0; ms <= 60000; ms += 100) {
    asked += ask(&s) == LOGS_SEEN;
    fake_env_advance(&s.env, 100);
  }
  assert_int_equal(asked, 6);
  assert_int_equal(s.inner.asked, 6);
  assert_int_equal(stat(path_of(&s), &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  end(&s);
}

static void who_comes_too_early_is_told_when(void **state) {
  (void)state;
  struct scene s;
  begin(&s);
  assert_int_equal(ask(&s), LOGS_SEEN);
  fake_env_advance(&s.env, 4000);
  assert_int_equal(ask(&s), LOGS_ASK_LATER);
  assert_int_equal(s.e.kind, ERR_THROTTLED);
  assert_int_equal(s.e.retry_after_ms, QUERY_APART_MS - 4000);
  fake_env_advance(&s.env, s.e.retry_after_ms);
  assert_int_equal(ask(&s), LOGS_SEEN); // what was refused did not count
  end(&s);
}

// Another process, or another target of the same instance; another instance has its own.
static void all_of_an_instance_share_it(void **state) {
  (void)state;
  struct scene s;
  begin(&s);
  struct inner second = {.base.ops = &ops}, third = {.base.ops = &ops};
  struct logs_reader *same = query_budget_new(&second.base, s.dir, guid, &s.env.env),
                     *other = query_budget_new(&third.base, s.dir, "other", &s.env.env);
  static const struct logs_search search = {.nonce = "n"};
  assert_int_equal(ask(&s), LOGS_SEEN);
  assert_int_equal(same->ops->find(same, &search, &s.e), LOGS_ASK_LATER);
  assert_int_equal(other->ops->find(other, &search, &s.e), LOGS_SEEN);
  logs_reader_free(same);
  logs_reader_free(other);
  end(&s);
}

static void a_file_that_makes_no_sense(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum logs_sighting first;
  } rows[] = {
      {"", LOGS_SEEN},                 // never asked
      {"1000\n", LOGS_SEEN},           // long ago
      {"99999999999999\n", LOGS_SEEN}, // of a clock that went back
      {"1234", LOGS_ASK_LATER},        // cut
      {"nonsense\n", LOGS_ASK_LATER},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    struct scene s;
    begin(&s);
    scratch_write(path_of(&s), rows[i].text);
    assert_int_equal(ask(&s), rows[i].first);
    fake_env_advance(&s.env, QUERY_APART_MS);
    assert_int_equal(ask(&s), LOGS_SEEN);
    end(&s);
  }
}

static void without_a_file_nothing_is_asked(void **state) {
  (void)state;
  struct scene s;
  begin(&s);
  assert_int_equal(mkdir(path_of(&s), 0700), 0);
  assert_int_equal(ask(&s), LOGS_SILENT);
  assert_true(s.e.kind != ERR_OK);
  assert_int_equal(s.inner.asked, 0);
  rmdir(path_of(&s));
  end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(six_a_minute),
      cmocka_unit_test(who_comes_too_early_is_told_when),
      cmocka_unit_test(all_of_an_instance_share_it),
      cmocka_unit_test(a_file_that_makes_no_sense),
      cmocka_unit_test(without_a_file_nothing_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
