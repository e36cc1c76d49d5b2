#include "rotator/cloud/iam_fault.h"

#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"

static bool is_code(const char *s) {
  return s && *s && strlen(s) < 64 &&
         s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
}

// Codes come from a short alphabet; anything else is left out rather than copied.
static void copy_code(char *dst, size_t cap, const cJSON *o, const char *name) {
  const char *text = json_text(o, name);
  if (dst[0] == '\0' && is_code(text))
    text_copy(dst, cap, text);
}

static void copy_message(struct iam_fault *f, const cJSON *o, const char *name) {
  const char *text = json_text(o, name);
  if (f->message[0] || !text)
    return;
  text_printable(f->message, sizeof f->message, text, strlen(text));
  for (size_t n = strlen(f->message); n > 0 && strchr(". ", f->message[n - 1]); n--)
    f->message[n - 1] = '\0';
}

static void copy_trace(struct iam_fault *f, const cJSON *o, const char *name) {
  const char *text = json_text(o, name);
  if (f->trace[0] == '\0' && text)
    text_printable(f->trace, sizeof f->trace, text, strlen(text));
}

void iam_fault_decode(const char *body, size_t len, struct iam_fault *ret) {
  *ret = (struct iam_fault){0};
  JSON_AUTO root = json_parse(body, len);
  if (!cJSON_IsObject(root))
    return;
  ret->json = true;
  const cJSON *errors = json_get(root, "errors");
  const cJSON *first = cJSON_IsArray(errors) ? errors->child : NULL;
  if (first) {
    ret->listed = true;
    ret->n = (size_t)cJSON_GetArraySize(errors);
    copy_code(ret->code, sizeof ret->code, first, "code");
    copy_code(ret->message_code, sizeof ret->message_code, first, "message_code");
    copy_message(ret, first, "message");
  }
  copy_code(ret->code, sizeof ret->code, root, "code");
  copy_code(ret->code, sizeof ret->code, root, "errorCode");
  copy_message(ret, root, "error");
  copy_message(ret, root, "message");
  copy_message(ret, root, "errorMessage");
  if (!first && ret->code[0])
    ret->n = 1;
  copy_trace(ret, root, "trace");
  copy_trace(ret, json_get(root, "context"), "requestId");
  copy_trace(ret, json_get(root, "context"), "transaction_id");
}

const char *iam_fault_code(const struct iam_fault *f) {
  return f->message_code[0] ? f->message_code : f->code;
}

static bool says(const struct iam_fault *f, const char *code) {
  return strcmp(f->code, code) == 0 || strcmp(f->message_code, code) == 0;
}

// "Gone" is a strong word: only IAM's own list with this one entry says it. The vendor's key
// rotator has the same rule.
static bool is_gone(const struct iam_fault *f) {
  return f->listed && f->n == 1 &&
         (strcmp(f->code, "not_found") == 0 || strcmp(f->code, "policy_not_found") == 0);
}

enum err iam_fault_kind(int status, const struct iam_fault *f, bool versioned) {
  if (status < 400 || status == 408 || status >= 500)
    return ERR_UNSURE; // also a redirect: it is not followed, and nothing is known
  if (status == 429)
    return ERR_THROTTLED;
  if (status == 401)
    return ERR_DENIED;
  if (says(f, "BXNIM0151E"))
    return ERR_LIMIT;
  if (status == 403)
    return ERR_DENIED;
  if (status == 409)
    return versioned ? ERR_CONFLICT : ERR_EXISTS;
  if (status == 412 && versioned)
    return ERR_CONFLICT;
  return status == 404 && is_gone(f) ? ERR_MISSING : ERR_REFUSED;
}

enum err iam_fault_kind_of_exchange(int status, const struct iam_fault *f) {
  if (status == 429)
    return ERR_THROTTLED;
  if (status < 400 || status >= 500 || f->code[0] == '\0')
    return ERR_UNSURE;
  // A refusal of where we come from (allow-list of addresses) or of this use says nothing about the
  // value.
  if (status == 403 || says(f, "BXNIM0430E"))
    return ERR_DENIED;
  // Wrong route, method or type, or a server's own time limit: the value was not looked at.
  if (status == 404 || status == 405 || status == 406 || status == 408 || status == 415)
    return ERR_UNSURE;
  return ERR_REFUSED;
}

bool iam_fault_unknown_value(int status, const struct iam_fault *f) {
  return (status == 400 || status == 404) && f->n == 1 &&
         (says(f, "not_found") || says(f, "BXNIM0102E") || says(f, "BXNIM0415E"));
}
