#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/cloud/iam_decode.h"

#define CLAIMS_MAX (16 * 1024)
#define LIFE_MAX_S (7 * 24 * 3600) // far above the hour that IAM gives

static enum err corrupt(struct error *e, const char *what) {
  return error_set(e, ERR_CORRUPT, "a token %s", what);
}

// The middle of three parts, all of base64url; a token goes into a header line, so no other byte
// may stand in it.
static bool middle_part(const char *jwt, size_t len, const char **ret, size_t *ret_len) {
  const char *first = memchr(jwt, '.', len);
  const char *second = first ? memchr(first + 1, '.', len - (size_t)(first + 1 - jwt)) : NULL;
  if (!second || first == jwt || second == first + 1 || second == jwt + len - 1)
    return false;
  for (size_t i = 0; i < len; i++) {
    bool dot = jwt + i == first || jwt + i == second;
    if (!dot && (!jwt[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_",
                                    jwt[i])))
      return false;
  }
  *ret = first + 1;
  *ret_len = (size_t)(second - first - 1);
  return true;
}

// ERR_INVALID: that is no JSON.
static enum err parse_part(const char *part, size_t len, cJSON **ret) {
  size_t cap = len / 4 * 3 + 3, n = 0;
  if (len > CLAIMS_MAX)
    return ERR_INVALID;
  char *bytes = malloc(cap);
  if (!bytes)
    return ERR_INTERNAL;
  enum err err = text_base64_decode(bytes, cap, part, len, &n);
  err = err == ERR_OK ? json_read(bytes, n, ret) : ERR_INVALID;
  secret_wipe(bytes, cap);
  free(bytes);
  return err;
}

enum err iam_decode_claims(const char *jwt, size_t len, struct iam_token *ret, int64_t *ret_life_s,
                           struct error *e) {
  const char *part;
  size_t part_len;
  if (!middle_part(jwt, len, &part, &part_len))
    return corrupt(e, "that is not three parts of base64url");
  JSON_AUTO claims = NULL;
  if (parse_part(part, part_len, &claims) == ERR_INTERNAL)
    return error_no_memory(e);
  if (!cJSON_IsObject(claims))
    return corrupt(e, "whose claims do not decode");
  struct iam_token t = {0};
  if (!json_copy_text(claims, "iam_id", t.iam_id, sizeof t.iam_id) || !t.iam_id[0])
    return corrupt(e, "without the claim iam_id");
  const cJSON *account = json_get(claims, "account");
  if (!json_copy_text(account, "bss", t.account, sizeof t.account) || !t.account[0])
    return corrupt(e, "without the claim account.bss");
  const char *name = json_text(claims, "name");
  text_copy(t.name, sizeof t.name, name ? name : "");
  int64_t issued, ends;
  bool timed = json_int(claims, "iat", &issued) && json_int(claims, "exp", &ends) && ends > issued;
  memcpy(ret->iam_id, t.iam_id, sizeof ret->iam_id);
  memcpy(ret->account, t.account, sizeof ret->account);
  memcpy(ret->name, t.name, sizeof ret->name);
  *ret_life_s = timed ? ends - issued : 0;
  return ERR_OK;
}

bool iam_decode_subject(const char *jwt, size_t len, char *dst, size_t cap) {
  const char *part;
  size_t part_len;
  if (!middle_part(jwt, len, &part, &part_len))
    return false;
  JSON_AUTO claims = NULL;
  (void)parse_part(part, part_len, &claims);
  const char *subject = json_text(claims, "sub");
  if (!subject || !subject[0])
    return false;
  text_printable(dst, cap, subject, strlen(subject));
  return true;
}

enum err iam_decode_token(const char *body, size_t len, struct iam_token *ret, struct error *e) {
  JSON_AUTO root = NULL;
  if (json_read(body, len, &root) == ERR_INTERNAL)
    return error_no_memory(e);
  if (!cJSON_IsObject(root))
    return error_set(e, ERR_CORRUPT, "an answer that is not a JSON object");
  const char *jwt = json_text(root, "access_token"), *type = json_text(root, "token_type");
  if (!jwt || !jwt[0])
    return error_set(e, ERR_CORRUPT, "an answer without access_token");
  if (type && strcasecmp(type, "Bearer"))
    return corrupt(e, "of a type other than Bearer");
  struct iam_token t = {0};
  int64_t life_s;
  enum err err = iam_decode_claims(jwt, strlen(jwt), &t, &life_s, e);
  if (err)
    return err;
  // Every member is optional in the vendor's schema; the claims say the same.
  if (!json_int(root, "expires_in", &t.expires_in_s))
    t.expires_in_s = life_s;
  if (t.expires_in_s <= 0 || t.expires_in_s > LIFE_MAX_S)
    return corrupt(e, "whose life (expires_in) is missing or senseless");
  t.bearer = secret_copy_text(jwt);
  if (!t.bearer)
    return error_no_memory(e);
  *ret = t;
  return ERR_OK;
}
