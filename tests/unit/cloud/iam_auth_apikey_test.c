// The management token: kept, renewed early, renewed once after a refusal, and one exchange for
// many threads.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rotator/base/text_digest.h"
#include "tests/unit/cloud/fixture.h"

// A token endpoint of its own, usable by many threads at once. Each token has another number in its
// claims.
struct endpoint {
  struct transport base;
  pthread_mutex_t mutex;
  pthread_cond_t moved;
  int sent;
  bool hold; // answers wait until it is false
  int expires_in;
  enum err result; // not ERR_OK: no answer
  int status;
  int64_t deadline_ms; // of the last request
  struct fake_env *slow;
  int64_t takes_ms; // of its clock
};

static enum err endpoint_exchange(struct transport *t, const struct http_request *req,
                                  struct http_response *ret, struct error *e) {
  struct endpoint *s = (struct endpoint *)t;
  char claims[256], middle[512], body[1024];
  pthread_mutex_lock(&s->mutex);
  int n = ++s->sent;
  s->deadline_ms = req->deadline_ms;
  pthread_cond_broadcast(&s->moved);
  while (s->hold)
    pthread_cond_wait(&s->moved, &s->mutex);
  if (s->slow)
    fake_env_advance(s->slow, s->takes_ms);
  enum err err = s->result;
  int status = s->status, expires_in = s->expires_in;
  pthread_mutex_unlock(&s->mutex);
  if (err)
    return error_set(e, err, "scripted");
  snprintf(claims, sizeof claims, "{\"iam_id\":\"me-%d\",\"account\":{\"bss\":\"a\"}}", n);
  text_base64url(middle, sizeof middle, claims, strlen(claims));
  if (status == 200)
    snprintf(body, sizeof body, "{\"access_token\":\"e30.%s.c2ln\",\"expires_in\":%d}", middle,
             expires_in);
  else
    snprintf(body, sizeof body, "%s", FLAT("BXNIM0415E", "m"));
  *ret = (struct http_response){
      .status = status, .body = secret_copy_text(body), .retry_after_ms = -1, .date_s = -1};
  return ERR_OK;
}

struct scene {
  struct fake_env env;
  struct endpoint endpoint;
  struct iam_auth *auth;
  int keys_read;
  bool no_key;
  const char *value; // what the place holds
};

static struct secret *read_key(void *ctx, struct error *e) {
  struct scene *s = ctx;
  s->keys_read++;
  if (!s->no_key)
    return secret_copy_text(s->value);
  error_set(e, ERR_MISSING, "the file is not there");
  return NULL;
}

static void scene_open(struct scene *s) {
  static const struct transport_ops ops = {.exchange = endpoint_exchange};
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->value = VALUE;
  s->endpoint = (struct endpoint){.base = {&ops}, .expires_in = 1000, .status = 200};
  pthread_mutex_init(&s->endpoint.mutex, NULL);
  pthread_cond_init(&s->endpoint.moved, NULL);
  s->auth = iam_auth_apikey_new(BASE "/identity/token", &s->env.env, read_key, s);
}

static void scene_close(struct scene *s) {
  iam_auth_free(s->auth);
  pthread_mutex_destroy(&s->endpoint.mutex);
  pthread_cond_destroy(&s->endpoint.moved);
}

static enum err token(struct scene *s, const struct secret *refused, struct iam_token *ret,
                      struct error *e) {
  return s->auth->ops->token(s->auth, &s->endpoint.base, refused, ret, e);
}

// Gets a token, checks whose number it bears and how many exchanges there have been.
static void expect(struct scene *s, const char *whose, int sent) {
  struct iam_token t = {0};
  assert_int_equal(token(s, NULL, &t, NULL), ERR_OK);
  assert_string_equal(t.iam_id, whose);
  assert_int_equal(s->endpoint.sent, sent);
  iam_token_clear(&t);
}

static void a_token_is_kept(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  expect(&s, "me-1", 1);
  fake_env_advance(&s.env, 799000);
  expect(&s, "me-1", 1);
  assert_int_equal(s.endpoint.deadline_ms, 0);
  fake_env_advance(&s.env, 1000); // 80 % of its life
  expect(&s, "me-2", 2);
  assert_int_equal(s.endpoint.deadline_ms, 10000);
  assert_int_equal(s.keys_read, 2);
  scene_close(&s);
}

static void an_early_renewal_may_fail(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  expect(&s, "me-1", 1);
  s.endpoint.result = ERR_UNSURE;
  fake_env_advance(&s.env, 850000);
  expect(&s, "me-1", 2); // failed; the old one serves
  fake_env_advance(&s.env, 59000);
  expect(&s, "me-1", 2); // not yet again
  fake_env_advance(&s.env, 1000);
  expect(&s, "me-1", 3);
  fake_env_advance(&s.env, 80000); // now it is over
  struct iam_token t = {0};
  struct error e;
  assert_int_equal(token(&s, NULL, &t, &e), ERR_UNSURE);
  assert_int_equal(e.kind, ERR_UNSURE);
  s.endpoint.result = ERR_OK;
  expect(&s, "me-5", 5);
  scene_close(&s);
}

static void it_ends_ten_seconds_early(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  s.endpoint.expires_in = 10; // over at once, but good for the one who waited
  expect(&s, "me-1", 1);
  expect(&s, "me-2", 2);
  s.endpoint.expires_in = 11;
  expect(&s, "me-3", 3);
  expect(&s, "me-3", 3);
  fake_env_advance(&s.env, 1000);
  expect(&s, "me-4", 4);
  scene_close(&s);
}

static void a_refused_token_is_replaced_once(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  struct iam_token first = {0}, second = {0}, third = {0};
  assert_int_equal(token(&s, NULL, &first, NULL), ERR_OK);
  assert_int_equal(token(&s, first.bearer, &second, NULL), ERR_OK);
  assert_string_equal(second.iam_id, "me-2");
  assert_int_equal(token(&s, first.bearer, &third, NULL),
                   ERR_OK); // another caller with the same old one
  assert_string_equal(third.iam_id, "me-2");
  assert_int_equal(s.endpoint.sent, 2);
  iam_token_clear(&first);
  iam_token_clear(&second);
  iam_token_clear(&third);
  scene_close(&s);
}

static void failures_are_told(void **state) {
  (void)state;
  struct scene s;
  struct iam_token t = {0};
  struct error e;
  scene_open(&s);
  s.endpoint.status = 400;
  assert_int_equal(token(&s, NULL, &t, &e), ERR_REFUSED);
  assert_string_equal(e.code, "BXNIM0415E");
  assert_hidden(&e, VALUE);
  s.no_key = true;
  assert_int_equal(token(&s, NULL, &t, &e), ERR_MISSING);
  assert_string_equal(e.text, "the file is not there");
  assert_int_equal(token(&s, NULL, &t, NULL), ERR_MISSING);
  assert_int_equal(s.endpoint.sent, 1);
  assert_null(t.bearer);
  scene_close(&s);
}

// Nothing is asked, and all are told what the last one was.
static void expect_failure(struct scene *s, enum err err, int sent) {
  struct iam_token t = {0};
  struct error e = {0};
  assert_int_equal(token(s, NULL, &t, &e), err);
  assert_int_equal(e.kind, err);
  assert_non_null(strstr(e.text, err == ERR_MISSING ? "the file is not there" : "scripted"));
  assert_int_equal(s->endpoint.sent, sent);
}

static void a_slow_failure_is_remembered(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  s.endpoint.slow = &s.env;
  s.endpoint.takes_ms = 4500;
  s.endpoint.result = ERR_UNSENT;
  expect_failure(&s, ERR_UNSENT, 1);
  for (int i = 0; i < 1000; i++)
    expect_failure(&s, ERR_UNSENT, 1);
  fake_env_advance(&s.env, 4 * 4500 - 1);
  expect_failure(&s, ERR_UNSENT, 1);
  fake_env_advance(&s.env, 1);
  expect_failure(&s, ERR_UNSENT, 2);
  s.endpoint.takes_ms = 20000;
  fake_env_advance(&s.env, 18000);
  expect_failure(&s, ERR_UNSENT, 3);
  fake_env_advance(&s.env, 29999); // never longer than 30 s
  expect_failure(&s, ERR_UNSENT, 3);
  fake_env_advance(&s.env, 1);
  s.endpoint.result = ERR_OK;
  s.endpoint.takes_ms = 1;
  expect(&s, "me-4", 4);
  scene_close(&s);
}

// What was at once in vain is tried at once again; so is what was for want of our own.
static void other_failures_are_not_remembered(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  s.no_key = true;
  for (int i = 0; i < 3; i++)
    expect_failure(&s, ERR_MISSING, 0);
  assert_int_equal(s.keys_read, 3);
  s.no_key = false;
  s.endpoint.slow = &s.env;
  s.endpoint.takes_ms = 5000;
  s.endpoint.result = ERR_CANCELLED;
  expect_failure(&s, ERR_CANCELLED, 1);
  s.endpoint.result = ERR_INTERNAL;
  expect_failure(&s, ERR_INTERNAL, 2);
  s.endpoint.result = ERR_OK;
  expect(&s, "me-3", 3);
  scene_close(&s);
}

static enum err credential(struct scene *s, const char *iam_id, struct iam_credential *ret) {
  return s->auth->ops->credential(s->auth, &s->endpoint.base, iam_id, ret, NULL);
}

// The key that the token in use was gained with, and the one that would be read now, are two.
static void what_the_token_was_gained_with_is_told(void **state) {
  (void)state;
  struct scene s;
  struct iam_credential c = {0};
  scene_open(&s);
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
  scene_close(&s);
}

// Where it is a key of another identity, nothing is read for it.
static void another_identity_s_key_is_not_read(void **state) {
  (void)state;
  struct scene s;
  struct iam_credential c = {0};
  scene_open(&s);
  assert_int_equal(credential(&s, "somebody", &c), ERR_OK);
  assert_string_equal(c.iam_id, "me-1");
  assert_null(c.gained);
  assert_null(c.read);
  assert_int_equal(s.keys_read, 1);
  s.endpoint.status = 400;
  fake_env_advance(&s.env, 2000000);
  assert_int_equal(credential(&s, "somebody", &c), ERR_REFUSED);
  scene_close(&s);
}

#define THREADS 16

struct caller {
  struct scene *scene;
  atomic_int *ready;
  enum err err;
  struct iam_token got;
};

static void *call(void *p) {
  struct caller *c = p;
  struct error e;
  atomic_fetch_add(c->ready, 1);
  c->err = token(c->scene, NULL, &c->got, &e);
  return NULL;
}

// All threads ask while the first exchange is held back; then it is let go.
static void run_together(struct scene *s, struct caller *callers) {
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
  struct scene s;
  struct caller callers[THREADS];
  scene_open(&s);
  run_together(&s, callers);
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(callers[i].err, ERR_OK);
    assert_string_equal(callers[i].got.iam_id, "me-1");
    iam_token_clear(&callers[i].got);
  }
  assert_int_equal(s.endpoint.sent, 1);
  assert_int_equal(s.keys_read, 1);
  scene_close(&s);
}

// A failure is shared by those who waited for it; one that came too late may have tried anew.
static void threads_share_a_failure(void **state) {
  (void)state;
  struct scene s;
  struct caller callers[THREADS];
  scene_open(&s);
  s.endpoint.status = 400;
  run_together(&s, callers);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(callers[i].err, ERR_REFUSED);
  assert_true(s.endpoint.sent <= THREADS);
  assert_int_equal(s.keys_read, s.endpoint.sent);
  scene_close(&s);
}

// Each thread has its token refused again and again: whatever the order, everybody gets a token
// that is not the refused one, and nobody waits for ever.
static void *refuse_often(void *p) {
  struct caller *c = p;
  for (int i = 0; i < 200; i++) {
    struct iam_token first = {0}, second = {0};
    enum err err = token(c->scene, NULL, &first, NULL);
    if (!err)
      err = token(c->scene, first.bearer, &second, NULL);
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
  struct scene s;
  struct caller callers[THREADS];
  pthread_t threads[THREADS];
  scene_open(&s);
  for (size_t i = 0; i < THREADS; i++) {
    callers[i] = (struct caller){.scene = &s};
    assert_int_equal(pthread_create(&threads[i], NULL, refuse_often, &callers[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(callers[i].err, ERR_OK);
  }
  assert_true(s.endpoint.sent <= THREADS * 200 + 1);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token_is_kept),
      cmocka_unit_test(an_early_renewal_may_fail),
      cmocka_unit_test(it_ends_ten_seconds_early),
      cmocka_unit_test(a_refused_token_is_replaced_once),
      cmocka_unit_test(failures_are_told),
      cmocka_unit_test(a_slow_failure_is_remembered),
      cmocka_unit_test(other_failures_are_not_remembered),
      cmocka_unit_test(what_the_token_was_gained_with_is_told),
      cmocka_unit_test(another_identity_s_key_is_not_read),
      cmocka_unit_test(threads_share_one_exchange),
      cmocka_unit_test(threads_share_a_failure),
      cmocka_unit_test(threads_refuse_together),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
