// What an answer says. The service's texts are for people: they are cut, made printable, and left
// out when they repeat anything secret that was sent. How an error looks is not documented; the
// places are those where the vendor's own clients look.
#include <stdio.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm_session.h"
#include "rotator/base/text.h"
#include "rotator/http/transport.h"

void sm_reply_clear(struct sm_reply *r) {
  json_free(r->json);
  memset(r, 0, sizeof *r);
}

static bool repeats(const char *text, const struct secret *sent) {
  return secret_is_repeated(text, secret_bytes(sent), secret_len(sent));
}

static const char *message_of(const cJSON *json, const cJSON *first) {
  static const char *const names[] = {"error", "message", "errorMessage"};
  const char *text = json_text(first, "message");
  for (size_t i = 0; !text && i < sizeof names / sizeof *names; i++)
    text = json_text(json, names[i]);
  return text ? text : "";
}

static void read_error(const struct secret *token, const struct secret *body, struct sm_reply *r) {
  const cJSON *errors = json_get(r->json, "errors");
  const cJSON *first = cJSON_IsArray(errors) ? cJSON_GetArrayItem(errors, 0) : NULL;
  const char *code = json_text(first, "code"), *message = message_of(r->json, first);
  if (code && !repeats(code, body) && !repeats(code, token))
    text_printable(r->code, sizeof r->code, code, strlen(code));
  if (!repeats(message, body) && !repeats(message, token))
    text_printable(r->message, sizeof r->message, message, strlen(message));
}

enum err sm_reply_read(const struct http_response *h, const struct secret *token,
                       const struct secret *body, struct sm_reply *ret) {
  *ret = (struct sm_reply){.status = h->status, .retry_after_ms = h->retry_after_ms};
  cJSON *json = NULL;
  enum err err = json_read(secret_bytes(h->body), secret_len(h->body), &json);
  ret->json = cJSON_IsObject(json) ? json : json_free(json);
  if (h->status >= 300)
    read_error(token, body, ret);
  text_printable(ret->trace, sizeof ret->trace, h->transaction, strlen(h->transaction));
  return err == ERR_INTERNAL ? err : ERR_OK;
}

// --- meaning -------------------------------------------------------------------------------------

// A gateway has a 404 and a 403 as well, without the service's errors.
static bool is_own(const struct sm_reply *r) {
  return cJSON_IsArray(json_get(r->json, "errors"));
}

static enum err kind_of(const struct sm_request *q, const struct sm_reply *r) {
  enum err no_answer = q->write ? ERR_UNSURE : ERR_UNSENT;
  switch (r->status) {
  case 401:
  case 403:
    return ERR_DENIED;
  case 404:
    return is_own(r) ? ERR_MISSING : no_answer;
  case 409:
    return ERR_CONFLICT;
  case 412:
    return ERR_LOCKED;
  case 429:
    return ERR_THROTTLED;
  case 408:
    return no_answer;
  default:
    return r->status >= 400 && r->status < 500 ? ERR_REFUSED : no_answer;
  }
}

// What helps a person more than the service's own words.
static const char *advice(const struct sm_reply *r) {
  switch (r->status) {
  case 401:
    return "the token is not taken; a caller outside the network zone of a context-based "
           "restriction is told the same";
  case 403:
    return "the role is missing";
  case 404:
    return is_own(r) ? "it is not there" : "not the service's own words; a wrong endpoint?";
  case 412:
    return "a version is locked";
  case 429:
    return "too many requests";
  default:
    return r->status < 400 ? "an answer that does not fit: is this Secrets Manager?" : NULL;
  }
}

enum err sm_outcome(const struct sm_request *q, const struct sm_reply *r, const char *what,
                    struct error *e) {
  if ((r->status == 200 || r->status == 201) && r->json)
    return ERR_OK;
  enum err kind = kind_of(q, r);
  const char *plain = advice(r),
             *message = r->status == 403 ? "" : r->message; // the advice says more
  struct error story;
  error_set(&story, kind, "%s: %s%sHTTP %d%s%s%s%s%s", what, plain ? plain : "", plain ? " (" : "",
            r->status, r->code[0] ? " " : "", r->code, message[0] ? ": " : "", message,
            plain ? ")" : "");
  if (e) {
    *e = story;
    e->status = r->status;
    e->retry_after_ms = kind == ERR_THROTTLED ? r->retry_after_ms : -1;
    text_copy(e->code, sizeof e->code, r->code);
    text_copy(e->trace, sizeof e->trace, r->trace);
  }
  return kind;
}
