#include "rotator/app/compose_worker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/counted_transport.h"
#include "rotator/app/credential.h"
#include "rotator/app/iam_tokens.h"
#include "rotator/app/report/progress.h"
#include "rotator/app/report/waiting.h"
#include "rotator/base/log.h"
#include "rotator/base/text_time.h"
#include "rotator/http/pool.h"

// One IAM of the configuration: its authenticator is shared, so that all workers use one token.
struct realm {
  const char *iam_url;
  struct iam_auth *auth;
  struct store_tokens *tokens;   // of the same, for stores
  struct request_budget *budget; // NULL: none
};

struct worker {
  struct iam **iams; // one a realm, NULL until used
};

struct workers {
  const struct config *config;
  struct env *env;
  struct transport *pool; // of all workers
  struct http_gate *gate; // … its gate
  struct realm *realms;
  size_t n_realms;
  struct worker *list;
  unsigned n;
  request_wait_notice *notice;
  atomic_bool noticed_pause; // that a service wants a pause
};

static struct realm *find_realm(struct workers *w, const char *iam_url) {
  for (size_t i = 0; i < w->n_realms; i++)
    if (strcmp(w->realms[i].iam_url, iam_url) == 0)
      return &w->realms[i];
  return NULL;
}

static bool make_budget(struct workers *w, struct realm *r) {
  const struct config *c = w->config;
  if (c->limits.iam_requests_per_minute <= 0)
    return true;
  r->budget =
      request_budget_new(c->state_dir, r->iam_url, c->limits.iam_requests_per_minute, w->n, w->env);
  return r->budget && http_gate_pace(w->gate, r->iam_url, request_budget_pace(r->budget));
}

// The realms are made before any thread starts; afterwards the list is only read.
static bool make_realms(struct workers *w) {
  const struct config *c = w->config;
  w->realms = calloc(c->n_targets + 1, sizeof *w->realms);
  if (!w->realms)
    return false;
  for (size_t i = 0; i < c->n_targets; i++) {
    const char *url = c->targets[i].iam_url;
    if (!url || find_realm(w, url))
      continue;
    struct realm *r = &w->realms[w->n_realms++];
    r->iam_url = url;
    r->auth = credential_auth_new(c, &c->management, url, w->env);
    r->tokens = r->auth ? iam_tokens_new(url, w->pool, r->auth, w->env) : NULL;
    if (!r->tokens || !make_budget(w, r))
      return false;
  }
  return true;
}

// Said once, whatever it asks of how many requests; more is for who looks closely.
static void tell_closed(void *ctx, const char *host, int status, int64_t ms) {
  struct workers *w = ctx;
  char lasts[32], text[512];
  text_format_duration(lasts, sizeof lasts, (ms + 999) / 1000);
  snprintf(text, sizeof text,
           "%s asked for a pause of %s (HTTP %d): all requests of this run to it wait", host, lasts,
           status);
  w->notice(!atomic_exchange(&w->noticed_pause, true), text);
}

void workers_waits(struct workers *w, int64_t most_ms, request_wait_notice *notice) {
  w->notice = notice;
  http_gate_patience(w->gate, most_ms);
  http_gate_watch(w->gate, tell_closed, w);
  for (size_t i = 0; i < w->n_realms; i++)
    if (w->realms[i].budget)
      request_budget_tell(w->realms[i].budget, notice);
}

struct workers *workers_new(const struct config *config, struct env *env, unsigned jobs) {
  struct workers *w = calloc(1, sizeof *w);
  if (!w)
    return NULL;
  *w = (struct workers){.config = config, .env = env, .n = jobs};
  w->list = calloc(jobs, sizeof *w->list);
  struct transport *pool =
      http_pool_new(&(struct curl_options){.ca_file = config->ca_file,
                                           .allow_plain_loopback = config->allow_plain_loopback},
                    NULL, env);
  w->gate = pool ? http_pool_gate(pool) : NULL;
  w->pool = counted_transport_new(pool);
  if (w->list && w->pool && make_realms(w))
    return w;
  workers_free(w);
  return NULL;
}

void workers_free(struct workers *w) {
  if (!w)
    return;
  for (unsigned i = 0; w->list && i < w->n; i++) {
    for (size_t k = 0; w->list[i].iams && k < w->n_realms; k++)
      iam_free(w->list[i].iams[k]);
    free(w->list[i].iams);
  }
  transport_free(w->pool);
  for (size_t i = 0; i < w->n_realms; i++) {
    iam_tokens_free(w->realms[i].tokens);
    iam_auth_free(w->realms[i].auth);
    request_budget_free(w->realms[i].budget);
  }
  free(w->realms);
  free(w->list);
  free(w);
}

struct transport *workers_transport(const struct workers *w) {
  return w->pool;
}

const struct store_tokens *workers_tokens(struct workers *w, const char *iam_url) {
  const struct realm *realm = iam_url ? find_realm(w, iam_url) : NULL;
  return realm ? realm->tokens : NULL;
}

struct iam *workers_iam(struct workers *w, unsigned at, const char *iam_url, struct error *e) {
  struct worker *me = &w->list[at];
  struct realm *realm = find_realm(w, iam_url);
  if (!me->iams)
    me->iams = calloc(w->n_realms + 1, sizeof *me->iams);
  if (!realm)
    error_set(e, ERR_INTERNAL, "no IAM client for %s", iam_url);
  else if (!me->iams)
    error_no_memory(e);
  if (!realm || !me->iams)
    return NULL;
  struct iam **mine = &me->iams[realm - w->realms];
  if (!*mine)
    *mine = iam_http_new(iam_url, w->pool, realm->auth, w->env);
  if (!*mine)
    error_no_memory(e);
  return *mine;
}
