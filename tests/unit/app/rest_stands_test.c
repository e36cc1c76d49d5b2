// A target is believed to rest as long as all its files, the configuration and the time allow it,
// and not a moment longer.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/unit.h"
#include "tests/unit/app/rest_rig.h"

// --- it stands ---

static void stands_as_it_is(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  assert_false(rest_rig_stands()); // there is no index yet
  rest_rig_keep(&x);
  assert_true(rest_rig_stands());
  assert_true(rest_rig_stands());
  rest_rig_reload("");
  assert_true(rest_rig_stands());
  struct stat st;
  assert_int_equal(stat(rig.index, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
}

// Each run's end is the time of the .run file, though nothing was read; whoever sets that time, or
// writes the same bytes, changes nothing.
static void its_record_is_touched(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  struct stat st;
  rest_rig_keep(&x);
  const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  assert_int_equal(utimensat(AT_FDCWD, rig.run, old, 0), 0);
  assert_true(rest_rig_stands());
  assert_int_equal(stat(rig.run, &st), 0);
  assert_true(st.st_mtim.tv_sec > 1000);
  rest_rig_replace(rig.run);
  assert_true(rest_rig_stands());
}

// Where nothing has changed there is nothing to write.
static void the_index_is_left_alone(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  struct stat before, after;
  rest_rig_keep(&x);
  assert_int_equal(stat(rig.index, &before), 0);
  assert_true(rest_rig_stands());
  assert_int_equal(stat(rig.index, &after), 0);
  assert_int_equal(before.st_ino, after.st_ino);
}

// --- what is changed is read ---

static void rewrite(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
}
// The same size, the same inode, and the time set back: only the change time tells.
static void rewrite_and_set_back(const char *path, const char *text) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  rewrite(path, text);
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}
static void move_dir(const char *name) {
  char from[600], to[600];
  snprintf(from, sizeof from, "%s/%s", rig.scratch.dir, name);
  snprintf(to, sizeof to, "%s/%s.moved", rig.scratch.dir, name);
  assert_int_equal(rename(from, to), 0);
}

static void sink_in_place(void) {
  rewrite(rig.sink, "VALUE-of-the-key\n");
}
static void sink_in_place_and_set_back(void) {
  rewrite_and_set_back(rig.sink, "VALUE-of-the-key\n");
}
static void sink_replaced(void) {
  rest_rig_replace(rig.sink);
}
static void sink_mode(void) {
  assert_int_equal(chmod(rig.sink, 0666), 0);
}
static void sink_gone(void) {
  assert_int_equal(unlink(rig.sink), 0);
}
static void sink_is_a_link(void) {
  char to[700];
  snprintf(to, sizeof to, "%s.there", rig.sink);
  assert_int_equal(rename(rig.sink, to), 0);
  assert_int_equal(symlink(to, rig.sink), 0);
}
static void sinks_moved(void) {
  move_dir("sinks");
}
static void sinks_are_a_link(void) {
  char from[600], to[600];
  move_dir("sinks");
  snprintf(from, sizeof from, "%s/sinks.moved", rig.scratch.dir);
  snprintf(to, sizeof to, "%s/sinks", rig.scratch.dir);
  assert_int_equal(symlink(from, to), 0);
}
static void sinks_are_open(void) {
  char dir[600];
  snprintf(dir, sizeof dir, "%s/sinks", rig.scratch.dir);
  assert_int_equal(chmod(dir, 0777), 0);
}
static void state_in_place(void) {
  rewrite_and_set_back(rig.state, "A state\n");
}
static void state_replaced(void) {
  rest_rig_replace(rig.state);
}
static void state_gone(void) {
  assert_int_equal(unlink(rig.state), 0);
}
static void record_in_place(void) {
  rewrite_and_set_back(rig.run, "[");
}
static void record_gone(void) {
  assert_int_equal(unlink(rig.run), 0);
}
static void another_configuration(void) {
  rest_rig_reload("defaults: {probe_every: 3h}\n");
}
static void another_byte_of_it(void) {
  rest_rig_reload("# a remark\n");
}
static void index_gone(void) {
  assert_int_equal(unlink(rig.index), 0);
}
static void index_cut(void) {
  assert_int_equal(truncate(rig.index, 100), 0);
}
static void index_damaged(void) {
  int fd = open(rig.index, O_WRONLY | O_CLOEXEC);
  assert_int_equal(pwrite(fd, "x", 1, 80), 1);
  close(fd);
}
static void index_is_a_link(void) {
  char to[700];
  snprintf(to, sizeof to, "%s.there", rig.index);
  assert_int_equal(rename(rig.index, to), 0);
  assert_int_equal(symlink(to, rig.index), 0);
}
static void time_is_over(void) {
  rig.env.wall_ms = REST_UNTIL_S * 1000;
}
static void clock_is_set_back(void) {
  rig.env.wall_ms = REST_NOW_S * 1000 - 1;
}
static void a_stop(void) {
  rig.env.stop = true;
}

static const struct change {
  const char *name;
  void (*make)(void);
} changes[] = {
    {"the rig.sink, in place", sink_in_place},
    {"the rig.sink, in place, its time set back", sink_in_place_and_set_back},
    {"the rig.sink, by rename", sink_replaced},
    {"the sink's mode", sink_mode},
    {"the rig.sink, removed", sink_gone},
    {"the rig.sink, a link", sink_is_a_link},
    {"the sink's directory, moved", sinks_moved},
    {"the sink's directory, a link", sinks_are_a_link},
    {"the sink's directory, open to all", sinks_are_open},
    {"the state, in place", state_in_place},
    {"the state, by rename", state_replaced},
    {"the state, removed", state_gone},
    {"the record, in place", record_in_place},
    {"the record, removed", record_gone},
    {"the configuration", another_configuration},
    {"a remark in it", another_byte_of_it},
    {"no index", index_gone},
    {"an index that is cut off", index_cut},
    {"an index that is damaged", index_damaged},
    {"an index that is a link", index_is_a_link},
    {"it is time", time_is_over},
    {"the clock was set back", clock_is_set_back},
    {"a stop was asked for", a_stop},
};

static void what_is_changed_is_read(void **state) {
  for (size_t i = 0; i < COUNT_OF(changes); i++) {
    struct rest_end x = rest_rig_end();
    rest_rig_keep(&x);
    if (!rest_rig_stands())
      fail_msg("before: %s", changes[i].name);
    changes[i].make();
    if (rest_rig_stands())
      fail_msg("it is said to stand: %s", changes[i].name);
    rest_rig_tear_down(state);
    rest_rig_set_up(state);
  }
}

// The last moment at which it stands, and the first.
static void to_the_second(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  rest_rig_keep(&x);
  rig.env.wall_ms = REST_UNTIL_S * 1000 - 1;
  assert_true(rest_rig_stands());
  rig.env.wall_ms = REST_NOW_S * 1000;
  assert_true(rest_rig_stands());
}

// Where the server's clock is ahead of ours, what it showed as past is not past for us yet.
static void by_the_later_clock(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  x.view.now_s = REST_NOW_S + 30;
  rest_rig_keep(&x);
  assert_false(rest_rig_stands());
  rig.env.wall_ms = (REST_NOW_S + 30) * 1000;
  assert_true(rest_rig_stands());
}

static void busy(void **state) {
  (void)state;
  struct rest_end x = rest_rig_end();
  int fd = -1;
  rest_rig_keep(&x);
  assert_int_equal(file_lock(rig.lock, &rig.env.env, 0, &fd, NULL), ERR_OK);
  assert_false(rest_rig_stands());
  file_unlock(fd);
  assert_true(rest_rig_stands()); // what it did not settle it does not forget
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rest_rig_set_up, rest_rig_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(stands_as_it_is),
      TEST(its_record_is_touched),
      TEST(the_index_is_left_alone),
      TEST(what_is_changed_is_read),
      TEST(to_the_second),
      TEST(by_the_later_clock),
      TEST(busy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
