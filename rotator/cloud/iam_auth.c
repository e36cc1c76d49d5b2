// A token for all threads: one exchange, however many ask.
//
// A token is handed out until 10 s before its end. From 80 % of its life on, one caller tries to
// get the next one while the others go on with the old; if that fails, the old one still serves and
// the next try is a minute later (the SDKs keep the same two numbers). When there is no usable
// token, one caller exchanges and the others wait for its result, good or bad: a hundred targets
// that start at once send one request.
//
// Whoever asks after an exchange that failed gets its error, for four times as long as that took
// and 30 s at most: a metadata service that is silent would else cost each of a thousand targets
// the seconds that it takes to see that. So at most a fifth of the time goes into asking in vain,
// and what failed at once may be tried again at once. A stop and want of memory are ours, and
// forgotten.
//
// The lock is not held during the exchange. `flight` counts finished exchanges; a waiter waits for
// it to move.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/cloud/iam_auth.h"

#define RETRY_EARLY_MS 60000 // after a failed early refresh
#define VAIN_SHARE 4
#define VAIN_MOST_MS 30000
#define EARLY_DEADLINE_MS 10000 // an early refresh may be given up: the old token works

struct shared {
  struct iam_auth base;
  const struct iam_auth_way *way;
  void *ctx;
  struct env *env;

  pthread_mutex_t mutex;
  pthread_cond_t landed;
  bool flying;
  uint64_t flight;
  enum err result;       // of the last exchange
  int64_t vain_until_ms; // … which failed: until then it would again
  struct error why;
  struct iam_token token;   // bearer NULL: none
  struct iam_credential by; // the key that it was gained with; `read` is not kept
  int64_t refresh_at_ms;
};

static int64_t vain_until(const struct shared *a, enum err err, int64_t began_ms) {
  int64_t now_ms = env_mono_ms(a->env), most_ms = VAIN_SHARE * (now_ms - began_ms);
  if (err == ERR_CANCELLED || err == ERR_INTERNAL)
    return now_ms;
  return now_ms + (most_ms < VAIN_MOST_MS ? most_ms : VAIN_MOST_MS);
}

// Locked at entry and exit, not in between.
static void fly(struct shared *a, struct transport *t, int64_t deadline_ms) {
  struct iam_token fresh = {0};
  struct iam_credential by = {0};
  struct error why = {0};
  a->flying = true;
  pthread_mutex_unlock(&a->mutex);
  int64_t now_ms = env_mono_ms(a->env);
  enum err err = a->way->get(a->ctx, t, deadline_ms, &fresh, &by, &why);
  pthread_mutex_lock(&a->mutex);
  a->flying = false;
  a->flight++;
  a->result = err;
  a->why = why;
  if (err) {
    iam_credential_clear(&by);
    a->refresh_at_ms = env_mono_ms(a->env) + RETRY_EARLY_MS;
    a->vain_until_ms = vain_until(a, err, now_ms);
  } else {
    iam_token_clear(&a->token);
    iam_credential_clear(&a->by);
    a->token = fresh;
    a->by = by;
    a->refresh_at_ms = now_ms + fresh.expires_in_s * 800;
  }
  pthread_cond_broadcast(&a->landed);
}

static void wait_for_flight(struct shared *a) {
  uint64_t flight = a->flight;
  while (a->flying && a->flight == flight)
    pthread_cond_wait(&a->landed, &a->mutex);
}

static bool usable(const struct shared *a) {
  return a->token.bearer && env_mono_ms(a->env) < a->token.expires_at_ms;
}

static bool is_vain(const struct shared *a) {
  return a->result != ERR_OK && env_mono_ms(a->env) < a->vain_until_ms;
}

static enum err copy(const struct shared *a, struct iam_token *ret, struct error *e) {
  struct secret *bearer = secret_dup(a->token.bearer);
  if (!bearer)
    return error_no_memory(e);
  *ret = a->token;
  ret->bearer = bearer;
  return ERR_OK;
}

// A usable token, or the outcome of an exchange that we did or waited for. That exchange may give a
// token with less than 10 s to live: it is handed to those who waited for it, and is not usable for
// the next.
static enum err get(struct shared *a, struct transport *t, struct iam_token *ret, struct error *e) {
  if (usable(a) && !a->flying && env_mono_ms(a->env) >= a->refresh_at_ms)
    fly(a, t, EARLY_DEADLINE_MS);
  if (usable(a))
    return copy(a, ret, e);
  do {
    if (a->flying)
      wait_for_flight(a);
    else if (!is_vain(a))
      fly(a, t, 0);
  } while (a->result == ERR_OK && !a->token.bearer); // refused by somebody before we woke
  if (a->result == ERR_OK)
    return copy(a, ret, e);
  if (e)
    *e = a->why;
  return a->result;
}

static enum err token(struct iam_auth *base, struct transport *t, const struct secret *refused,
                      struct iam_token *ret, struct error *e) {
  struct shared *a = (struct shared *)base;
  pthread_mutex_lock(&a->mutex);
  if (refused && secret_equal(refused, a->token.bearer))
    iam_token_clear(&a->token);
  enum err err = get(a, t, ret, e);
  pthread_mutex_unlock(&a->mutex);
  return err;
}

// What the place holds now is read under the lock, and while nobody else reads it.
static enum err credential(struct iam_auth *base, struct transport *t, const char *iam_id,
                           struct iam_credential *ret, struct error *e) {
  struct shared *a = (struct shared *)base;
  struct iam_credential c = {0};
  struct iam_token token = {0};
  struct error unread;
  if (!a->way->read)
    return error_set(e, ERR_MISSING, "no API key stands behind the management token");
  pthread_mutex_lock(&a->mutex);
  enum err err = get(a, t, &token, e);
  while (a->flying)
    wait_for_flight(a);
  memcpy(c.iam_id, a->by.iam_id, sizeof c.iam_id);
  if (!err && strcmp(c.iam_id, iam_id) == 0) {
    c.gained = secret_dup(a->by.gained);
    c.read = a->way->read(a->ctx, &unread);
    err = c.gained ? ERR_OK : error_no_memory(e);
  }
  pthread_mutex_unlock(&a->mutex);
  iam_token_clear(&token);
  if (err)
    iam_credential_clear(&c);
  else
    *ret = c;
  return err;
}

static void free_shared(struct iam_auth *base) {
  struct shared *a = (struct shared *)base;
  iam_token_clear(&a->token);
  iam_credential_clear(&a->by);
  pthread_mutex_destroy(&a->mutex);
  pthread_cond_destroy(&a->landed);
  a->way->free(a->ctx);
  free(a);
}

struct iam_auth *iam_auth_new(const struct iam_auth_way *way, void *ctx, struct env *env) {
  static const struct iam_auth_ops ops = {
      .token = token, .credential = credential, .free = free_shared};
  struct shared *a = ctx ? calloc(1, sizeof *a) : NULL;
  if (!a) {
    way->free(ctx);
    return NULL;
  }
  a->base.ops = &ops;
  a->way = way;
  a->ctx = ctx;
  a->env = env;
  pthread_mutex_init(&a->mutex, NULL);
  pthread_cond_init(&a->landed, NULL);
  return &a->base;
}
