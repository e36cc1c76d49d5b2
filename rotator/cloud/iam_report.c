#include "rotator/cloud/iam_report.h"

#include <string.h>

#include "rotator/base/text.h"

static void tell(enum err kind, const struct iam_fault *f, int status, const char *what,
                 struct error *e) {
  const char *gap = f->code[0] && f->message_code[0] ? " " : "";
  if (!f->json)
    error_set(e, kind, "%s: HTTP %d with an answer that is not the service's own", what, status);
  else if (!f->code[0] && !f->message_code[0])
    error_set(e, kind, "%s: HTTP %d%s%s", what, status, f->message[0] ? ": " : "", f->message);
  else
    error_set(e, kind, "%s: HTTP %d %s%s%s%s%s", what, status, f->message_code, gap, f->code,
              f->message[0] ? ": " : "", f->message);
}

enum err iam_report(enum err kind, const struct iam_fault *f, const struct http_response *r,
                    const char *what, struct error *e) {
  tell(kind, f, r->status, what, e);
  if (!e)
    return kind;
  e->status = r->status;
  e->retry_after_ms = r->retry_after_ms;
  text_copy(e->code, sizeof e->code, iam_fault_code(f));
  const char *trace = r->transaction[0] ? r->transaction : f->trace;
  text_printable(e->trace, sizeof e->trace, trace, strlen(trace));
  return kind;
}

enum err iam_report_no_answer(enum err err, const char *what, const char *transaction,
                              struct error *e) {
  if (err == ERR_OK)
    return ERR_OK;
  error_wrap(e, "%s", what);
  if (e && !e->trace[0])
    text_copy(e->trace, sizeof e->trace, transaction);
  return iam_report_as(err == ERR_REFUSED ? ERR_UNSURE : err, e);
}

enum err iam_report_as(enum err kind, struct error *e) {
  if (e && kind == ERR_OK)
    *e = (struct error){0};
  else if (e)
    e->kind = kind;
  return kind;
}

// Overwrites the field to its end: what stood behind the new text would still be there.
static void hide(char *field, size_t cap, const char *instead, const struct secret *value) {
  if (!secret_is_repeated(field, secret_bytes(value), secret_len(value)))
    return;
  secret_wipe(field, cap);
  text_copy(field, cap, instead);
}

void iam_report_hide(struct error *e, const struct secret *value) {
  if (!e || !value)
    return;
  hide(e->text, sizeof e->text, "the answer repeats a secret and is not shown", value);
  hide(e->code, sizeof e->code, "", value);
  hide(e->trace, sizeof e->trace, "", value);
}
