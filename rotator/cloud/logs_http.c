#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/logs_effect.h"
#include "rotator/cloud/logs_record.h"

#define PATH "/logs/v1/singles"
#define TELL_MS 5000
#define SHOWN 160 // bytes of an answer that are told

struct logs_http {
  struct logs base;
  char *url;
  char **complaints; // NULL: the usual ones
  struct transport *transport;
};

// Each verdict as a kind of error, for those who only pass it on.
static const enum err kinds[] = {
    [LOGS_ACCEPTED] = ERR_OK,      [LOGS_COMPLAINED] = ERR_REFUSED,
    [LOGS_REFUSED] = ERR_DENIED,   [LOGS_NO_INSTANCE] = ERR_MISSING,
    [LOGS_REJECTED] = ERR_INVALID, [LOGS_THROTTLED] = ERR_THROTTLED,
    [LOGS_OUTAGE] = ERR_UNSURE,    [LOGS_STOPPED] = ERR_CANCELLED,
};
_Static_assert(sizeof kinds / sizeof kinds[0] == LOGS_STOPPED + 1, "a kind for each verdict");

// The shape of ingestion's answers is not published, so the first bytes are shown as they are, made
// printable.
static void tell(const char *what, enum logs_verdict v, const struct http_response *r,
                 const struct logs_match *m, struct error *e) {
  struct iam_fault f;
  char shown[SHOWN + 1];
  iam_fault_decode(secret_bytes(r->body), secret_len(r->body), &f);
  text_printable(shown, sizeof shown, secret_bytes(r->body), secret_len(r->body));
  if (v == LOGS_COMPLAINED)
    error_set(e, kinds[v],
              "%s: HTTP %d (%s): %s has the word '%s'; if that is no complaint, set the words"
              " that are (complaints)",
              what, r->status, logs_verdict_name(v), m->quote, m->word);
  else
    error_set(e, kinds[v], "%s: HTTP %d (%s)%s%s", what, r->status, logs_verdict_name(v),
              shown[0] ? ": " : "", shown);
  if (!e)
    return;
  e->status = r->status;
  e->retry_after_ms = r->retry_after_ms;
  text_copy(e->code, sizeof e->code, iam_fault_code(&f));
  const char *trace = r->transaction[0] ? r->transaction : f.trace;
  text_printable(e->trace, sizeof e->trace, trace, strlen(trace));
}

static enum logs_verdict without_answer(enum err err, const char *what, struct error *e) {
  iam_report_no_answer(err, what, "", e);
  return err == ERR_CANCELLED ? LOGS_STOPPED : LOGS_OUTAGE;
}

// One request while it is under way.
struct posting {
  const char *what;    // it is, for errors
  struct secret *body; // NULL: without memory
  struct http_header header;
  struct http_request request;
  struct http_response response;
};

// p has what it is, and the body. A test log that is there twice does no harm: both bear the nonce.
static struct http_call post(const struct logs_http *l, const struct secret *bearer,
                             struct posting *p, struct error *e) {
  p->header = (struct http_header){.name = "Authorization", .secret = bearer, .prefix = "Bearer "};
  p->request = (struct http_request){.method = "POST",
                                     .url = l->url,
                                     .headers = &p->header,
                                     .n_headers = 1,
                                     .body = p->body,
                                     .content_type = "application/json",
                                     .replay = HTTP_REPLAY_SAFE};
  p->response = (struct http_response){0};
  return (struct http_call){.req = &p->request, .ret = &p->response, .e = e};
}

static enum logs_verdict judge(const struct logs_http *l, enum err err, const struct posting *p,
                               struct error *e) {
  const struct http_response *r = &p->response;
  struct logs_match match = {.word = ""};
  if (err)
    return without_answer(err, p->what, e);
  enum logs_verdict v = logs_classify(r->status, secret_bytes(r->body), secret_len(r->body),
                                      (const char *const *)l->complaints, &match);
  if (v != LOGS_ACCEPTED)
    tell(p->what, v, r, &match, e);
  return v;
}

// What came of it; ends the request.
static enum logs_verdict take(const struct logs_http *l, const struct http_call *call,
                              const struct secret *bearer, struct posting *p) {
  enum logs_verdict v = judge(l, call->err, p, call->e);
  if (v != LOGS_ACCEPTED)
    iam_report_hide(call->e, bearer);
  http_response_clear(&p->response);
  p->body = secret_free(p->body);
  return v;
}

static void send_some(struct logs *base, struct logs_sending *s, size_t n, bool fresh) {
  struct logs_http *l = (struct logs_http *)base;
  struct posting all[LOGS_TOGETHER_MAX];
  struct http_call calls[LOGS_TOGETHER_MAX];
  size_t of[LOGS_TOGETHER_MAX], k = 0;
  for (size_t i = 0; i < n; i++) {
    all[k] = (struct posting){.what = "send a test log", .body = logs_record_encode(s[i].record)};
    s[i].verdict = LOGS_OUTAGE;
    if (!all[k].body) {
      error_no_memory(&s[i].error);
      continue;
    }
    calls[k] = post(l, s[i].bearer, &all[k], &s[i].error);
    all[k].request.fresh_connection = fresh;
    of[k++] = i;
  }
  http_together(l->transport, calls, k);
  for (size_t i = 0; i < k; i++)
    s[of[i]].verdict = take(l, &calls[i], s[of[i]].bearer, &all[i]);
}

static void send_each(struct logs *base, struct logs_sending *s, size_t n) {
  send_some(base, s, n, false);
}

static enum logs_verdict send_record(struct logs *base, const struct secret *bearer,
                                     const struct logs_record *record, bool fresh,
                                     struct error *e) {
  struct logs_sending one = {.bearer = bearer, .record = record};
  send_some(base, &one, 1, fresh);
  if (one.verdict != LOGS_ACCEPTED && e)
    *e = one.error;
  return one.verdict;
}

enum logs_verdict logs_http_tell(struct logs *base, const struct secret *bearer,
                                 const struct logs_record *of, const struct logs_effect *effects,
                                 size_t n, struct error *e) {
  struct logs_http *l = (struct logs_http *)base;
  struct posting p = {.what = "send the audit", .body = logs_effects_encode(of, effects, n)};
  if (!p.body) {
    error_no_memory(e);
    return LOGS_OUTAGE;
  }
  struct http_call call = post(l, bearer, &p, e);
  p.request.replay = HTTP_REPLAY_NEVER;
  p.request.prompt = true;
  p.request.timeout_ms = p.request.deadline_ms = TELL_MS;
  http_together(l->transport, &call, 1);
  return take(l, &call, bearer, &p);
}

static void free_words(char **words) {
  for (char **w = words; w && *w; w++)
    free(*w);
  free(words);
}

static void free_logs(struct logs *base) {
  struct logs_http *l = (struct logs_http *)base;
  free(l->url);
  free_words(l->complaints);
  free(l);
}

static bool copy_words(const char *const *words, char ***ret) {
  size_t n = 0;
  while (words && words[n])
    n++;
  if (!words)
    return true;
  char **copy = calloc(n + 1, sizeof *copy);
  for (size_t i = 0; copy && i < n; i++) {
    copy[i] = strdup(words[i]);
    if (!copy[i]) {
      free_words(copy);
      return false;
    }
  }
  *ret = copy;
  return copy != NULL;
}

static char *singles_url(const char *base_url) {
  size_t len = strlen(base_url);
  while (len > 0 && base_url[len - 1] == '/')
    len--;
  struct text_buf url = TEXT_BUF(4096);
  text_buf_add_bytes(&url, base_url, len);
  if (!text_ends(text_buf_str(&url), PATH))
    text_buf_add(&url, PATH);
  if (url.failed)
    text_buf_free(&url);
  return url.bytes;
}

struct logs *logs_http_new(const char *base_url, const char *const *complaints,
                           struct transport *t) {
  static const struct logs_ops ops = {
      .send = send_record, .send_each = send_each, .free = free_logs};
  struct logs_http *l = calloc(1, sizeof *l);
  if (!l)
    return NULL;
  l->base.ops = &ops;
  l->transport = t;
  l->url = singles_url(base_url);
  if (!l->url || !copy_words(complaints, &l->complaints)) {
    free_logs(&l->base);
    return NULL;
  }
  return &l->base;
}
