// A session: the life of its token, calls with it, and the end.
//
// The token is got by the first who needs one, renewed when two thirds of its lease are over, got
// anew when it cannot be renewed or the server has forgotten it, given back at the end. One thread
// does it, the others wait.
#include <string.h>

#include "backends/vault/vault.h"
#include "backends/vault/vault_session_internal.h"
#include "rotator/base/text.h"

// --- the token -----------------------------------------------------------------------------------

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
  e->status = 0; // of a login, not of what the caller asks for
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
  s->login_ms = s->got_ms = env_mono_ms(s->session.env);
  return ERR_OK;
}

// A failure is no news: the old token serves on, or the next request tells.
static bool renew(struct vault_session *s) {
  struct vault_reply r = {0};
  struct vault_login got = {0};
  struct error e = {0};
  JSON_AUTO body = cJSON_CreateObject();
  const struct vault_request q = {.method = "POST", .path = "auth/token/renew-self", .body = body};
  bool good = body && vault_send(s, s->login.token, &q, &r, &e) == ERR_OK && r.status == 200 &&
              vault_auth_take(&r, &got, &e) == ERR_OK;
  if (good && got.lease_s > 0) {
    s->login.lease_s = got.lease_s;
    s->login.renewable = got.renewable;
    s->login_ms = env_mono_ms(s->session.env);
  }
  // At the end of its longest life a token is renewed by less and less.
  good = good && got.lease_s > 60;
  secret_free(got.token);
  vault_reply_clear(&r);
  return good;
}

static bool is_old(const struct vault_session *s) {
  return s->login.ours && s->login.lease_s > 0 &&
         env_mono_ms(s->session.env) - s->login_ms >= s->login.lease_s * 1000 * 2 / 3;
}

static enum err copy_token(const struct vault_session *s, struct secret **ret, struct error *e) {
  *ret = secret_dup(s->login.token);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err token_get(struct vault_session *s, struct secret **ret, struct error *e) {
  enum err err = ERR_OK;
  pthread_mutex_lock(&s->session.token_lock);
  if (!s->login.token)
    err = log_in(s, e);
  else if (is_old(s) && !(s->login.renewable && renew(s)) && log_in(s, e) != ERR_OK)
    s->login_ms = env_mono_ms(s->session.env); // the old one lives on for a while
  if (err == ERR_OK)
    err = copy_token(s, ret, e);
  pthread_mutex_unlock(&s->session.token_lock);
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

static enum err token_refused(struct vault_session *s, const struct secret *token, bool *ret_other,
                              struct error *e) {
  enum err err = ERR_OK;
  *ret_other = false;
  pthread_mutex_lock(&s->session.token_lock);
  if (!secret_equal(token, s->login.token)) {
    *ret_other = true; // somebody else was here before us
  } else if (!s->useless_again && !is_known(s, token)) {
    bool fresh = s->login.ours && env_mono_ms(s->session.env) - s->got_ms < 5000;
    if (fresh) { // a node that lags may not have heard of it yet
      *ret_other = env_sleep_ms(s->session.env, 500) == ERR_OK && is_known(s, token);
    }
    if (!*ret_other) {
      err = log_in(s, e);
      *ret_other = err == ERR_OK && !secret_equal(token, s->login.token);
    }
  }
  pthread_mutex_unlock(&s->session.token_lock);
  return err;
}

static void token_no_help(struct vault_session *s) {
  pthread_mutex_lock(&s->session.token_lock);
  s->useless_again = true;
  pthread_mutex_unlock(&s->session.token_lock);
}

// --- calls ---------------------------------------------------------------------------------------

static void index_get(struct vault_session *s, char *dst, size_t cap) {
  pthread_mutex_lock(&s->session.token_lock);
  text_copy(dst, cap, s->index);
  pthread_mutex_unlock(&s->session.token_lock);
}

static void index_put(struct vault_session *s, const char *index) {
  if (!*index)
    return;
  pthread_mutex_lock(&s->session.token_lock);
  text_copy(s->index, sizeof s->index, index);
  pthread_mutex_unlock(&s->session.token_lock);
}

static enum err once(struct vault_session *s, const struct secret *token,
                     const struct vault_request *q, struct vault_reply *ret, struct error *e) {
  char index[sizeof s->index] = "";
  struct http_response h = {0};
  if (!q->write)
    index_get(s, index, sizeof index);
  enum err err = vault_send_with(s, token, index, q, ret, &h, e);
  if (err == ERR_OK && q->write)
    index_put(s, h.index);
  http_response_clear(&h);
  return err;
}

// How long to wait before the same is asked again, −1: no use. Neither answer is about the item.
static int64_t wait_ms(const struct vault_reply *r, int64_t waited_ms, unsigned n) {
  bool lags = r->status == 412, upgrades = r->status == 400 && (r->said & VAULT_SAID_UPGRADING);
  if ((!lags && !upgrades) || waited_ms >= VAULT_LAG_MS)
    return -1;
  return upgrades ? 1000 : n < 5 ? 100 << n : 2000;
}

static enum err patiently(struct vault_session *s, const struct secret *token,
                          const struct vault_request *q, struct vault_reply *ret, struct error *e) {
  int64_t waited = 0, ms = 0;
  for (unsigned n = 0;; n++, waited += ms) {
    enum err err = once(s, token, q, ret, e);
    ms = err == ERR_OK ? wait_ms(ret, waited, n) : -1;
    if (ms < 0 || env_sleep_ms(s->session.env, ms) != ERR_OK)
      return err;
    vault_reply_clear(ret);
  }
}

enum err vault_call(struct vault_session *s, const struct vault_request *q, struct vault_reply *ret,
                    struct error *e) {
  SECRET_AUTO token = NULL;
  bool other = false;
  enum err err = token_get(s, &token, e);
  if (err == ERR_OK)
    err = patiently(s, token, q, ret, e);
  if (err != ERR_OK || ret->status != 403)
    return err;
  err = token_refused(s, token, &other, e);
  if (err == ERR_OK && !other)
    return err;
  token = secret_free(token);
  vault_reply_clear(ret); // whatever comes now, it is not about the policy of that token
  if (err == ERR_OK)
    err = token_get(s, &token, e);
  if (err != ERR_OK)
    return err;
  err = patiently(s, token, q, ret, e);
  if (err == ERR_OK && ret->status == 403)
    token_no_help(s);
  return err;
}

// --- sessions ------------------------------------------------------------------------------------

static const size_t texts[] = {
    offsetof(struct vault_server, address),
    offsetof(struct vault_server, socket),
    offsetof(struct vault_server, space),
    offsetof(struct vault_server, ca_file),
    offsetof(struct vault_server, ca_bytes),
    offsetof(struct vault_server, ca_path),
    offsetof(struct vault_server, client_cert),
    offsetof(struct vault_server, client_key),
    offsetof(struct vault_server, tls_server_name),
    offsetof(struct vault_server, proxy),
    offsetof(struct vault_server, auth.mount),
    offsetof(struct vault_server, auth.role),
    offsetof(struct vault_server, auth.role_id),
    offsetof(struct vault_server, auth.role_id_file),
    offsetof(struct vault_server, auth.secret_file),
    offsetof(struct vault_server, auth.secret_credential),
};

static bool same(const void *x, const void *y) {
  const struct vault_server *a = x, *b = y;
  return a->timeout_ms == b->timeout_ms && a->tries == b->tries &&
         a->no_redirect == b->no_redirect && a->auth.method == b->auth.method &&
         a->auth.wrapped == b->auth.wrapped;
}

static struct transport *make_pool(const struct session *session) {
  const struct vault_server *v = &((const struct vault_session *)session)->server;
  const struct curl_options o = {.ca_file = v->ca_file,
                                 .ca_bytes = v->ca_bytes,
                                 .ca_path = v->ca_path,
                                 .client_cert = v->client_cert,
                                 .client_key = v->client_key,
                                 .tls_server_name = v->tls_server_name,
                                 .unix_socket = v->socket,
                                 .proxy = v->proxy,
                                 .allow_plain_loopback = true,
                                 .timeout_ms = v->timeout_ms,
                                 .max_body = 4 * 1024 * 1024};
  struct retry_limits retry = RETRY_DEFAULT;
  retry.tries = (unsigned)(v->tries > 0 ? v->tries : 1);
  return http_pool_new(&o, &retry, session->env);
}

static void forget_all(struct session *session) {
  struct vault_session *s = (struct vault_session *)session;
  forget(s);
  vault_auth_forget(&s->kept);
}

// An agent's listener may put its own token in the place of the one that it is sent, and end that
// one: "self" is ours only where its accessor is the one that the login gave. A listener hides it.
static bool self_is_ours(struct vault_session *s) {
  struct vault_reply r = {0};
  struct error e;
  const struct vault_request q = {.method = "GET", .path = "auth/token/lookup-self", .quick = true};
  bool ours = false;
  if (s->login.accessor[0] && vault_send(s, s->login.token, &q, &r, &e) == ERR_OK) {
    const char *accessor = json_text(vault_reply_data(&r), "accessor");
    ours = r.status == 200 && accessor && strcmp(accessor, s->login.accessor) == 0;
  }
  vault_reply_clear(&r);
  return ours;
}

static void revoke(struct vault_session *s) {
  struct vault_reply r = {0};
  struct error e;
  const struct vault_request q = {
      .method = "POST", .path = "auth/token/revoke-self", .write = true, .quick = true};
  if (s->login.token && s->login.ours && !s->login.batch && self_is_ours(s))
    vault_send(s, s->login.token, &q, &r, &e);
  vault_reply_clear(&r);
}

static bool never(struct env *env) {
  (void)env;
  return false;
}

// After a stop no transport begins anything, and yet a token must not outlive the program: it is
// revoked in surroundings that know of no stop, within seconds.
static void give_back(struct session *session) {
  struct vault_session *s = (struct vault_session *)session;
  struct env *env = session->env;
  struct transport *http = session->http;
  struct env_ops ops = *env_real()->ops;
  struct env calm = {.ops = &ops};
  if (!env_stopping(env)) {
    revoke(s);
    return;
  }
  ops.stopping = never;
  session->env = &calm;
  session->http = make_pool(session);
  if (session->http)
    revoke(s);
  transport_free(session->http);
  session->env = env;
  session->http = http;
}

static struct session_registry sessions = {
    .size = sizeof(struct vault_session),
    .server_at = offsetof(struct vault_session, server),
    .server_size = sizeof(struct vault_server),
    .texts = texts,
    .n_texts = sizeof texts / sizeof *texts,
    .same = same,
    .make_pool = make_pool,
    .forget = forget_all,
    .give_back = give_back,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

struct vault_session *vault_session_get(const struct vault_server *server, struct env *env) {
  return session_get(&sessions, server, env);
}

void vault_session_put(struct vault_session *s) {
  session_put(&sessions, s ? &s->session : NULL);
}

void vault_sessions_finish(void) {
  session_finish(&sessions);
}

void vault_server_clear(struct vault_server *s) {
  session_server_clear(&sessions, s);
}
