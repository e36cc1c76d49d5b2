// The query: POST /v1/query on the API host of the instance. Filtered by labels alone, since those
// are always there: fields of the data may be missing from an index. Whether the log is among the
// rows is looked up here (logs_answer.c).
//
// An instance takes ten queries a minute, of all its users together. So a query is sent once, and
// whether there is another is the caller's to say.
#include "rotator/cloud/logs_reader.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/cloud/iam_report.h"

#define PATH "/v1/query"
#define WHAT "look for the test log"
#define QUERY_MAX 4096 // as the service has it
#define ROWS_MAX 2000  // asked for; some hundred bytes each
#define ANSWER_MAX (8 * 1024 * 1024)
#define TIMEOUT_MS 60000 // a search takes its time
#define MINUTE_MS 60000

struct logs_reader_http {
  struct logs_reader base;
  char *url, *guid;
  struct transport *transport;
  struct iam_auth *auth;
};

// --- the request ---------------------------------------------------------------------------------

static void add_quoted(struct text_buf *b, const char *text) {
  text_buf_add(b, "'");
  for (; *text; text++)
    text_buf_add(b, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
  text_buf_add(b, "'");
}

static bool add_query(cJSON *o, const struct logs_search *s) {
  struct text_buf b = TEXT_BUF(QUERY_MAX);
  text_buf_add(&b, "source logs | filter $l.applicationname == ");
  add_quoted(&b, s->application);
  text_buf_add(&b, " && $l.subsystemname == ");
  add_quoted(&b, s->subsystem);
  text_buf_add(&b, " | limit %d", ROWS_MAX);
  bool added = !b.failed && json_add_text(o, "query", text_buf_str(&b));
  text_buf_free(&b);
  return added;
}

static bool add_metadata(cJSON *o, const struct logs_search *s) {
  char from[32], to[32];
  cJSON *m = cJSON_AddObjectToObject(o, "metadata");
  text_format_time(from, sizeof from, s->from_s);
  text_format_time(to, sizeof to, s->to_s);
  return m && json_add_text(m, "start_date", from) && json_add_text(m, "end_date", to) &&
         json_add_text(m, "tier", s->archive ? "archive" : "frequent_search") &&
         json_add_text(m, "syntax", "dataprime") && json_add_int(m, "limit", ROWS_MAX);
}

static struct secret *encode(const struct logs_search *s) {
  JSON_AUTO o = cJSON_CreateObject();
  struct secret *body = NULL;
  if (o && add_query(o, s) && add_metadata(o, s) && json_print(o, 2 * QUERY_MAX, &body) == ERR_OK)
    return body;
  return NULL;
}

// One query with one token.
struct asked {
  struct iam_token token;
  struct http_response answer;
};

static enum err send_query(struct logs_reader_http *r, const struct logs_search *s, struct asked *a,
                           struct error *e) {
  SECRET_AUTO body = encode(s);
  const struct http_header headers[] = {
      {.name = "Authorization", .secret = a->token.bearer, .prefix = "Bearer "},
      {.name = "Accept", .value = "text/event-stream"}};
  const struct http_request request = {.method = "POST",
                                       .url = r->url,
                                       .headers = headers,
                                       .n_headers = 2,
                                       .body = body,
                                       .content_type = "application/json",
                                       .replay = HTTP_REPLAY_ONCE,
                                       .timeout_ms = TIMEOUT_MS,
                                       .deadline_ms = TIMEOUT_MS,
                                       .max_body = ANSWER_MAX};
  return body ? http_exchange(r->transport, &request, &a->answer, e) : error_no_memory(e);
}

// --- what came back ------------------------------------------------------------------------------

static const enum err kinds[] = {
    [LOGS_SEEN] = ERR_OK,
    [LOGS_UNSEEN] = ERR_MISSING,
    [LOGS_ASK_LATER] = ERR_THROTTLED,
    [LOGS_UNREADABLE] = ERR_DENIED,
    [LOGS_NO_API] = ERR_REFUSED,
    [LOGS_MISASKED] = ERR_INVALID,
    [LOGS_SILENT] = ERR_UNSURE,
    [LOGS_UNASKED] = ERR_CANCELLED,
};
_Static_assert(sizeof kinds / sizeof kinds[0] == LOGS_UNASKED + 1, "a kind for each");

// The command that lets the reader read. Users and profiles have commands of their own.
static void tell_grant(const struct logs_reader_http *r, const struct iam_token *t,
                       struct error *e) {
  const char *id = t->iam_id, *command = "user-policy-create";
  if (text_starts(id, "iam-ServiceId-"))
    command = "service-policy-create";
  if (text_starts(id, "iam-Profile-"))
    command = "trusted-profile-policy-create";
  if (text_starts(id, "iam-"))
    id += 4;
  error_wrap(e,
             "%s may not read the logs (grant it: ibmcloud iam %s %s --service-name logs --roles "
             "Reader --service-instance %s)",
             t->iam_id, command, id, r->guid);
}

static void tell(const struct logs_reader_http *r, enum logs_sighting s,
                 const struct logs_answer *holds, const struct asked *a, struct error *e) {
  const struct http_response *answer = &a->answer;
  const char *said = holds->error[0] ? holds->error : holds->warning;
  error_set(e, kinds[s], WHAT ": HTTP %d (%s)%s%s%s%s", answer->status, logs_sighting_name(s),
            holds->code[0] ? " " : "", holds->code, said[0] ? ": " : "", said);
  if (!e)
    return;
  if (s == LOGS_UNREADABLE)
    tell_grant(r, &a->token, e);
  e->status = answer->status;
  e->retry_after_ms = answer->retry_after_ms;
  if (s == LOGS_ASK_LATER && e->retry_after_ms < 0)
    e->retry_after_ms = MINUTE_MS;
  text_copy(e->code, sizeof e->code, holds->code);
  const char *trace = answer->transaction[0] ? answer->transaction : holds->trace;
  text_printable(e->trace, sizeof e->trace, trace, strlen(trace));
}

static enum logs_sighting without_answer(enum err err, struct error *e) {
  if (err == ERR_INTERNAL)
    return LOGS_SILENT;
  iam_report_no_answer(err, WHAT, "", e);
  return err == ERR_CANCELLED ? LOGS_UNASKED : LOGS_SILENT;
}

// A token could not be had: the reader's own credential, or IAM, says why.
static enum logs_sighting without_token(enum err err, struct error *e) {
  error_wrap(e, WHAT ": the reader's token");
  if (err == ERR_CANCELLED)
    return LOGS_UNASKED;
  return err_is_passing(err) || err == ERR_CORRUPT || err == ERR_INTERNAL ? LOGS_SILENT
                                                                          : LOGS_UNREADABLE;
}

static enum logs_sighting refuse_sender(const struct iam_token *t, struct error *e) {
  error_set(e, ERR_DENIED,
            WHAT ": the reader is %s, the sender itself: an identity of its own must read, so that "
                 "the sender need not have the right",
            t->iam_id);
  return LOGS_UNREADABLE;
}

// True: there is an answer. False: *ret says what there is instead.
static bool ask(struct logs_reader_http *r, const struct logs_search *s,
                const struct secret *refused, struct asked *a, enum logs_sighting *ret,
                struct error *e) {
  enum err err = r->auth->ops->token(r->auth, r->transport, refused, &a->token, e);
  if (err != ERR_OK) {
    *ret = without_token(err, e);
    return false;
  }
  if (strcmp(a->token.iam_id, s->sender) == 0) {
    *ret = refuse_sender(&a->token, e);
    return false;
  }
  err = send_query(r, s, a, e);
  if (err != ERR_OK)
    *ret = without_answer(err, e);
  return err == ERR_OK;
}

static enum logs_sighting judge(const struct logs_reader_http *r, const struct logs_search *s,
                                const struct asked *a, struct error *e) {
  struct logs_answer holds;
  const struct secret *body = a->answer.body;
  enum logs_sighting seen =
      logs_answer_judge(a->answer.status, secret_bytes(body), secret_len(body), s->nonce, &holds);
  if (seen != LOGS_SEEN && (seen != LOGS_UNSEEN || holds.warning[0]))
    tell(r, seen, &holds, a, e);
  return seen;
}

static void forget(struct asked *a, struct error *e) {
  iam_report_hide(e, a->token.bearer);
  iam_token_clear(&a->token);
  http_response_clear(&a->answer);
}

static enum logs_sighting find(struct logs_reader *base, const struct logs_search *s,
                               struct error *e) {
  struct logs_reader_http *r = (struct logs_reader_http *)base;
  struct asked first = {.answer.status = 0}, again = {.answer.status = 0}, *last = &first;
  enum logs_sighting seen = LOGS_SILENT;
  error_set(e, ERR_OK, "%s", "");
  bool answered = ask(r, s, NULL, &first, &seen, e);
  if (answered && first.answer.status == 401) { // with a token that is got anew
    last = &again;
    answered = ask(r, s, first.token.bearer, &again, &seen, e);
  }
  if (answered)
    seen = judge(r, s, last, e);
  forget(&first, e);
  forget(&again, e);
  return seen;
}

// --- life ----------------------------------------------------------------------------------------

static void free_reader(struct logs_reader *base) {
  struct logs_reader_http *r = (struct logs_reader_http *)base;
  free(r->url);
  free(r->guid);
  free(r);
}

static char *query_url(const char *api_url) {
  size_t len = strlen(api_url);
  while (len > 0 && api_url[len - 1] == '/')
    len--;
  struct text_buf url = TEXT_BUF(4096);
  text_buf_add_bytes(&url, api_url, len);
  text_buf_add(&url, PATH);
  if (url.failed)
    text_buf_free(&url);
  return url.bytes;
}

struct logs_reader *logs_reader_new(const char *api_url, const char *guid, struct transport *t,
                                    struct iam_auth *auth) {
  static const struct logs_reader_ops ops = {find, free_reader};
  struct logs_reader_http *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  *r = (struct logs_reader_http){.base.ops = &ops,
                                 .url = query_url(api_url),
                                 .guid = strdup(guid),
                                 .transport = t,
                                 .auth = auth};
  if (r->url && r->guid)
    return &r->base;
  free_reader(&r->base);
  return NULL;
}
