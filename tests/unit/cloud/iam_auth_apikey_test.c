// The management token: kept, renewed early, renewed once after a refusal, and one exchange for
// many threads.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/text_digest.h"
#include "tests/unit/cloud/token_scene.h"

static void a_token_is_kept(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  token_scene_expect(&s, "me-1", 1);
  fake_env_advance(&s.env, 799000);
  token_scene_expect(&s, "me-1", 1);
  assert_int_equal(s.endpoint.deadline_ms, 0);
  fake_env_advance(&s.env, 1000); // 80 % of its life
  token_scene_expect(&s, "me-2", 2);
  assert_int_equal(s.endpoint.deadline_ms, 10000);
  assert_int_equal(s.keys_read, 2);
  token_scene_close(&s);
}

static void an_early_renewal_may_fail(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  token_scene_expect(&s, "me-1", 1);
  s.endpoint.result = ERR_UNSURE;
  fake_env_advance(&s.env, 850000);
  token_scene_expect(&s, "me-1", 2); // failed; the old one serves
  fake_env_advance(&s.env, 59000);
  token_scene_expect(&s, "me-1", 2); // not yet again
  fake_env_advance(&s.env, 1000);
  token_scene_expect(&s, "me-1", 3);
  fake_env_advance(&s.env, 80000); // now it is over
  struct iam_token t = {0};
  struct error e;
  assert_int_equal(token_scene_ask(&s, NULL, &t, &e), ERR_UNSURE);
  assert_int_equal(e.kind, ERR_UNSURE);
  s.endpoint.result = ERR_OK;
  token_scene_expect(&s, "me-5", 5);
  token_scene_close(&s);
}

static void it_ends_ten_seconds_early(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  s.endpoint.expires_in = 10; // over at once, but good for the one who waited
  token_scene_expect(&s, "me-1", 1);
  token_scene_expect(&s, "me-2", 2);
  s.endpoint.expires_in = 11;
  token_scene_expect(&s, "me-3", 3);
  token_scene_expect(&s, "me-3", 3);
  fake_env_advance(&s.env, 1000);
  token_scene_expect(&s, "me-4", 4);
  token_scene_close(&s);
}

static void a_refused_token_is_replaced_once(void **state) {
  (void)state;
  struct token_scene s;
  token_scene_open(&s);
  struct iam_token first = {0}, second = {0}, third = {0};
  assert_int_equal(token_scene_ask(&s, NULL, &first, NULL), ERR_OK);
  assert_int_equal(token_scene_ask(&s, first.bearer, &second, NULL), ERR_OK);
  assert_string_equal(second.iam_id, "me-2");
  assert_int_equal(token_scene_ask(&s, first.bearer, &third, NULL),
                   ERR_OK); // another caller with the same old one
  assert_string_equal(third.iam_id, "me-2");
  assert_int_equal(s.endpoint.sent, 2);
  iam_token_clear(&first);
  iam_token_clear(&second);
  iam_token_clear(&third);
  token_scene_close(&s);
}

static enum err credential(struct token_scene *s, const char *iam_id, struct iam_credential *ret) {
  return s->auth->ops->credential(s->auth, &s->endpoint.base, iam_id, ret, NULL);
}

// The key that the token in use was gained with, and the one that would be read now, are two.
static void what_the_token_was_gained_with_is_told(void **state) {
  (void)state;
  struct token_scene s;
  struct iam_credential c = {0};
  token_scene_open(&s);
  assert_int_equal(credential(&s, "me-1", &c), ERR_OK);
  assert_string_equal(secret_bytes(c.gained), VALUE);
  assert_string_equal(secret_bytes(c.read), VALUE);
  iam_credential_clear(&c);
  s.value = "another-value";
  assert_int_equal(credential(&s, "me-1", &c), ERR_OK);
  assert_string_equal(secret_bytes(c.gained), VALUE);
  assert_string_equal(secret_bytes(c.read), "another-value");
  assert_int_equal(s.endpoint.sent, 1);
  iam_credential_clear(&c);
  fake_env_advance(&s.env, 800000); // the next token is gained with what stands there then
  assert_int_equal(credential(&s, "me-2", &c), ERR_OK);
  assert_string_equal(secret_bytes(c.gained), "another-value");
  iam_credential_clear(&c);
  s.no_key = true; // the token goes on
  assert_int_equal(credential(&s, "me-2", &c), ERR_OK);
  assert_string_equal(secret_bytes(c.gained), "another-value");
  assert_null(c.read);
  iam_credential_clear(&c);
  token_scene_close(&s);
}

// Where it is a key of another identity, nothing is read for it.
static void another_identity_s_key_is_not_read(void **state) {
  (void)state;
  struct token_scene s;
  struct iam_credential c = {0};
  token_scene_open(&s);
  assert_int_equal(credential(&s, "somebody", &c), ERR_OK);
  assert_string_equal(c.iam_id, "me-1");
  assert_null(c.gained);
  assert_null(c.read);
  assert_int_equal(s.keys_read, 1);
  s.endpoint.status = 400;
  fake_env_advance(&s.env, 2000000);
  assert_int_equal(credential(&s, "somebody", &c), ERR_REFUSED);
  token_scene_close(&s);
}

#define THREADS 16

struct caller {
  struct token_scene *scene;
  atomic_int *ready;
  enum err err;
  struct iam_token got;
};

static void *call(void *p) {
  struct caller *c = p;
  struct error e;
  atomic_fetch_add(c->ready, 1);
  c->err = token_scene_ask(c->scene, NULL, &c->got, &e);
  return NULL;
}

// All threads ask while the first exchange is held back; then it is let go.
static void run_together(struct token_scene *s, struct caller *callers) {
  pthread_t threads[THREADS];
  atomic_int ready = 0;
  s->endpoint.hold = true;
  for (size_t i = 0; i < THREADS; i++) {
    callers[i] = (struct caller){.scene = s, .ready = &ready};
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  while (atomic_load(&ready) < THREADS)
    usleep(100);
  pthread_mutex_lock(&s->endpoint.mutex);
  while (s->endpoint.sent == 0)
    pthread_cond_wait(&s->endpoint.moved, &s->endpoint.mutex);
  s->endpoint.hold = false;
  pthread_cond_broadcast(&s->endpoint.moved);
  pthread_mutex_unlock(&s->endpoint.mutex);
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
}

static void threads_share_one_exchange(void **state) {
  (void)state;
  struct token_scene s;
  struct caller callers[THREADS];
  token_scene_open(&s);
  run_together(&s, callers);
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(callers[i].err, ERR_OK);
    assert_string_equal(callers[i].got.iam_id, "me-1");
    iam_token_clear(&callers[i].got);
  }
  assert_int_equal(s.endpoint.sent, 1);
  assert_int_equal(s.keys_read, 1);
  token_scene_close(&s);
}

// A failure is shared by those who waited for it; one that came too late may have tried anew.
static void threads_share_a_failure(void **state) {
  (void)state;
  struct token_scene s;
  struct caller callers[THREADS];
  token_scene_open(&s);
  s.endpoint.status = 400;
  run_together(&s, callers);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(callers[i].err, ERR_REFUSED);
  assert_true(s.endpoint.sent <= THREADS);
  assert_int_equal(s.keys_read, s.endpoint.sent);
  token_scene_close(&s);
}

// Each thread has its token refused again and again: whatever the order, everybody gets a token
// that is not the refused one, and nobody waits for ever.
static void *refuse_often(void *p) {
  struct caller *c = p;
  for (int i = 0; i < 200; i++) {
    struct iam_token first = {0}, second = {0};
    enum err err = token_scene_ask(c->scene, NULL, &first, NULL);
    if (!err)
      err = token_scene_ask(c->scene, first.bearer, &second, NULL);
    if (!err && secret_equal(first.bearer, second.bearer))
      err = ERR_INTERNAL;
    iam_token_clear(&first);
    iam_token_clear(&second);
    if (err)
      c->err = err;
  }
  return NULL;
}

static void threads_refuse_together(void **state) {
  (void)state;
  struct token_scene s;
  struct caller callers[THREADS];
  pthread_t threads[THREADS];
  token_scene_open(&s);
  for (size_t i = 0; i < THREADS; i++) {
    callers[i] = (struct caller){.scene = &s};
    assert_int_equal(pthread_create(&threads[i], NULL, refuse_often, &callers[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(callers[i].err, ERR_OK);
  }
  assert_true(s.endpoint.sent <= THREADS * 200 + 1);
  token_scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token_is_kept),
      cmocka_unit_test(an_early_renewal_may_fail),
      cmocka_unit_test(it_ends_ten_seconds_early),
      cmocka_unit_test(a_refused_token_is_replaced_once),
      cmocka_unit_test(what_the_token_was_gained_with_is_told),
      cmocka_unit_test(another_identity_s_key_is_not_read),
      cmocka_unit_test(threads_share_one_exchange),
      cmocka_unit_test(threads_share_a_failure),
      cmocka_unit_test(threads_refuse_together),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
