// What the answer of a query means. A 200 is a stream of events (logs_events.h), each a JSON object
// of one member: query_id, result, warning, error, errors. An error may come in it after all, also
// that of too many queries. Any other status has an ApiError as its body, or a gateway's page.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/cloud/iam_fault.h"
#include "rotator/cloud/logs_events.h"
#include "rotator/cloud/logs_reader.h"

static const char *const names[] = {
    [LOGS_SEEN] = "found",         [LOGS_UNSEEN] = "not found",   [LOGS_ASK_LATER] = "throttled",
    [LOGS_UNREADABLE] = "refused", [LOGS_NO_API] = "no instance", [LOGS_MISASKED] = "rejected",
    [LOGS_SILENT] = "no answer",   [LOGS_UNASKED] = "stopped",
};
_Static_assert(sizeof names / sizeof names[0] == LOGS_UNASKED + 1, "a name for each");

const char *logs_sighting_name(enum logs_sighting s) {
  return (unsigned)s <= LOGS_UNASKED ? names[s] : "unknown";
}

void logs_reader_free(struct logs_reader *r) {
  if (r)
    r->ops->free(r);
}

struct scan {
  const char *nonce;
  struct logs_answer *answer;
  bool found, broken, has_result, has_error;
};

// --- rows ----------------------------------------------------------------------------------------

// Anywhere in the data: rules of the instance may have put the fields of a log elsewhere. Recursion
// is as deep as json_parse allows.
static bool has_text(const cJSON *m, const char *text) {
  for (; m; m = m->next)
    if ((cJSON_IsString(m) && strcmp(m->valuestring, text) == 0) || has_text(m->child, text))
      return true;
  return false;
}

static void take_row(struct scan *s, const cJSON *row) {
  const char *data = json_text(row, "user_data");
  s->answer->rows++;
  // Most rows are others' or of other rotations.
  if (!data || s->found || !s->nonce[0] || !strstr(data, s->nonce))
    return;
  JSON_AUTO tree = json_parse(data, strlen(data));
  s->found = tree && has_text(tree, s->nonce);
}

static void take_result(struct scan *s, const cJSON *result) {
  const cJSON *rows = json_get(result, "results"), *row;
  if (!cJSON_IsArray(rows)) {
    s->broken = true;
    return;
  }
  s->has_result = true;
  cJSON_ArrayForEach(row, rows) {
    take_row(s, row);
  }
}

// --- errors and warnings -------------------------------------------------------------------------

static void copy_printable(char *dst, size_t cap, const char *text) {
  text_printable(dst, cap, text ? text : "", text ? strlen(text) : 0);
}

// {"message": …, "code": {"rate_limit_reached": {}}}, in which the code may be a text as well.
static void take_error(struct scan *s, const cJSON *error) {
  const cJSON *code = json_get(error, "code");
  const char *name = code && code->child ? code->child->string : json_text(error, "code");
  if (s->has_error)
    return;
  s->has_error = true;
  copy_printable(s->answer->error, sizeof s->answer->error, json_text(error, "message"));
  copy_printable(s->answer->code, sizeof s->answer->code, name);
}

// A whole ApiError: {"errors": [{code, message}], "trace": …}.
static void take_errors(struct scan *s, const cJSON *event) {
  const cJSON *list = json_get(event, "errors");
  copy_printable(s->answer->trace, sizeof s->answer->trace, json_text(event, "trace"));
  if (cJSON_IsArray(list) && list->child)
    take_error(s, list->child);
  s->has_error = true;
}

// {"archive_warning": {"no_metastore_data": {}}}, {"x_warning": {"warning_message": "…"}}
static void take_warning(struct scan *s, const cJSON *warning) {
  const cJSON *kind = warning ? warning->child : NULL;
  struct text_buf b = TEXT_BUF(4096);
  if (!kind || !kind->string || s->answer->warning[0])
    return;
  const char *said = json_text(kind, "warning_message");
  if (!said && kind->child)
    said = kind->child->string;
  text_buf_add(&b, "%s%s%s", kind->string, said ? ": " : "", said ? said : "");
  copy_printable(s->answer->warning, sizeof s->answer->warning,
                 b.failed ? kind->string : text_buf_str(&b));
  text_buf_free(&b);
}

static void take_event(void *ctx, const char *data, size_t len) {
  struct scan *s = ctx;
  JSON_AUTO event = json_parse(data, len);
  if (!cJSON_IsObject(event)) {
    s->broken = true;
    return;
  }
  if (json_get(event, "result"))
    take_result(s, json_get(event, "result"));
  if (json_get(event, "warning"))
    take_warning(s, json_get(event, "warning"));
  if (json_get(event, "error"))
    take_error(s, json_get(event, "error"));
  if (json_get(event, "errors"))
    take_errors(s, event);
}

// --- the whole -----------------------------------------------------------------------------------

static enum logs_sighting by_code(const char *code) {
  static const struct {
    const char *code;
    enum logs_sighting sighting;
  } known[] = {
      {"rate_limit_reached", LOGS_ASK_LATER}, {"resource_exhausted", LOGS_ASK_LATER},
      {"unauthenticated", LOGS_UNREADABLE},   {"unauthorized", LOGS_UNREADABLE},
      {"forbidden", LOGS_UNREADABLE},         {"bad_request_or_unspecified", LOGS_MISASKED}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(code, known[i].code) == 0)
      return known[i].sighting;
  return LOGS_SILENT;
}

static enum logs_sighting judge_stream(const char *body, size_t len, struct scan *s) {
  struct logs_events events;
  logs_events_init(&events, take_event, s);
  bool whole = logs_events_feed(&events, body, len);
  whole = logs_events_end(&events) && whole;
  logs_events_clear(&events);
  if (s->found)
    return LOGS_SEEN;
  if (s->has_error)
    return by_code(s->answer->code);
  return whole && s->has_result && !s->broken ? LOGS_UNSEEN : LOGS_SILENT;
}

static enum logs_sighting judge_status(int status) {
  switch (status) {
  case 401:
  case 403:
    return LOGS_UNREADABLE;
  case 404:
  case 410:
    return LOGS_NO_API;
  case 429:
    return LOGS_ASK_LATER;
  case 407:
  case 408:
  case 409:
  case 425:
    return LOGS_SILENT;
  default:
    return status >= 400 && status < 500 ? LOGS_MISASKED : LOGS_SILENT;
  }
}

enum logs_sighting logs_answer_judge(int status, const char *body, size_t len, const char *nonce,
                                     struct logs_answer *ret) {
  struct scan s = {.nonce = nonce, .answer = ret};
  struct iam_fault f;
  *ret = (struct logs_answer){.rows = 0};
  if (status == 200)
    return judge_stream(body, len, &s);
  iam_fault_decode(body, len, &f);
  copy_printable(ret->error, sizeof ret->error, f.message);
  copy_printable(ret->code, sizeof ret->code, iam_fault_code(&f));
  copy_printable(ret->trace, sizeof ret->trace, f.trace);
  return judge_status(status);
}
