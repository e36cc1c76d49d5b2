// The hosts stand in a table of chains: a fleet may have as many instances, each with a host of its
// own, as targets. None is ever taken out, so a request keeps its host while it is under way.
//
// Who waits for the gate to open sleeps until then and tries again, for it may have been closed
// anew. Who waits for a place among those under way is woken by the one that comes back.
//
// Of several that want to go together, the first waits as if it came alone. Those behind it go with
// it only if they may go at once: whoever is let in and waits for another would hold a place that
// the other may wait for. The rest begin anew when these are back.
#include "rotator/http/gate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHAINS 256
#define WIDE (64 * HTTP_TOGETHER_MAX) // as many as all workers can send: no limit
#define STOP_SEEN_MS 250              // a stop cannot signal a condition

struct host {
  struct host *next;
  char name[300]; // "iam.cloud.ibm.com", with ":PORT" where that is not the scheme's
  struct http_pace *pace;
  int64_t closed_until_ms; // env_mono_ms
  unsigned under_way, width, good;
  unsigned narrowed; // how often
};

struct http_gate {
  struct env *env;
  http_gate_notice *notice;
  void *notice_ctx;
  int64_t patience_ms;
  pthread_mutex_t lock;
  pthread_cond_t back; // one came back, of whatever host
  struct host *chains[CHAINS];
};

// --- hosts ---------------------------------------------------------------------------------------

static bool name_of(const char *url, char *dst, size_t cap) {
  char name[256];
  bool https = true;
  int port = 0;
  if (!http_url_host(url, name, sizeof name, &https, &port))
    return false;
  if (port == (https ? 443 : 80))
    return snprintf(dst, cap, "%s", name) < (int)cap;
  return snprintf(dst, cap, "%s:%d", name, port) < (int)cap;
}

static size_t chain_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name; name++)
    hash = (hash ^ (unsigned char)*name) * 16777619u;
  return hash % CHAINS;
}

// With the lock. NULL: not a URL (the transport says so), or no memory.
static struct host *host_of(struct http_gate *g, const char *url) {
  char name[sizeof((struct host *)0)->name];
  if (!name_of(url, name, sizeof name))
    return NULL;
  struct host **chain = &g->chains[chain_of(name)];
  for (struct host *h = *chain; h; h = h->next)
    if (strcmp(h->name, name) == 0)
      return h;
  struct host *h = calloc(1, sizeof *h);
  if (!h)
    return NULL;
  memcpy(h->name, name, sizeof name);
  h->width = WIDE;
  h->closed_until_ms = INT64_MIN;
  h->next = *chain;
  *chain = h;
  return h;
}

struct http_gate *http_gate_new(struct env *env) {
  pthread_condattr_t attr;
  struct http_gate *g = calloc(1, sizeof *g);
  if (!g)
    return NULL;
  g->env = env;
  g->patience_ms = GATE_WAIT_MS;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&g->back, &attr);
  pthread_condattr_destroy(&attr);
  pthread_mutex_init(&g->lock, NULL);
  return g;
}

void http_gate_free(struct http_gate *g) {
  if (!g)
    return;
  for (size_t i = 0; i < CHAINS; i++)
    for (struct host *h = g->chains[i], *next; h; h = next) {
      next = h->next;
      free(h);
    }
  pthread_cond_destroy(&g->back);
  pthread_mutex_destroy(&g->lock);
  free(g);
}

void http_gate_patience(struct http_gate *g, int64_t ms) {
  g->patience_ms = ms < GATE_WAIT_MS ? ms : GATE_WAIT_MS;
}

void http_gate_watch(struct http_gate *g, http_gate_notice *notice, void *ctx) {
  g->notice = notice;
  g->notice_ctx = ctx;
}

bool http_gate_pace(struct http_gate *g, const char *url, struct http_pace *pace) {
  pthread_mutex_lock(&g->lock);
  struct host *h = host_of(g, url);
  if (h)
    h->pace = pace;
  pthread_mutex_unlock(&g->lock);
  return h != NULL;
}

// --- on the way in -------------------------------------------------------------------------------

struct visit {
  struct http_gate *g;
  struct http_call *call; // the caller's
  struct host *host;      // NULL: not a URL, which the transport says
  bool prompt;
  int64_t began_ms;
  int64_t end_ms;    // it has to be on its way by then
  bool paced;        // its place in the host's pace is taken,
  int64_t place_ms;  // which is this time
  unsigned narrowed; // the host's, when it was let in
};

static enum err sleep_for(struct visit *v, int64_t ms, struct error *e) {
  if (ms <= 0 || env_sleep_ms(v->g->env, ms) == ERR_OK)
    return ERR_OK;
  return error_set(e, ERR_CANCELLED, "%s: stopped while waiting for it", v->host->name);
}

static enum err take_place(struct visit *v, struct error *e) {
  int64_t wait_ms = 0, now_ms = env_mono_ms(v->g->env);
  enum err err = ERR_OK;
  if (v->host->pace && !v->paced)
    err = v->host->pace->take(v->host->pace, v->prompt, v->end_ms - now_ms, &wait_ms, e);
  if (!v->paced)
    v->place_ms = now_ms + wait_ms;
  v->paced = err == ERR_OK;
  return err;
}

static enum err wait_for_pace(struct visit *v, struct error *e) {
  enum err err = take_place(v, e);
  return err ? err : sleep_for(v, v->place_ms - env_mono_ms(v->g->env), e);
}

static enum err is_closed(struct visit *v, int64_t left_ms, struct error *e) {
  error_set(e, ERR_THROTTLED, "%s asked to be left alone for %lld s more, and was not asked again",
            v->host->name, (long long)((left_ms + 999) / 1000));
  if (e)
    e->retry_after_ms = left_ms;
  return ERR_THROTTLED;
}

static enum err is_full(struct visit *v, struct error *e) {
  error_set(e, ERR_THROTTLED,
            "%s: %u requests are under way, and since it answered 429 no more go at once; this one"
            " was not sent",
            v->host->name, v->host->under_way);
  if (e)
    e->retry_after_ms = 1000;
  return ERR_THROTTLED;
}

// With the lock.
static void wait_for_room(struct http_gate *g) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += STOP_SEEN_MS * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  pthread_cond_timedwait(&g->back, &g->lock, &until);
}

// With the lock: until there is room, or a reason to try the gate again.
static bool has_room(struct visit *v) {
  struct host *h = v->host;
  while (!v->prompt && h->under_way >= h->width) {
    int64_t now_ms = env_mono_ms(v->g->env);
    if (h->closed_until_ms > now_ms || env_stopping(v->g->env) || now_ms >= v->end_ms)
      return false;
    wait_for_room(v->g);
  }
  return true;
}

// With the lock.
static void let_in(struct visit *v) {
  v->host->under_way++;
  v->narrowed = v->host->narrowed;
}

// One try. True: *ret says how it ended; ERR_OK: the request counts as under way.
static bool try_gate(struct visit *v, int64_t *ret_wait_ms, enum err *ret, struct error *e) {
  struct http_gate *g = v->g;
  bool over = true;
  *ret = ERR_OK;
  *ret_wait_ms = 0;
  pthread_mutex_lock(&g->lock);
  bool room = has_room(v);
  int64_t now_ms = env_mono_ms(g->env);
  bool open = v->host->closed_until_ms <= now_ms; // it may never have been closed: INT64_MIN
  int64_t left_ms = open ? 0 : v->host->closed_until_ms - now_ms;
  if (open && room) {
    let_in(v);
  } else if (env_stopping(g->env)) {
    *ret = error_set(e, ERR_CANCELLED, "%s: stopped while waiting for it", v->host->name);
  } else if (open) {
    *ret = is_full(v, e); // no room in all that time: it is slow to answer as well
  } else if (now_ms + left_ms > v->end_ms) {
    *ret = is_closed(v, left_ms, e);
  } else {
    *ret_wait_ms = left_ms;
    over = false;
  }
  pthread_mutex_unlock(&g->lock);
  return over;
}

static enum err enter(struct visit *v, struct error *e) {
  int64_t wait_ms;
  enum err err = wait_for_pace(v, e);
  while (err == ERR_OK && !try_gate(v, &wait_ms, &err, e))
    err = sleep_for(v, wait_ms, e);
  return err;
}

// Without any wait. False: not now.
static bool enter_at_once(struct visit *v, enum err *ret, struct error *e) {
  struct http_gate *g = v->g;
  if ((*ret = take_place(v, e)))
    return true;
  int64_t now_ms = env_mono_ms(g->env);
  if (v->place_ms > now_ms || env_stopping(g->env))
    return false;
  pthread_mutex_lock(&g->lock);
  const struct host *h = v->host;
  bool in = h->closed_until_ms <= now_ms && (v->prompt || h->under_way < h->width);
  if (in)
    let_in(v);
  pthread_mutex_unlock(&g->lock);
  return in;
}

// --- on the way out ------------------------------------------------------------------------------

// With the lock. Those that were under way together are one burst, and halve the width once.
static void narrow(struct host *h, const struct visit *v) {
  unsigned had = h->width < WIDE ? h->width : h->under_way + 1;
  h->good = 0;
  if (v->narrowed != h->narrowed)
    return;
  h->narrowed++;
  h->width = had > 1 ? had / 2 : 1;
}

static void widen(struct host *h) {
  if (h->width < WIDE && ++h->good >= GATE_GROWS) {
    h->good = 0;
    h->width++;
  }
}

static void leave(struct visit *v, enum err err, const struct http_response *r) {
  struct http_gate *g = v->g;
  struct host *h = v->host;
  int64_t now_ms = env_mono_ms(g->env), close_ms = 0;
  bool asked = err == ERR_OK && (r->status == 429 || r->status == 503) && r->retry_after_ms > 0;
  pthread_mutex_lock(&g->lock);
  h->under_way--;
  if (err == ERR_OK && r->status == 429)
    narrow(h, v);
  else if (err == ERR_OK && r->status < 500)
    widen(h);
  if (asked)
    close_ms = r->retry_after_ms < GATE_CLOSED_MS ? r->retry_after_ms : GATE_CLOSED_MS;
  if (asked && now_ms + close_ms > h->closed_until_ms)
    h->closed_until_ms = now_ms + close_ms;
  pthread_cond_broadcast(&g->back);
  pthread_mutex_unlock(&g->lock);
  if (asked && g->notice)
    g->notice(g->notice_ctx, h->name, r->status, close_ms);
}

// --- the transport -------------------------------------------------------------------------------

struct gated {
  struct transport base;
  struct transport *inner;
  struct http_gate *gate;
};

// Its time to wait begins with its visit, its deadline with the call.
static void begin_visit(struct visit *v) {
  const struct http_request *req = v->call->req;
  int64_t now_ms = env_mono_ms(v->g->env), most_ms = v->g->patience_ms;
  if (v->prompt && most_ms > HTTP_PROMPT_MS)
    most_ms = HTTP_PROMPT_MS;
  v->end_ms = now_ms + most_ms;
  if (req->deadline_ms > 0 && v->began_ms + req->deadline_ms < v->end_ms)
    v->end_ms = v->began_ms + req->deadline_ms;
}

static struct http_request with_time_left(const struct visit *v) {
  struct http_request later = *v->call->req;
  int64_t waited_ms = env_mono_ms(v->g->env) - v->began_ms;
  if (later.deadline_ms > 0)
    later.deadline_ms = later.deadline_ms > waited_ms ? later.deadline_ms - waited_ms : 1;
  return later;
}

static void end(struct visit *v, enum err err) {
  v->call->err = err;
  if (v->call->ended)
    v->call->ended(v->call);
}

static void is_back(struct http_call *c) {
  struct visit *v = c->ctx;
  if (v->host)
    leave(v, c->err, c->ret);
  end(v, c->err);
}

// Sends the first, and with it those behind it that may go at once. Returns how many have ended.
static size_t send_some(struct transport *inner, struct visit *v, size_t n) {
  struct http_call in[HTTP_TOGETHER_MAX];
  struct http_request later[HTTP_TOGETHER_MAX];
  size_t i, k = 0;
  for (i = 0; i < n; i++) {
    struct error *e = v[i].call->e;
    enum err err = ERR_OK;
    begin_visit(&v[i]);
    if (v[i].host && k == 0)
      err = enter(&v[i], e);
    else if (v[i].host && !enter_at_once(&v[i], &err, e))
      break;
    if (err) {
      end(&v[i], err);
      continue;
    }
    later[k] = with_time_left(&v[i]);
    in[k] = (struct http_call){.req = &later[k], .ret = v[i].call->ret, .e = e};
    in[k].ended = is_back, in[k++].ctx = &v[i];
  }
  http_together(inner, in, k);
  return i;
}

static void gated_together(struct transport *t, struct http_call *calls, size_t n) {
  struct gated *x = (struct gated *)t;
  struct visit visits[HTTP_TOGETHER_MAX];
  int64_t now_ms = env_mono_ms(x->gate->env);
  pthread_mutex_lock(&x->gate->lock);
  for (size_t i = 0; i < n; i++) {
    visits[i] = (struct visit){.g = x->gate, .call = &calls[i], .began_ms = now_ms};
    visits[i].host = host_of(x->gate, calls[i].req->url);
    visits[i].prompt = calls[i].req->prompt;
  }
  pthread_mutex_unlock(&x->gate->lock);
  for (size_t i = 0; i < n;)
    i += send_some(x->inner, visits + i, n - i);
}

static void gated_free(struct transport *t) {
  struct gated *x = (struct gated *)t;
  transport_free(x->inner);
  free(x);
}

struct transport *http_gate_transport_new(struct transport *inner, struct http_gate *g) {
  static const struct transport_ops ops = {.together = gated_together, .free = gated_free};
  struct gated *x = inner ? calloc(1, sizeof *x) : NULL;
  if (!x) {
    transport_free(inner);
    return NULL;
  }
  x->base.ops = &ops;
  x->inner = inner;
  x->gate = g;
  return &x->base;
}
