// A token by that of a compute resource: the pod of a cluster (Kubernetes, OpenShift) or the job of
// Code Engine that we are. The platform puts its token into a file and replaces it long before it
// ends, so it is read for every exchange. IAM looks whether a link or a rule of the trusted profile
// names who the token is for. There is no key.
#include <stdlib.h>
#include <unistd.h>

#include "rotator/base/credential.h"
#include "rotator/base/text.h"
#include "rotator/cloud/iam_auth.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_profile.h"
#include "rotator/cloud/iam_token.h"
#include "rotator/cloud/iam_url.h"

#define WHAT "compute resource token"

// In the order in which the vendor's SDKs look for them.
const char *const iam_compute_files[] = {
    "/var/run/secrets/tokens/vault-token",
    "/var/run/secrets/tokens/sa-token",
    "/var/run/secrets/codeengine.cloud.ibm.com/compute-resource-token/token",
    NULL,
};

struct compute {
  char *url;
  struct env *env;
  struct iam_profile profile;
  const char *file[2]; // the one that is configured, NULL at its end
};

static enum err tell_none(const char *const *files, struct error *e) {
  struct text_buf list = TEXT_BUF(400);
  for (size_t i = 0; files[i]; i++)
    text_buf_add(&list, "%s%s", i ? ", " : "", files[i]);
  error_set(e, ERR_DENIED,
            WHAT ": there is no %s: the pod needs a projected service account token with audience "
                 "iam there, or the job trusted profiles switched on",
            text_buf_str(&list));
  text_buf_free(&list);
  return ERR_DENIED;
}

enum err iam_compute_read(const char *const *files, struct secret **ret, const char **ret_file,
                          struct error *e) {
  size_t i = 0;
  while (files[i] && access(files[i], F_OK) != 0)
    i++;
  if (!files[i])
    return tell_none(files, e);
  const struct credential_file file = {CREDENTIAL_HANDED, WHAT, files[i], NULL};
  SECRET_AUTO token = NULL;
  enum err err = credential_read_word(&file, &token, e);
  if (!err)
    err = credential_check_word(token, WHAT, e);
  if (err)
    return err;
  *ret = token;
  *ret_file = files[i];
  token = NULL;
  return ERR_OK;
}

static enum err build_form(const struct compute *c, const struct secret *token, struct secret **ret,
                           struct error *e) {
  SECRET_AUTO form = secret_new(2048 + 3 * secret_len(token));
  if (!form || http_form_add(form, "grant_type", "urn:ibm:params:oauth:grant-type:cr-token") ||
      http_form_add_secret(form, "cr_token", token) ||
      http_form_add(form, "response_type", "cloud_iam") || iam_profile_add(form, &c->profile))
    return error_no_memory(e);
  *ret = form;
  form = NULL;
  return ERR_OK;
}

// "trusted profile P, system:serviceaccount:ns:name of FILE: …"
static void tell_who(const struct compute *c, const struct secret *token, const char *file,
                     struct error *e) {
  char subject[IAM_SUBJECT_MAX];
  bool known = iam_compute_subject(token, subject);
  error_wrap(e, "trusted profile %s, %s of %s", iam_profile_name(&c->profile),
             known ? subject : "the token", file);
}

static enum err get(void *ctx, struct transport *t, int64_t deadline_ms, struct iam_token *ret,
                    struct iam_credential *ret_by, struct error *e) {
  (void)ret_by;
  const struct compute *c = ctx;
  SECRET_AUTO token = NULL;
  SECRET_AUTO form = NULL;
  const char *file = NULL;
  enum err err = iam_compute_read(c->file[0] ? c->file : iam_compute_files, &token, &file, e);
  if (!err)
    err = build_form(c, token, &form, e);
  if (err)
    return err;
  const struct iam_exchange x = {
      .base = c->url, .transport = t, .env = c->env, .value = token, .deadline_ms = deadline_ms};
  err = iam_token_grant(&x, "exchange it for a token", form, ret, e);
  if (err)
    tell_who(c, token, file, e);
  return err;
}

bool iam_compute_subject(const struct secret *token, char dst[IAM_SUBJECT_MAX]) {
  return iam_decode_subject(secret_bytes(token), secret_len(token), dst, IAM_SUBJECT_MAX);
}

static void free_compute(void *ctx) {
  struct compute *c = ctx;
  if (c)
    free(c->url);
  free(c);
}

struct iam_auth *iam_auth_compute_new(const char *iam_url, struct env *env,
                                      const struct iam_profile *profile, const char *file) {
  static const struct iam_auth_way way = {.get = get, .free = free_compute};
  struct compute *c = calloc(1, sizeof *c);
  char *url = iam_url_base(iam_url);
  if (!c || !url) {
    free(c);
    free(url);
    return NULL;
  }
  *c = (struct compute){.url = url, .env = env, .profile = *profile, .file = {file}};
  return iam_auth_new(&way, c, env);
}
