#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

#define JOURNAL_REQUESTS 65536
#define JOURNAL_EVENTS 16384

struct request_entry {
  unsigned long seq, connection;
  int64_t time_ms;
  int status;
  const char *outcome;
  char method[8], *path, who[128], key_id[64], transaction[64], agent[64], host[128];
  bool tls;
};

struct event_entry {
  unsigned long seq;
  int64_t time_ms;
  const char *action;
  char target[64], who[128];
  bool success;
};

struct journal {
  struct request_entry *requests;
  struct event_entry *events;
  unsigned long request_seq, event_seq; // the last one given; the first is 1
};

struct journal *journal_new(void) {
  struct journal *j = util_alloc(sizeof *j);
  j->requests = util_alloc(JOURNAL_REQUESTS * sizeof *j->requests);
  j->events = util_alloc(JOURNAL_EVENTS * sizeof *j->events);
  return j;
}

// How many places of a ring of that size may hold something, when the last number given is seq.
static size_t used(unsigned long seq, size_t size) {
  return seq < size ? seq + 1 : size;
}

// Leaves alone what was never used: the rings are 40 MB, and a test's emulator has seen some
// hundred requests when it ends.
void journal_clear(struct journal *j) {
  size_t requests = used(j->request_seq, JOURNAL_REQUESTS);
  for (size_t i = 0; i < requests; i++)
    free(j->requests[i].path);
  memset(j->requests, 0, requests * sizeof *j->requests);
  memset(j->events, 0, used(j->event_seq, JOURNAL_EVENTS) * sizeof *j->events);
  j->request_seq = j->event_seq = 0;
}

void journal_free(struct journal *j) {
  if (!j)
    return;
  journal_clear(j);
  free(j->requests);
  free(j->events);
  free(j);
}

// Somebody's bug could put a key into a URL; the journal must not keep it.
static char *safe_path(const struct req *r) {
  struct sbuf b = {0};
  for (size_t i = 0; i < r->segment_count; i++) {
    bool secret = model_key_by_value(r->emu->model, r->segments[i]) != NULL;
    sbuf_addf(&b, "/%s", secret ? "[masked]" : r->segments[i]);
  }
  for (size_t i = 0; i < r->query.count; i++) {
    const struct pair *q = &r->query.items[i];
    bool secret = model_key_by_value(r->emu->model, q->value) != NULL;
    sbuf_addf(&b, "%c%s=%s", i ? '&' : '?', q->name, secret ? "[masked]" : q->value);
  }
  return b.data ? b.data : util_dup("/");
}

void journal_request(struct req *r, const char *outcome) {
  struct journal *j = r->emu->journal;
  struct request_entry *e = &j->requests[++j->request_seq % JOURNAL_REQUESTS];
  const char *agent = req_header(r, "User-Agent");
  char *path = safe_path(r);
  free(e->path);
  *e = (struct request_entry){.seq = j->request_seq,
                              .connection = r->connection,
                              .time_ms = emu_now_ms(r->emu),
                              .status = r->answer.status,
                              .outcome = outcome,
                              .path = path,
                              .tls = r->tls};
  snprintf(e->method, sizeof e->method, "%s", r->method);
  snprintf(e->who, sizeof e->who, "%s", r->who);
  snprintf(e->key_id, sizeof e->key_id, "%s", r->key_id);
  snprintf(e->transaction, sizeof e->transaction, "%.63s", r->transaction);
  snprintf(e->agent, sizeof e->agent, "%.63s", agent ? agent : "");
  snprintf(e->host, sizeof e->host, "%.127s", r->host ? r->host : "");
  if (r->emu->verbose)
    fprintf(stderr, "%lu %s %s %d %s %s\n", e->seq, e->method, e->path, e->status, outcome, e->who);
}

void journal_event(struct req *r, const char *action, const char *target, bool success) {
  struct journal *j = r->emu->journal;
  struct event_entry *e = &j->events[++j->event_seq % JOURNAL_EVENTS];
  *e = (struct event_entry){
      .seq = j->event_seq, .time_ms = emu_now_ms(r->emu), .action = action, .success = success};
  snprintf(e->target, sizeof e->target, "%s", target);
  snprintf(e->who, sizeof e->who, "%s", r->who);
}

static unsigned long first_kept(unsigned long last, unsigned long ring, unsigned long since) {
  unsigned long first = last > ring ? last - ring + 1 : 1;
  return since + 1 > first ? since + 1 : first;
}

cJSON *journal_requests(const struct journal *j, unsigned long since) {
  cJSON *out = cJSON_CreateArray();
  unsigned long seq = first_kept(j->request_seq, JOURNAL_REQUESTS, since);
  for (; seq <= j->request_seq; seq++) {
    const struct request_entry *e = &j->requests[seq % JOURNAL_REQUESTS];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "seq", (double)e->seq);
    cJSON_AddNumberToObject(item, "time_ms", (double)e->time_ms);
    cJSON_AddStringToObject(item, "method", e->method);
    cJSON_AddStringToObject(item, "path", e->path);
    cJSON_AddStringToObject(item, "host", e->host);
    cJSON_AddNumberToObject(item, "status", e->status);
    cJSON_AddStringToObject(item, "outcome", e->outcome);
    cJSON_AddNumberToObject(item, "connection", (double)e->connection);
    cJSON_AddBoolToObject(item, "tls", e->tls);
    cJSON_AddStringToObject(item, "identity", e->who);
    cJSON_AddStringToObject(item, "key_id", e->key_id);
    cJSON_AddStringToObject(item, "transaction_id", e->transaction);
    cJSON_AddStringToObject(item, "user_agent", e->agent);
    cJSON_AddItemToArray(out, item);
  }
  return out;
}

cJSON *journal_events(const struct journal *j, unsigned long since) {
  cJSON *out = cJSON_CreateArray();
  unsigned long seq = first_kept(j->event_seq, JOURNAL_EVENTS, since);
  for (; seq <= j->event_seq; seq++) {
    const struct event_entry *e = &j->events[seq % JOURNAL_EVENTS];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "seq", (double)e->seq);
    cJSON_AddNumberToObject(item, "time_ms", (double)e->time_ms);
    cJSON_AddStringToObject(item, "action", e->action);
    cJSON_AddStringToObject(item, "outcome", e->success ? "success" : "failure");
    cJSON_AddStringToObject(item, "target", e->target);
    cJSON_AddStringToObject(item, "initiator", e->who);
    cJSON_AddItemToArray(out, item);
  }
  return out;
}

unsigned long journal_request_count(const struct journal *j) {
  return j->request_seq;
}
