// What an answer says. Its text comes from a server, or from whatever stands before it, and is
// shown to people: it is cut, made printable, and left out when it repeats anything secret that was
// sent.
#include <string.h>

#include "backends/vault/vault_session_internal.h"
#include "rotator/base/text.h"

void vault_reply_clear(struct vault_reply *r) {
  json_free(r->json);
  memset(r, 0, sizeof(*r));
}

const cJSON *vault_reply_data(const struct vault_reply *r) {
  return json_get(r->json, "data");
}

// --- text ---

#define ECHO_LEAST 6 // shorter texts are words like "true", and no secrets

// Names of roles, in the body of a login: a misspelt one is what the answer is about.
static bool is_public(const cJSON *m, bool login) {
  return login && m->string && (!strcmp(m->string, "role") || !strcmp(m->string, "role_id"));
}

// Does the text repeat one of the strings that were sent?
static bool repeats(const char *text, const cJSON *sent, bool login) {
  for (const cJSON *m = sent; m; m = m->next) {
    if (is_public(m, login))
      continue;
    size_t len = cJSON_IsString(m) ? strlen(m->valuestring) : 0;
    if (len >= ECHO_LEAST && secret_is_repeated(text, m->valuestring, len))
      return true;
    if (m->child && repeats(text, m->child, login))
      return true;
  }
  return false;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Runs of white space become one space, so that a text of several lines is one.
static void flatten(char *dst, size_t cap, const char *src, size_t len) {
  size_t n = 0;
  bool gap = false;
  for (size_t i = 0; i < len && n + 2 < cap; i++) {
    if (is_blank(src[i])) {
      gap = n > 0;
      continue;
    }
    if (gap)
      dst[n++] = ' ';
    gap = false;
    dst[n++] = src[i] > 0x20 && src[i] < 0x7f ? src[i] : '?';
  }
  dst[n] = '\0';
}

// All errors of the body, joined.
static void join_errors(const cJSON *errors, struct text_buf *b) {
  const cJSON *m = NULL;
  cJSON_ArrayForEach(m, errors) if (cJSON_IsString(m))
      text_buf_add(b, "%s%s", b->len ? "; " : "", m->valuestring);
}

// What it means must not hang on whether it may be shown.
static unsigned words_of(const char *text) {
  static const struct {
    const char *words;
    enum vault_said said;
  } all[] = {{"did not match the current version", VAULT_SAID_OTHER_VERSION},
             {"Upgrading from", VAULT_SAID_UPGRADING},
             {"JSON input exceeds", VAULT_SAID_TOO_MUCH},
             {"JSON string value exceeds", VAULT_SAID_TOO_MUCH},
             {"sealed", VAULT_SAID_SEALED},
             {"overloaded", VAULT_SAID_OVERLOADED},
             {"not active", VAULT_SAID_NOT_ACTIVE},
             {"invalid", VAULT_SAID_INVALID},
             {"wrapping token", VAULT_SAID_WRAPPING},
             {"no handler for route", VAULT_SAID_NO_MOUNT}};
  unsigned said = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    said |= strstr(text, all[i].words) ? (unsigned)all[i].said : 0;
  return said;
}

#define TEXT_READ 4096

static void read_message(const struct http_response *h, const struct vault_request *q,
                         const struct secret *token, struct vault_reply *r) {
  struct text_buf b = TEXT_BUF(64 * 1024);
  if (cJSON_IsArray(json_get(r->json, "errors")))
    join_errors(json_get(r->json, "errors"), &b);
  else if (!r->json)
    text_buf_add_bytes(&b, secret_bytes(h->body),
                       secret_len(h->body) < TEXT_READ ? secret_len(h->body) : TEXT_READ);
  if (b.len > TEXT_READ)
    b.bytes[TEXT_READ] = '\0';
  const char *text = text_buf_str(&b);
  r->said = words_of(text);
  if (repeats(text, q->body, q->login) ||
      secret_is_repeated(text, secret_bytes(token), secret_len(token)))
    text_copy(r->message, sizeof r->message, "(its text repeats a secret that was sent)");
  else
    flatten(r->message, sizeof r->message, text, strlen(text));
  secret_wipe(b.bytes, b.bytes ? b.len : 0);
  text_buf_free(&b);
}

enum err vault_reply_read(const struct http_response *h, const struct vault_request *q,
                          const struct secret *token, struct vault_reply *ret) {
  char trace[64] = "";
  *ret = (struct vault_reply){.status = h->status, .retry_after_ms = h->retry_after_ms};
  enum err err = json_read(secret_bytes(h->body), secret_len(h->body), &ret->json);
  if (h->status >= 300)
    read_message(h, q, token, ret);
  const cJSON *warnings = json_get(ret->json, "warnings");
  ret->warned = cJSON_IsArray(warnings) && cJSON_GetArraySize(warnings) > 0;
  if (json_copy_text(ret->json, "request_id", trace, sizeof trace))
    text_printable(ret->trace, sizeof ret->trace, trace, strlen(trace));
  return err == ERR_INTERNAL ? err : ERR_OK;
}

// --- meaning ---

static enum err kind_of_400(const struct vault_reply *r) {
  if (r->said & VAULT_SAID_OTHER_VERSION)
    return ERR_CONFLICT;
  return r->said & VAULT_SAID_UPGRADING ? ERR_UNSENT : ERR_REFUSED;
}

// Newer servers limit the JSON they take, and say so with a status that elsewhere means trouble
// that passes (seen with Vault 1.21). It was not looked at, so nothing is stored.
static bool is_too_much(const struct vault_reply *r) {
  return r->status == 500 && (r->said & VAULT_SAID_TOO_MUCH);
}

static enum err kind_of_503(const struct vault_request *q, const struct vault_reply *r) {
  if (r->said & VAULT_SAID_SEALED)
    return ERR_LOCKED;
  if (r->said & VAULT_SAID_OVERLOADED)
    return ERR_THROTTLED;
  return q->write ? ERR_UNSURE : ERR_UNSENT;
}

static enum err kind_of(const struct vault_request *q, const struct vault_reply *r) {
  int s = r->status;
  if (s == 200 || s == 204)
    return ERR_OK;
  if (s == 400)
    return kind_of_400(r);
  if (s == 401 || s == 403)
    return ERR_DENIED;
  if (s == 429)
    return ERR_THROTTLED;
  if (s == 501)
    return ERR_LOCKED;
  if (s == 503)
    return kind_of_503(q, r);
  if (s >= 300 && s < 400)
    return ERR_UNSENT; // a second redirect
  if (s == 412)
    return ERR_UNSENT;
  if (s < 500 || is_too_much(r))
    return ERR_REFUSED;
  return q->write ? ERR_UNSURE : ERR_UNSENT;
}

// What helps a person more than the server's own words.
static const char *advice(const struct vault_reply *r) {
  switch (r->status) {
  case 412:
    return "the node that answers lags behind";
  case 413:
    return "too large for the server";
  case 429:
    return "a quota of the server is used up";
  case 501:
    return "the server is not initialised";
  case 503:
    return r->said & VAULT_SAID_SEALED ? "the server is sealed: somebody has to unseal it"
                                       : "the server cannot serve now";
  default:
    return r->status >= 300 && r->status < 400 ? "a standby redirects again" : NULL;
  }
}

enum err vault_outcome(const struct vault_request *q, const struct vault_reply *r, const char *what,
                       struct error *e) {
  enum err kind = kind_of(q, r);
  if (kind == ERR_OK)
    return ERR_OK;
  const char *plain = advice(r);
  error_set(e, kind, "%s: %s%sHTTP %d%s%s", what, plain ? plain : "", plain ? " (" : "", r->status,
            r->message[0] ? ": " : "", r->message);
  if (plain && strlen(e->text) + 2 < sizeof e->text)
    strncat(e->text, ")", 2);
  e->status = r->status;
  e->retry_after_ms = kind == ERR_THROTTLED ? r->retry_after_ms : -1;
  text_copy(e->trace, sizeof e->trace, r->trace);
  return kind;
}

enum err vault_expect_data(const struct vault_reply *r, const char *what, struct error *e) {
  if (cJSON_IsObject(vault_reply_data(r)))
    return ERR_OK;
  return error_set(e, ERR_UNSENT, "%s: HTTP %d, but not Vault's", what, r->status);
}
