#include "rotator/app/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/atomic_file.h"
#include "rotator/base/json.h"
#include "rotator/cloud/iam_http.h"

#define CREDENTIAL_MAX 8192

bool credential_path(const struct config_credential *c, char *dst, size_t cap, struct error *e) {
  int n;
  if (c->file) {
    n = snprintf(dst, cap, "%s", c->file);
  } else {
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || !c->credential) {
      error_set(e, ERR_INVALID,
                "management credential '%s': systemd passed none ($CREDENTIALS_DIRECTORY is not "
                "set); run it in its unit, or configure {file: ...}",
                c->credential ? c->credential : "");
      return false;
    }
    n = snprintf(dst, cap, "%s/%s", dir, c->credential);
  }
  if (n > 0 && (size_t)n < cap)
    return true;
  error_set(e, ERR_INVALID, "path of the management credential is too long");
  return false;
}

// Nobody but its owner and group may be able to change it; others must not read it either.
static bool is_private(const char *path, struct error *e) {
  struct stat st;
  if (stat(path, &st) == 0 && st.st_mode & (S_IRWXO | S_IWGRP)) {
    error_set(e, ERR_REFUSED, "management credential %s has mode %04o: chmod 0600 (or 0640) it",
              path, (unsigned)(st.st_mode & 07777));
    return false;
  }
  return true;
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
static struct secret *from_store(const struct config_store *s, struct error *e) {
  const struct store_context context = {.env = env_real(), .user_agent = NULL};
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
    error_wrap(e, "management credential");
  if (err == ERR_MISSING && e) // of the key, not of anything that IAM would have said
    e->kind = ERR_INVALID;
  return r.value;
}

struct secret *credential_read(void *ctx, struct error *e) {
  const struct config_credential *c = ctx;
  const struct file_rules rules = {
      .owner = (uid_t)-1, .group = (gid_t)-1, .max_bytes = CREDENTIAL_MAX};
  char path[4096];
  SECRET_AUTO bytes = NULL;
  struct file_version v;
  if (c->store)
    return from_store(c->store, e);
  if (!credential_path(c, path, sizeof path, e))
    return NULL;
  if (file_read(path, &rules, &bytes, &v, e) != ERR_OK) {
    error_wrap(e, "management credential");
    return NULL;
  }
  if (!is_private(path, e))
    return NULL;
  struct secret *key = secret_bytes(bytes)[0] == '{' ? from_json(bytes) : from_text(bytes);
  if (!key) {
    error_set(e, ERR_INVALID, "management credential %s: JSON without \"apikey\"", path);
    return NULL;
  }
  if (iam_value_check(key, e) != ERR_OK) {
    error_wrap(e, "management credential %s", path);
    return secret_free(key);
  }
  return key;
}
