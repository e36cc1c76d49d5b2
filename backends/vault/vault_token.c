// The life of a session's token: got by the first who needs one, renewed when two thirds of its
// lease are over, got anew when it cannot be renewed or the server has forgotten it, given back at
// the end. One thread does it, the others wait.
#include <string.h>

#include "backends/vault/vault_session_internal.h"

#define FINISH_MS 5000

static void forget(struct vault_session *s) {
  secret_free(s->login.token);
  s->login = (struct vault_login){0};
}

// Whatever does not pass by itself is a matter of rights to the item's reader; in no case may it
// look like an answer about the item.
static enum err as_denied(enum err err, struct error *e) {
  bool stays = err_is_passing(err) || err == ERR_CANCELLED || err == ERR_INTERNAL;
  if (err == ERR_CONFLICT || err == ERR_UNSURE)
    err = ERR_UNSENT;
  else if (!stays)
    err = ERR_DENIED;
  e->kind = err;
  return err;
}

static enum err log_in(struct vault_session *s, struct error *e) {
  struct vault_login got = {0};
  const struct vault_auth_settings *a = &s->server.auth;
  enum err err = a->method->login(s, a, &s->kept, &got, e);
  if (err != ERR_OK)
    return as_denied(err, e);
  forget(s);
  s->login = got;
  s->login_ms = s->got_ms = env_mono_ms(s->env);
  return ERR_OK;
}

// A failure is no news: the old token serves on, or the next request tells.
static bool renew(struct vault_session *s) {
  struct vault_reply r = {0};
  struct vault_login got = {0};
  struct error e = {0};
  JSON_AUTO body = cJSON_CreateObject();
  const struct vault_request q = {.method = "POST", .path = "auth/token/renew-self", .body = body};
  bool good = vault_send(s, s->login.token, &q, &r, &e) == ERR_OK && r.status == 200 &&
              vault_auth_take(&r, &got, &e) == ERR_OK;
  if (good && got.lease_s > 0) {
    s->login.lease_s = got.lease_s;
    s->login.renewable = got.renewable;
    s->login_ms = env_mono_ms(s->env);
  }
  // At the end of its longest life a token is renewed by less and less.
  good = good && got.lease_s > 60;
  secret_free(got.token);
  vault_reply_clear(&r);
  return good;
}

static bool is_old(const struct vault_session *s) {
  return s->login.ours && s->login.lease_s > 0 &&
         env_mono_ms(s->env) - s->login_ms >= s->login.lease_s * 1000 * 2 / 3;
}

static enum err copy_token(const struct vault_session *s, struct secret **ret, struct error *e) {
  *ret = secret_dup(s->login.token);
  return *ret ? ERR_OK : error_no_memory(e);
}

enum err vault_token_get(struct vault_session *s, struct secret **ret, struct error *e) {
  enum err err = ERR_OK;
  pthread_mutex_lock(&s->token_lock);
  if (!s->login.token)
    err = log_in(s, e);
  else if (is_old(s) && !(s->login.renewable && renew(s)) && log_in(s, e) != ERR_OK)
    s->login_ms = env_mono_ms(s->env); // the old one lives on for a while
  if (err == ERR_OK)
    err = copy_token(s, ret, e);
  pthread_mutex_unlock(&s->token_lock);
  return err;
}

// Does the server know the token? Whoever has none of the default policy's rights looks like a
// stranger here.
static bool is_known(struct vault_session *s, const struct secret *token) {
  struct vault_reply r = {0};
  struct error e;
  const struct vault_request q = {.method = "GET", .path = "auth/token/lookup-self"};
  bool known = vault_send(s, token, &q, &r, &e) == ERR_OK && r.status != 403;
  vault_reply_clear(&r);
  return known;
}

enum err vault_token_refused(struct vault_session *s, const struct secret *token, bool *ret_other,
                             struct error *e) {
  enum err err = ERR_OK;
  *ret_other = false;
  pthread_mutex_lock(&s->token_lock);
  if (!secret_equal(token, s->login.token)) {
    *ret_other = true; // somebody else was here before us
  } else if (!s->useless_again && !is_known(s, token)) {
    bool fresh = s->login.ours && env_mono_ms(s->env) - s->got_ms < 5000;
    if (fresh) { // a node that lags may not have heard of it yet
      *ret_other = env_sleep_ms(s->env, 500) == ERR_OK && is_known(s, token);
    }
    if (!*ret_other) {
      err = log_in(s, e);
      *ret_other = err == ERR_OK && !secret_equal(token, s->login.token);
    }
  }
  pthread_mutex_unlock(&s->token_lock);
  return err;
}

void vault_token_no_help(struct vault_session *s) {
  pthread_mutex_lock(&s->token_lock);
  s->useless_again = true;
  pthread_mutex_unlock(&s->token_lock);
}

void vault_token_drop(struct vault_session *s) {
  struct vault_reply r = {0};
  struct error e;
  const struct vault_request q = {
      .method = "POST", .path = "auth/token/revoke-self", .write = true, .quick = true};
  if (s->login.token && s->login.ours && !s->login.batch)
    vault_send(s, s->login.token, &q, &r, &e);
  vault_reply_clear(&r);
  forget(s);
  s->kept = secret_free(s->kept);
}
