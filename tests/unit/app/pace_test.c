// So many in a minute, of all that share a directory: counted, with a clock that is ours.
#include "rotator/app/pace.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/app/request_budget.h"
#include "tests/support/fake_env.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#define MINUTE 60000

struct scene {
  struct scratch scratch;
  struct fake_env env;
  struct request_budget *budget, *other_process;
  struct error e;
};

static void begin(struct scene *s, int64_t per_minute, unsigned jobs) {
  static const char url[] = "https://iam.cloud.ibm.com";
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  scratch_new(&s->scratch);
  s->budget = request_budget_new(s->scratch.dir, url, per_minute, jobs, &s->env.env);
  s->other_process = request_budget_new(s->scratch.dir, url, per_minute, jobs, &s->env.env);
  assert_non_null(s->budget);
  assert_non_null(s->other_process);
}

static void end(struct scene *s) {
  request_budget_free(s->budget);
  request_budget_free(s->other_process);
  scratch_remove(&s->scratch);
}

static const char *file_of(struct scene *s) {
  return scratch_path(&s->scratch, "iam.cloud.ibm.com-443.requests");
}

static enum err ask(struct scene *s, struct request_budget *b, bool prompt, int64_t most_ms,
                    int64_t *ret_wait_ms) {
  struct http_pace *p = request_budget_pace(b);
  return p->take(p, prompt, most_ms, ret_wait_ms, &s->e);
}

// Two processes that send as fast as they may, some of it urgent: in no minute there are more.
static void never_more_in_a_minute(void **state) {
  (void)state;
  static const int64_t measures[] = {20, 60, 100, 1000};
  for (size_t m = 0; m < COUNT_OF(measures); m++) {
    struct scene s;
    int64_t sent[4096];
    size_t n = 0;
    begin(&s, measures[m], 2);
    int64_t begin_ms = s.env.mono_ms;
    while (s.env.mono_ms - begin_ms < 3 * MINUTE && n < COUNT_OF(sent)) {
      struct request_budget *b = n % 2 ? s.budget : s.other_process;
      int64_t wait_ms = 0;
      // An urgent one follows from what was seen, which took others.
      assert_int_equal(ask(&s, b, n % 4 == 3, 30000, &wait_ms), ERR_OK);
      fake_env_advance(&s.env, wait_ms);
      sent[n++] = s.env.mono_ms;
      for (size_t k = n; k-- > 0 && sent[n - 1] - sent[k] < MINUTE;)
        assert_within((int64_t)(n - k), 1, measures[m]);
    }
    assert_true((int64_t)n > measures[m] * 2); // and it is used: three quarters of it at least
    end(&s);
  }
}

static void a_quarter_goes_at_once(void **state) {
  (void)state;
  struct scene s;
  struct stat st;
  int64_t wait_ms = 0;
  begin(&s, 40, 2);
  for (int i = 0; i < 8; i++) { // a quarter, less those kept for two workers' urgent ones
    assert_int_equal(ask(&s, s.budget, false, 0, &wait_ms), ERR_OK);
    assert_int_equal(wait_ms, 0);
  }
  assert_int_equal(ask(&s, s.other_process, false, 0, &wait_ms), ERR_THROTTLED);
  assert_int_equal(s.e.kind, ERR_THROTTLED);
  assert_within(s.e.retry_after_ms, 1, 2001);
  assert_non_null(strstr(s.e.text, "limits.iam_requests_per_minute: 40"));
  for (int i = 0; i < 2; i++)
    assert_int_equal(ask(&s, s.budget, true, 0, &wait_ms), ERR_OK);
  assert_int_equal(stat(file_of(&s), &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  end(&s);
}

// What could not be sent in time is not counted; what waits has its place.
static void places_are_kept_in_turn(void **state) {
  (void)state;
  struct scene s;
  int64_t wait_ms = 0, before_ms = 0;
  begin(&s, 20, 1);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(ask(&s, s.budget, false, GATE_WAIT_MS, &wait_ms), ERR_OK);
    assert_true(wait_ms >= before_ms);
    before_ms = wait_ms;
  }
  for (int i = 0; i < 3; i++)
    assert_int_equal(ask(&s, s.budget, false, 1000, &wait_ms), ERR_THROTTLED);
  int64_t again_ms = wait_ms;
  assert_int_equal(ask(&s, s.budget, false, again_ms, &wait_ms), ERR_OK);
  assert_int_equal(wait_ms, again_ms);
  end(&s);
}

static void what_the_file_says(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum err first;
  } rows[] = {
      {"", ERR_OK},
      {"1000\n", ERR_OK},            // long ago
      {"999999999999999\n", ERR_OK}, // of a clock that went back
      {"1234", ERR_THROTTLED},       // cut
      {"nonsense\n", ERR_THROTTLED},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    struct scene s;
    struct pace p;
    int64_t wait_ms = 0;
    begin(&s, 20, 1);
    assert_true(pace_init(&p, s.scratch.dir, "iam.cloud.ibm.com-443.requests", &s.env.env));
    p.apart_ms = 5000;
    scratch_write(file_of(&s), rows[i].text);
    assert_int_equal(pace_take(&p, false, 0, &wait_ms, &s.e), rows[i].first);
    fake_env_advance(&s.env, 5000);
    assert_int_equal(pace_take(&p, false, 0, &wait_ms, &s.e), ERR_OK);
    end(&s);
  }
}

static void without_a_file_nothing_is_sent(void **state) {
  (void)state;
  struct scene s;
  int64_t wait_ms = 0;
  begin(&s, 20, 1);
  assert_int_equal(mkdir(file_of(&s), 0700), 0);
  enum err err = ask(&s, s.budget, true, 1000, &wait_ms);
  assert_true(err != ERR_OK && err != ERR_THROTTLED);
  assert_int_equal(s.e.kind, err);
  rmdir(file_of(&s));
  end(&s);
}

static void how_many_work_at_once(void **state) {
  (void)state;
  assert_int_equal(request_budget_jobs(0, 8), 8);
  assert_int_equal(request_budget_jobs(20, 8), 1);
  assert_int_equal(request_budget_jobs(79, 8), 3);
  assert_int_equal(request_budget_jobs(1000, 8), 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(never_more_in_a_minute),         cmocka_unit_test(a_quarter_goes_at_once),
      cmocka_unit_test(places_are_kept_in_turn),        cmocka_unit_test(what_the_file_says),
      cmocka_unit_test(without_a_file_nothing_is_sent), cmocka_unit_test(how_many_work_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
