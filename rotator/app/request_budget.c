#include "rotator/app/request_budget.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "rotator/app/pace.h"
#include "rotator/config/config.h"

#define MINUTE_MS 60000
#define TOLD_FROM_MS 1000 // shorter waits are not worth a line

struct request_budget {
  struct http_pace base; // first
  struct pace pace;
  char host[256];
  int64_t per_minute;
  request_wait_notice *notice; // NULL: nobody
  atomic_flag noticed;
};

unsigned request_budget_jobs(int64_t per_minute, unsigned jobs) {
  int64_t most = per_minute / CONFIG_REQUESTS_LEAST;
  if (per_minute <= 0 || most >= jobs)
    return jobs;
  return most > 1 ? (unsigned)most : 1;
}

static void tell(struct request_budget *b) {
  char text[512];
  if (!b->notice || atomic_flag_test_and_set(&b->noticed))
    return;
  snprintf(text, sizeof text,
           "%s: limits.iam_requests_per_minute (%" PRId64
           ") is used up for now: requests of this run wait for their turn",
           b->host, b->per_minute);
  b->notice(true, text);
}

static enum err take(struct http_pace *base, bool prompt, int64_t most_ms, int64_t *ret_wait_ms,
                     struct error *e) {
  struct request_budget *b = (struct request_budget *)base;
  int64_t wait_ms = 0;
  enum err err = pace_take(&b->pace, prompt, most_ms, &wait_ms, e);
  if (wait_ms >= TOLD_FROM_MS)
    tell(b);
  *ret_wait_ms = wait_ms;
  if (err != ERR_THROTTLED)
    return err;
  error_set(e, err,
            "%s: the requests of this minute are used up (limits.iam_requests_per_minute: %" PRId64
            "), and this one was not sent",
            b->host, b->per_minute);
  if (e)
    e->retry_after_ms = wait_ms;
  return err;
}

struct request_budget *request_budget_new(const char *state_dir, const char *iam_url,
                                          int64_t per_minute, unsigned jobs, struct env *env) {
  char name[300];
  bool https;
  int port = 0;
  struct request_budget *b = calloc(1, sizeof *b);
  if (!b)
    return NULL;
  b->base.take = take;
  b->per_minute = per_minute;
  atomic_flag_clear(&b->noticed);
  if (!http_url_host(iam_url, b->host, sizeof b->host, &https, &port) ||
      snprintf(name, sizeof name, "%s-%d.requests", b->host, port) >= (int)sizeof name ||
      !pace_init(&b->pace, state_dir, name, env)) {
    free(b);
    return NULL;
  }
  b->pace.longest_ms = GATE_WAIT_MS;
  b->pace.at_once = (unsigned)(per_minute / 4);
  b->pace.kept = jobs < b->pace.at_once ? jobs : b->pace.at_once - 1;
  b->pace.apart_ms = MINUTE_MS / (per_minute - b->pace.at_once) + 1;
  return b;
}

void request_budget_tell(struct request_budget *b, request_wait_notice *notice) {
  b->notice = notice;
}

struct http_pace *request_budget_pace(struct request_budget *b) {
  return &b->base;
}

void request_budget_free(struct request_budget *b) {
  free(b);
}
