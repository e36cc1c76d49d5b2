// A token by an API key, and, where a profile is to be assumed, a second exchange that makes the
// key's identity that profile.
#include <stdlib.h>
#include <string.h>

#include "rotator/cloud/iam_auth.h"
#include "rotator/cloud/iam_profile.h"
#include "rotator/cloud/iam_token.h"
#include "rotator/cloud/iam_url.h"

struct apikey {
  char *url;
  struct env *env;
  struct secret *(*read_key)(void *ctx, struct error *e);
  void *ctx;
  struct iam_profile profile; // nothing in it: none is assumed
};

static enum err assume(const struct apikey *a, struct iam_exchange *x, const struct iam_token *own,
                       struct iam_token *ret, struct error *e) {
  SECRET_AUTO form = secret_new(2048 + 3 * secret_len(own->bearer));
  x->value = own->bearer;
  if (!form || http_form_add(form, "grant_type", "urn:ibm:params:oauth:grant-type:assume") ||
      http_form_add_secret(form, "access_token", own->bearer) ||
      http_form_add(form, "response_type", "cloud_iam") || iam_profile_add(form, &a->profile))
    return error_no_memory(e);
  enum err err = iam_token_grant(x, "assume the profile", form, ret, e);
  if (err)
    error_wrap(e, "trusted profile %s, %s", iam_profile_name(&a->profile), own->iam_id);
  return err;
}

static enum err get(void *ctx, struct transport *t, int64_t deadline_ms, struct iam_token *ret,
                    struct iam_credential *ret_by, struct error *e) {
  const struct apikey *a = ctx;
  SECRET_AUTO key = a->read_key(a->ctx, e);
  if (!key)
    return e->kind ? e->kind : error_no_memory(e);
  struct iam_exchange x = {
      .base = a->url, .transport = t, .env = a->env, .value = key, .deadline_ms = deadline_ms};
  struct iam_token own = {0};
  enum err err = iam_token_exchange(&x, &own, NULL, e);
  if (err)
    return err;
  memcpy(ret_by->iam_id, own.iam_id, sizeof ret_by->iam_id);
  if (!iam_profile_is_given(&a->profile)) {
    *ret = own;
  } else {
    err = assume(a, &x, &own, ret, e);
    iam_token_clear(&own);
  }
  if (!err) {
    ret_by->gained = key;
    key = NULL;
  }
  return err;
}

static struct secret *read_now(void *ctx, struct error *e) {
  const struct apikey *a = ctx;
  return a->read_key(a->ctx, e);
}

static void free_apikey(void *ctx) {
  struct apikey *a = ctx;
  if (a)
    free(a->url);
  free(a);
}

struct iam_auth *iam_auth_assume_new(const char *iam_url, struct env *env,
                                     const struct iam_profile *profile,
                                     struct secret *(*read_key)(void *ctx, struct error *e),
                                     void *ctx) {
  static const struct iam_auth_way way = {.get = get, .read = read_now, .free = free_apikey};
  struct apikey *a = calloc(1, sizeof *a);
  char *url = iam_url_base(iam_url);
  if (!a || !url) {
    free(a);
    free(url);
    return NULL;
  }
  *a = (struct apikey){
      .url = url, .env = env, .read_key = read_key, .ctx = ctx, .profile = *profile};
  return iam_auth_new(&way, a, env);
}

struct iam_auth *iam_auth_apikey_new(const char *iam_url, struct env *env,
                                     struct secret *(*read_key)(void *ctx, struct error *e),
                                     void *ctx) {
  static const struct iam_profile none;
  return iam_auth_assume_new(iam_url, env, &none, read_key, ctx);
}
