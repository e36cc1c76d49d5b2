#include "rotator/cloud/iam.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/env.h"
#include "rotator/base/text_digest.h"
#include "rotator/cloud/iam_http.h"

#define VALUE_MAX 4096 // bytes of a key value; it must fit into one header line

void iam_token_clear(struct iam_token *t) {
  if (!t)
    return;
  secret_free(t->bearer);
  *t = (struct iam_token){0};
}

void iam_key_clear(struct iam_key *k) {
  if (!k)
    return;
  secret_free(k->value);
  *k = (struct iam_key){0};
}

void iam_credential_clear(struct iam_credential *c) {
  if (!c)
    return;
  secret_free(c->gained);
  secret_free(c->read);
  *c = (struct iam_credential){0};
}

void iam_key_list_clear(struct iam_key_list *l) {
  if (!l)
    return;
  for (size_t i = 0; i < l->n; i++)
    iam_key_clear(&l->keys[i]);
  free(l->keys);
  *l = (struct iam_key_list){0};
}

bool iam_is_user(const char *iam_id) {
  return iam_id[0] != '\0' && strncmp(iam_id, "iam-", 4) != 0;
}

void iam_free(struct iam *c) {
  if (c)
    c->ops->free(c);
}

void iam_exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                       size_t n) {
  memset(ret, 0, n * sizeof *ret);
  if (c->ops->exchange_each) {
    c->ops->exchange_each(c, value, ret, n);
    return;
  }
  for (size_t i = 0; i < n; i++)
    ret[i].err = c->ops->exchange(c, value, true, &ret[i].token, &ret[i].error);
}

void iam_auth_free(struct iam_auth *a) {
  if (a)
    a->ops->free(a);
}

struct secret *iam_value_new(struct env *env) {
  unsigned char bytes[33];
  char text[sizeof bytes * 4 / 3 + 2];
  struct secret *value = NULL;
  if (env_random(env, bytes, sizeof bytes) == ERR_OK) {
    size_t len = text_base64url(text, sizeof text, bytes, sizeof bytes);
    value = secret_copy(text, len);
  }
  secret_wipe(bytes, sizeof bytes);
  secret_wipe(text, sizeof text);
  return value;
}

struct secret *iam_token_changed(const struct secret *bearer) {
  const char *text = secret_bytes(bearer), *dot = strrchr(text, '.');
  size_t len = secret_len(bearer),
         at = dot ? (size_t)(dot - text) + (len - (size_t)(dot - text)) / 2 : len / 2;
  if (at >= len)
    return NULL;
  struct secret *s = secret_new(len);
  const char *other = text[at] == 'A' ? "B" : "A";
  if (s && (secret_append(s, text, at) != ERR_OK || secret_append(s, other, 1) != ERR_OK ||
            secret_append(s, text + at + 1, len - at - 1) != ERR_OK))
    s = secret_free(s);
  return s;
}

enum err iam_value_check(const struct secret *value, struct error *e) {
  const char *bytes = secret_bytes(value);
  size_t len = secret_len(value);
  if (len == 0)
    return error_set(e, ERR_INVALID, "the API key is empty");
  if (len > VALUE_MAX)
    return error_set(e, ERR_INVALID, "the API key is longer than %d bytes", VALUE_MAX);
  if (memchr(bytes, '\0', len))
    return error_set(e, ERR_INVALID, "the API key holds a NUL byte");
  if (memchr(bytes, '\n', len) || memchr(bytes, '\r', len))
    return error_set(e, ERR_INVALID, "the API key holds a line break");
  // A template that nobody filled in, or JSON pasted whole: the vendor's SDKs refuse the same.
  if (strchr("{\"", bytes[0]) || strchr("}\"", bytes[len - 1]))
    return error_set(e, ERR_INVALID, "the API key begins or ends with a brace or a quote");
  return ERR_OK;
}
