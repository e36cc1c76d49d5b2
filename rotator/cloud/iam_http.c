// The client: its life, and the calls that concern tokens. The others are in iam_keys.c,
// iam_key_change.c, iam_service_ids.c and iam_policies.c; how any call is sent is in iam_call.c.
#include "rotator/cloud/iam_http.h"

#include <stdlib.h>

#include "rotator/cloud/iam_call.h"
#include "rotator/cloud/iam_url.h"

static struct iam_exchange exchange_of(const struct iam_http *h, const struct secret *value,
                                       bool fresh) {
  return (struct iam_exchange){
      .base = h->url, .transport = h->transport, .env = h->env, .value = value, .fresh = fresh};
}

static void take_date(struct iam_http *h, int64_t date_s) {
  if (date_s < 0)
    return;
  h->date_s = date_s;
  h->date_at_ms = env_mono_ms(h->env);
}

static enum err exchange_value(struct iam *c, const struct secret *value, bool fresh,
                               struct iam_token *ret, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  const struct iam_exchange x = exchange_of(h, value, fresh);
  int64_t date_s = -1;
  enum err err = iam_token_exchange(&x, ret, &date_s, e);
  take_date(h, date_s);
  return err;
}

static void exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                          size_t n) {
  struct iam_http *h = iam_http_of(c);
  const struct iam_exchange x = exchange_of(h, value, true);
  int64_t date_s = -1;
  iam_token_exchange_each(&x, ret, n, &date_s);
  take_date(h, date_s);
}

static enum err whoami(struct iam *c, struct iam_token *ret_claims_only, struct error *e) {
  struct iam_http *h = iam_http_of(c);
  struct iam_token token = {0};
  enum err err = h->auth->ops->token(h->auth, h->transport, NULL, &token, e);
  if (err) {
    error_wrap(e, "management token");
    return err;
  }
  token.bearer = secret_free(token.bearer);
  *ret_claims_only = token;
  return ERR_OK;
}

static enum err credential(struct iam *c, const char *iam_id, struct iam_credential *ret,
                           struct error *e) {
  struct iam_http *h = iam_http_of(c);
  if (!h->auth->ops->credential)
    return error_set(e, ERR_MISSING, "no API key stands behind the management token");
  return h->auth->ops->credential(h->auth, h->transport, iam_id, ret, e);
}

static void free_client(struct iam *c) {
  struct iam_http *h = iam_http_of(c);
  free(h->url);
  free(h);
}

static const struct iam_ops ops = {
    .exchange = exchange_value,
    .exchange_each = exchange_each,
    .whoami = whoami,
    .credential = credential,
    .bearing = iam_http_bearing,
    .create = iam_http_create,
    .list = iam_http_list,
    .get = iam_http_get,
    .find_by_value = iam_http_find_by_value,
    .describe = iam_http_describe,
    .enable = iam_http_enable,
    .lock = iam_http_lock,
    .unlock = iam_http_unlock,
    .disable = iam_http_disable,
    .remove = iam_http_remove,
    .find_service_id = iam_http_find_service_id,
    .create_service_id = iam_http_create_service_id,
    .find_sender = iam_http_find_sender,
    .grant_sender = iam_http_grant_sender,
    .get_policy = iam_http_get_policy,
    .key_limit = iam_http_key_limit,
    .server_time_s = iam_http_server_time_s,
    .free = free_client,
};

struct iam *iam_http_new(const char *iam_url, struct transport *t, struct iam_auth *auth,
                         struct env *env) {
  struct iam_http *h = calloc(1, sizeof *h);
  char *url = iam_url_base(iam_url);
  if (!h || !url) {
    free(h);
    free(url);
    return NULL;
  }
  *h = (struct iam_http){
      .base = {&ops}, .url = url, .transport = t, .auth = auth, .env = env, .date_s = -1};
  return &h->base;
}
