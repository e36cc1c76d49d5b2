// The decorator sends, asks whether the result is worth another try, asks how long to wait, waits,
// sends again. What it remembers between the tries is whether an earlier one may have been applied:
// then a later "certainly not sent" of the last try does not make the whole request so. Of several
// that go together, those that are worth it are sent again together.
#include "rotator/http/retry.h"

#include <stdlib.h>
#include <string.h>

struct retry_transport {
  struct transport base;
  struct transport *inner;
  struct retry_limits limits;
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

int64_t retry_wait_ms(const struct retry_limits *p, unsigned try_no, int64_t retry_after_ms,
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
  struct http_call *call;  // the caller's
  struct http_request req; // as it is sent, with the time that is left
  int64_t end_ms;          // env_mono_ms
  int64_t wait_ms;         // before the next try
  unsigned no;             // from 1
  bool maybe;              // an earlier try may have been applied
  bool over;
};

static void prepare(struct retry_transport *r, struct attempt *a) {
  int64_t left = a->end_ms - env_mono_ms(r->env);
  a->no++;
  a->req = *a->call->req;
  a->req.deadline_ms = left > 0 ? left : 1;
  http_response_clear(a->call->ret);
}

// Waits before the next try, in a->wait_ms; false when there is to be none: no tries left, no time
// left, asked to wait too long (a prompt request: not long).
static bool has_next(struct retry_transport *r, struct attempt *a) {
  const struct http_response *got = a->call->ret;
  uint32_t dice;
  if (a->req.prompt && got->retry_after_ms > HTTP_PROMPT_MS)
    return false;
  if (a->no >= r->limits.tries || env_random(r->env, &dice, sizeof dice))
    return false;
  a->wait_ms = retry_wait_ms(&r->limits, a->no, got->retry_after_ms, dice);
  return a->wait_ms >= 0;
}

// How a try ended.
static void judge(struct retry_transport *r, struct attempt *a, enum err err) {
  struct http_call *c = a->call;
  bool kept_back = err == ERR_THROTTLED;         // by a gate, which knows better how long
  c->ret->tries = kept_back ? a->no - 1 : a->no; // then nothing was sent
  if (a->maybe && (err == ERR_UNSENT || err == ERR_CANCELLED || err == ERR_THROTTLED)) {
    err = ERR_UNSURE;
    if (c->e)
      c->e->kind = err;
  }
  c->err = err;
  a->over = kept_back || !retry_is_worth(err, c->ret->status, c->req->replay) || !has_next(r, a);
  a->maybe = a->maybe || err == ERR_UNSURE || (err == ERR_OK && c->ret->status != 429);
}

static void send_those(struct retry_transport *r, struct attempt *all, size_t n) {
  struct http_call calls[HTTP_TOGETHER_MAX];
  struct attempt *of[HTTP_TOGETHER_MAX];
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    struct attempt *a = &all[i];
    if (a->over)
      continue;
    prepare(r, a);
    calls[k] = (struct http_call){.req = &a->req, .ret = a->call->ret, .e = a->call->e};
    of[k++] = a;
  }
  http_together(r->inner, calls, k);
  for (size_t i = 0; i < k; i++)
    judge(r, of[i], calls[i].err);
}

// Those that are sent again go together once more, and wait for the longest wait among them. False:
// there are none, or a stop came.
static bool wait_for_next(struct retry_transport *r, struct attempt *all, size_t n) {
  int64_t now_ms = env_mono_ms(r->env), wait_ms = -1;
  bool left = false;
  for (size_t i = 0; i < n; i++)
    if (!all[i].over && all[i].wait_ms > wait_ms)
      wait_ms = all[i].wait_ms;
  for (size_t i = 0; i < n; i++) {
    all[i].over = all[i].over || now_ms + wait_ms >= all[i].end_ms;
    left = left || !all[i].over;
  }
  return left && env_sleep_ms(r->env, wait_ms) == ERR_OK;
}

static void retry_together(struct transport *t, struct http_call *calls, size_t n) {
  struct retry_transport *r = (struct retry_transport *)t;
  struct attempt all[HTTP_TOGETHER_MAX];
  for (size_t i = 0; i < n; i++) {
    int64_t ms = calls[i].req->deadline_ms;
    ms = ms > 0 ? ms : r->limits.deadline_ms;
    all[i] = (struct attempt){.call = &calls[i], .end_ms = env_mono_ms(r->env) + ms};
  }
  do {
    send_those(r, all, n);
  } while (wait_for_next(r, all, n));
  for (size_t i = 0; i < n; i++)
    if (calls[i].ended)
      calls[i].ended(&calls[i]);
}

static void retry_free(struct transport *t) {
  struct retry_transport *r = (struct retry_transport *)t;
  transport_free(r->inner);
  free(r);
}

static struct retry_limits with_defaults(const struct retry_limits *p) {
  struct retry_limits d = RETRY_DEFAULT;
  if (!p)
    return d;
  return (struct retry_limits){
      .tries = p->tries ? p->tries : d.tries,
      .base_ms = p->base_ms ? p->base_ms : d.base_ms,
      .cap_ms = p->cap_ms ? p->cap_ms : d.cap_ms,
      .retry_after_cap_ms = p->retry_after_cap_ms ? p->retry_after_cap_ms : d.retry_after_cap_ms,
      .deadline_ms = p->deadline_ms ? p->deadline_ms : d.deadline_ms,
  };
}

struct transport *retry_transport_new(struct transport *inner, const struct retry_limits *p,
                                      struct env *env) {
  static const struct transport_ops ops = {.together = retry_together, .free = retry_free};
  struct retry_transport *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->base.ops = &ops;
  r->inner = inner;
  r->limits = with_defaults(p);
  r->env = env;
  return &r->base;
}
