// The decorator sends, asks whether the result is worth another try, asks how long to wait, waits,
// sends again. What it remembers between the tries is whether an earlier one may have been applied:
// then a later "certainly not sent" of the last try does not make the whole request so.
#include "rotator/http/retry.h"

#include <stdlib.h>
#include <string.h>

struct retry_transport {
  struct transport base;
  struct transport *inner;
  struct retry_policy policy;
  struct env *env;
};

static bool status_is_worth(int status, enum http_replay replay) {
  if (status == 429)
    return true;
  return replay == HTTP_REPLAY_SAFE && (status == 408 || (status >= 500 && status != 501));
}

bool retry_is_worth(enum err err, int status, enum http_replay replay) {
  if (replay == HTTP_REPLAY_ONCE)
    return false;
  switch (err) {
  case ERR_OK:
    return status_is_worth(status, replay);
  case ERR_UNSENT:
    return true;
  case ERR_UNSURE:
    return replay == HTTP_REPLAY_SAFE;
  default:
    return false;
  }
}

int64_t retry_wait_ms(const struct retry_policy *p, unsigned try_no, int64_t retry_after_ms,
                      uint32_t dice) {
  int64_t ceiling = p->base_ms;
  for (unsigned i = 1; i < try_no && ceiling < p->cap_ms; i++)
    ceiling *= 2;
  if (ceiling > p->cap_ms)
    ceiling = p->cap_ms;
  if (retry_after_ms > p->retry_after_cap_ms)
    return -1;
  // 2^32 dice values over ceiling + 1 waits; the ceiling is far below 2^31.
  int64_t wait = (int64_t)(((uint64_t)dice * ((uint64_t)ceiling + 1)) >> 32);
  return wait > retry_after_ms ? wait : retry_after_ms;
}

struct attempt {
  const struct http_request *req;
  int64_t end_ms; // env_mono_ms
  unsigned no;    // from 1
  bool maybe;     // an earlier try may have been applied
};

static enum err send_once(struct retry_transport *r, const struct attempt *a,
                          struct http_response *ret, struct error *e) {
  struct http_request req = *a->req;
  int64_t left = a->end_ms - env_mono_ms(r->env);
  req.deadline_ms = left > 0 ? left : 1;
  http_response_clear(ret);
  enum err err = http_exchange(r->inner, &req, ret, e);
  ret->tries = err == ERR_THROTTLED ? a->no - 1 : a->no; // then nothing was sent
  return err;
}

// Waits before the next try; false when there is to be none: no tries left, no time left, asked to
// wait too long (a prompt request: not long), a stop.
static bool wait_for_next(struct retry_transport *r, const struct attempt *a,
                          const struct http_response *got) {
  uint32_t dice;
  if (a->req->prompt && got->retry_after_ms > HTTP_PROMPT_MS)
    return false;
  if (a->no >= r->policy.tries || env_random(r->env, &dice, sizeof dice))
    return false;
  int64_t wait = retry_wait_ms(&r->policy, a->no, got->retry_after_ms, dice);
  if (wait < 0 || env_mono_ms(r->env) + wait >= a->end_ms)
    return false;
  return env_sleep_ms(r->env, wait) == ERR_OK;
}

static enum err retry_exchange(struct transport *t, const struct http_request *req,
                               struct http_response *ret, struct error *e) {
  struct retry_transport *r = (struct retry_transport *)t;
  int64_t deadline = req->deadline_ms > 0 ? req->deadline_ms : r->policy.deadline_ms;
  struct attempt a = {.req = req, .end_ms = env_mono_ms(r->env) + deadline, .no = 1};
  for (;; a.no++) {
    enum err err = send_once(r, &a, ret, e);
    bool kept_back = err == ERR_THROTTLED; // by a gate, which knows better how long
    if (a.maybe && (err == ERR_UNSENT || err == ERR_CANCELLED || err == ERR_THROTTLED)) {
      err = ERR_UNSURE;
      if (e)
        e->kind = err;
    }
    if (kept_back || !retry_is_worth(err, ret->status, req->replay) || !wait_for_next(r, &a, ret))
      return err;
    a.maybe = a.maybe || err == ERR_UNSURE || (err == ERR_OK && ret->status != 429);
  }
}

static void retry_free(struct transport *t) {
  struct retry_transport *r = (struct retry_transport *)t;
  transport_free(r->inner);
  free(r);
}

static struct retry_policy with_defaults(const struct retry_policy *p) {
  struct retry_policy d = RETRY_DEFAULT;
  if (!p)
    return d;
  return (struct retry_policy){
      .tries = p->tries ? p->tries : d.tries,
      .base_ms = p->base_ms ? p->base_ms : d.base_ms,
      .cap_ms = p->cap_ms ? p->cap_ms : d.cap_ms,
      .retry_after_cap_ms = p->retry_after_cap_ms ? p->retry_after_cap_ms : d.retry_after_cap_ms,
      .deadline_ms = p->deadline_ms ? p->deadline_ms : d.deadline_ms,
  };
}

struct transport *retry_transport_new(struct transport *inner, const struct retry_policy *p,
                                      struct env *env) {
  static const struct transport_ops ops = {retry_exchange, retry_free};
  struct retry_transport *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->base.ops = &ops;
  r->inner = inner;
  r->policy = with_defaults(p);
  r->env = env;
  return &r->base;
}
