#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/logs_effect.h"
#include "rotator/cloud/logs_record.h"

#define PATH "/logs/v1/singles"
#define WHAT "send a test log"
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
static void tell(enum logs_verdict v, const struct http_response *r, const struct logs_match *m,
                 struct error *e) {
  struct iam_fault f;
  char shown[SHOWN + 1];
  iam_fault_decode(secret_bytes(r->body), secret_len(r->body), &f);
  text_printable(shown, sizeof shown, secret_bytes(r->body), secret_len(r->body));
  if (v == LOGS_COMPLAINED)
    error_set(e, kinds[v],
              WHAT ": HTTP %d (%s): %s has the word '%s'; if that is no complaint, set the words"
                   " that are (complaints)",
              r->status, logs_verdict_name(v), m->quote, m->word);
  else
    error_set(e, kinds[v], WHAT ": HTTP %d (%s)%s%s", r->status, logs_verdict_name(v),
              shown[0] ? ": " : "", shown);
  if (!e)
    return;
  e->status = r->status;
  e->retry_after_ms = r->retry_after_ms;
  text_copy(e->code, sizeof e->code, iam_fault_code(&f));
  const char *trace = r->transaction[0] ? r->transaction : f.trace;
  text_printable(e->trace, sizeof e->trace, trace, strlen(trace));
}

static enum logs_verdict without_answer(enum err err, struct error *e) {
  iam_report_no_answer(err, WHAT, "", e);
  return err == ERR_CANCELLED ? LOGS_STOPPED : LOGS_OUTAGE;
}

// `request` has what is special about it; the rest is added here.
static enum logs_verdict post(struct logs_http *l, const struct secret *bearer,
                              struct http_request *request, struct error *e) {
  if (!request->body) {
    error_no_memory(e);
    return LOGS_OUTAGE;
  }
  const struct http_header headers[] = {
      {.name = "Authorization", .secret = bearer, .prefix = "Bearer "}};
  request->method = "POST";
  request->url = l->url;
  request->headers = headers;
  request->n_headers = 1;
  request->content_type = "application/json";
  struct http_response response = {0};
  struct logs_match match = {.word = ""};
  enum err err = http_exchange(l->transport, request, &response, e);
  enum logs_verdict verdict;
  if (err) {
    verdict = without_answer(err, e);
  } else {
    verdict = logs_classify(response.status, secret_bytes(response.body), secret_len(response.body),
                            (const char *const *)l->complaints, &match);
    if (verdict != LOGS_ACCEPTED)
      tell(verdict, &response, &match, e);
  }
  http_response_clear(&response);
  request->headers = NULL;
  request->n_headers = 0;
  if (verdict != LOGS_ACCEPTED)
    iam_report_hide(e, bearer);
  return verdict;
}

static enum logs_verdict send_record(struct logs *base, const struct secret *bearer,
                                     const struct logs_record *record, bool fresh,
                                     struct error *e) {
  SECRET_AUTO body = logs_record_encode(record);
  // A line that is there twice does no harm: both bear the nonce.
  struct http_request request = {
      .body = body, .replay = HTTP_REPLAY_SAFE, .fresh_connection = fresh};
  return post((struct logs_http *)base, bearer, &request, e);
}

enum logs_verdict logs_http_tell(struct logs *l, const struct secret *bearer,
                                 const struct logs_record *of, const struct logs_effect *effects,
                                 size_t n, struct error *e) {
  SECRET_AUTO body = logs_effects_encode(of, effects, n);
  struct http_request request = {.body = body,
                                 .replay = HTTP_REPLAY_NEVER,
                                 .prompt = true,
                                 .timeout_ms = TELL_MS,
                                 .deadline_ms = TELL_MS};
  return post((struct logs_http *)l, bearer, &request, e);
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
  static const struct logs_ops ops = {send_record, free_logs};
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
