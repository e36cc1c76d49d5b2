#include "rotator/app/credential.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/credential.h"
#include "rotator/base/json.h"
#include "rotator/http/pool.h"

// "management credential": what an error's text begins with.
struct title {
  char text[80];
};

static struct title title_of(const struct config_credential *c) {
  struct title t;
  snprintf(t.text, sizeof t.text, "%s credential", c->section ? c->section : "management");
  return t;
}

static enum err from_json(const struct secret *bytes, struct secret **ret, struct error *e) {
  JSON_AUTO o = NULL;
  if (json_read(secret_bytes(bytes), secret_len(bytes), &o) == ERR_INTERNAL)
    return error_no_memory(e);
  const char *text = json_text(o, "apikey");
  if (!text || !*text)
    return error_set(e, ERR_INVALID, "JSON without \"apikey\"");
  *ret = secret_copy_text(text);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err from_text(const struct secret *bytes, struct secret **ret, struct error *e) {
  size_t len = secret_len(bytes);
  const char *text = secret_bytes(bytes);
  if (len > 0 && text[len - 1] == '\n')
    len--;
  if (len > 0 && text[len - 1] == '\r')
    len--;
  *ret = secret_copy(text, len);
  return *ret ? ERR_OK : error_no_memory(e);
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
  struct secret *key = NULL;
  bool json = secret_bytes(bytes)[0] == '{';
  enum err err = json ? from_json(bytes, &key, e) : from_text(bytes, &key, e);
  if (!err)
    err = credential_check_word(key, "the API key", e);
  if (!err)
    err = iam_value_check(key, e);
  if (!err)
    return key;
  error_wrap(e, "%s %s", what.text, name);
  return secret_free(key);
}

// --- what gets tokens by it ---

static struct iam_profile profile_of(const struct config_profile *p) {
  return (struct iam_profile){.id = p->id, .name = p->name, .crn = p->crn, .account = p->account};
}

struct iam_profile credential_profile(const struct config_credential *c) {
  return profile_of(c->kind == CONFIG_CREDENTIAL_KEY ? &c->assume : &c->profile);
}

// The service is on this machine: it answers at once or not at all, and no proxy leads to it.
static struct transport *metadata_transport(const struct config *config, struct env *env) {
  const struct curl_options o = {.ca_file = config->ca_file,
                                 .allow_plain_loopback = config->allow_plain_loopback,
                                 .allow_plain_metadata = true,
                                 .proxy = "",
                                 .connect_timeout_ms = 2000};
  const struct retry_limits twice = {
      .tries = 2, .base_ms = 500, .cap_ms = 500, .retry_after_cap_ms = 5000, .deadline_ms = 20000};
  return http_pool_new(&o, &twice, env);
}

struct iam_auth *credential_auth_new(const struct config *config, const struct config_credential *c,
                                     const char *iam_url, struct env *env) {
  const struct iam_profile p = credential_profile(c);
  switch (c->kind) {
  case CONFIG_CREDENTIAL_COMPUTE:
    return iam_auth_compute_new(iam_url, env, &p, c->token_file);
  case CONFIG_CREDENTIAL_METADATA:
    return iam_auth_metadata_new(c->metadata, c->metadata_version, &p,
                                 metadata_transport(config, env), env);
  default:
    break;
  }
  if (!iam_profile_is_given(&p))
    return iam_auth_apikey_new(iam_url, env, credential_read, (void *)(uintptr_t)c);
  return iam_auth_assume_new(iam_url, env, &p, credential_read, (void *)(uintptr_t)c);
}

// --- what it is ---

static enum err describe_token(const struct config_credential *c, char *dst, size_t cap,
                               struct error *e) {
  const char *const one[] = {c->token_file, NULL};
  SECRET_AUTO token = NULL;
  const char *file = NULL;
  char subject[IAM_SUBJECT_MAX];
  const struct iam_profile p = credential_profile(c);
  enum err err = iam_compute_read(c->token_file ? one : iam_compute_files, &token, &file, e);
  if (err)
    return err;
  bool known = iam_compute_subject(token, subject);
  snprintf(dst, cap, "no key: the token in %s is %s's, for trusted profile %s", file,
           known ? subject : "this machine", iam_profile_name(&p));
  return ERR_OK;
}

enum err credential_describe(const struct config_credential *c, char *dst, size_t cap,
                             struct error *e) {
  const struct iam_profile p = credential_profile(c);
  if (c->kind == CONFIG_CREDENTIAL_COMPUTE)
    return describe_token(c, dst, cap, e);
  if (c->kind == CONFIG_CREDENTIAL_METADATA) {
    snprintf(dst, cap, "no key: the metadata service at %s, for trusted profile %s", c->metadata,
             iam_profile_name(&p));
    return ERR_OK;
  }
  *e = (struct error){0};
  SECRET_AUTO key = credential_read((void *)(uintptr_t)c, e);
  if (!key)
    return e->kind ? e->kind : error_no_memory(e);
  bool assumes = iam_profile_is_given(&p);
  snprintf(dst, cap, "the %s can be read%s%s", title_of(c).text,
           assumes ? "; its identity assumes trusted profile " : "",
           assumes ? iam_profile_name(&p) : "");
  return ERR_OK;
}
