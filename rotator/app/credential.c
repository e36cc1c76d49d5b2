#include "rotator/app/credential.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/credential.h"
#include "rotator/base/json.h"

// "management credential": what an error's text begins with.
struct title {
  char text[80];
};

static struct title title_of(const struct config_credential *c) {
  struct title t;
  snprintf(t.text, sizeof t.text, "%s credential", c->section ? c->section : "management");
  return t;
}

static struct secret *from_json(const struct secret *bytes) {
  JSON_AUTO o = json_parse(secret_bytes(bytes), secret_len(bytes));
  return json_secret(o, "apikey");
}

static struct secret *from_text(const struct secret *bytes) {
  size_t len = secret_len(bytes);
  const char *text = secret_bytes(bytes);
  if (len > 0 && text[len - 1] == '\n')
    len--;
  if (len > 0 && text[len - 1] == '\r')
    len--;
  return secret_copy(text, len);
}

// The item is opened for each reading, so that credentials may be read by any thread; what is
// costly (a login, a connection) is the store's own and lasts.
static struct secret *from_store(const struct config_credential *c, struct error *e) {
  const struct config_store *s = c->store;
  const struct store_context context = {.env = env_real()};
  struct store_item *item = NULL;
  struct store_record r = {0};
  struct store_version v;
  int line = 0;
  enum err err =
      s->backend->open(&context, STORE_SINK, s->settings, s->n_settings, &item, &line, e);
  if (err == ERR_OK)
    err = store_read(item, &r, &v, e);
  store_item_free(item);
  if (err == ERR_OK && iam_value_check(r.value, e) != ERR_OK)
    r.value = secret_free(r.value);
  if (!r.value)
    error_wrap(e, "%s", title_of(c).text);
  if (err == ERR_MISSING && e) // of the key, not of anything that IAM would have said
    e->kind = ERR_INVALID;
  return r.value;
}

// rotator.service has this in place of a file that is not there (SetCredential=).
static bool is_stand_in(const struct config_credential *c, const struct secret *bytes) {
  static const char stand_in[] = "missing";
  return c->credential && secret_len(bytes) == sizeof stand_in - 1 &&
         memcmp(secret_bytes(bytes), stand_in, sizeof stand_in - 1) == 0;
}

static void tell_missing(const struct config_credential *c, struct error *e) {
  error_set(e, ERR_INVALID,
            "%s '%s': there is no such file as LoadCredential= in rotator.service names (as "
            "packaged: /etc/rotator/management.key)",
            title_of(c).text, c->credential);
}

bool credential_is_missing(const struct config_credential *c, struct error *e) {
  const struct title what = title_of(c);
  const struct credential_file file = {CREDENTIAL_KEPT, what.text, NULL, c->credential};
  SECRET_AUTO bytes = NULL;
  if (!c->credential || !env_credentials_dir())
    return false;
  if (credential_read_file(&file, &bytes, e) != ERR_OK)
    return true;
  if (!is_stand_in(c, bytes))
    return false;
  tell_missing(c, e);
  return true;
}

struct secret *credential_read(void *ctx, struct error *e) {
  const struct config_credential *c = ctx;
  const struct title what = title_of(c);
  const struct credential_file file = {CREDENTIAL_KEPT, what.text, c->file, c->credential};
  SECRET_AUTO bytes = NULL;
  if (c->store)
    return from_store(c, e);
  if (credential_read_file(&file, &bytes, e) != ERR_OK)
    return NULL;
  if (is_stand_in(c, bytes)) {
    tell_missing(c, e);
    return NULL;
  }
  const char *name = c->file ? c->file : c->credential;
  struct secret *key = secret_bytes(bytes)[0] == '{' ? from_json(bytes) : from_text(bytes);
  if (!key) {
    error_set(e, ERR_INVALID, "%s %s: JSON without \"apikey\"", what.text, name);
    return NULL;
  }
  enum err err = credential_check_word(key, "the API key", e);
  if (!err)
    err = iam_value_check(key, e);
  if (!err)
    return key;
  error_wrap(e, "%s %s", what.text, name);
  return secret_free(key);
}

struct iam_auth *credential_auth_new(const struct config_credential *c, const char *iam_url,
                                     struct env *env) {
  return iam_auth_apikey_new(iam_url, env, credential_read, (void *)(uintptr_t)c);
}
