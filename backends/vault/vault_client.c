// Requests. What is retried blindly is retried by the transport's decorator (rotator/http/retry.h):
// reads, and whatever certainly was not applied. Here is what only this service says: a redirect, a
// token that is not known, a node that lags (412), a mount that is being upgraded.
#include <stdio.h>
#include <string.h>

#include "backends/vault/vault.h"
#include "backends/vault/vault_session_internal.h"
#include "rotator/base/text.h"

#define QUICK_MS 5000
#define URL_MAX (VAULT_PATH_MAX * 2 + 1024)

static bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

// A standby names the active node: once, never from https to http, never away from a socket.
static enum err redirect_url(const struct vault_session *s, const struct http_response *h,
                             struct error *e) {
  const struct vault_server *v = &s->server;
  if (v->no_redirect || v->socket)
    return error_set(e, ERR_UNSENT, "a standby answered (HTTP %d) and redirects are %s", h->status,
                     v->socket ? "not followed from a socket" : "switched off");
  if (!text_starts(h->location, "https://") &&
      (text_starts(v->address, "https://") || !text_starts(h->location, "http://")))
    return error_set(e, ERR_UNSENT,
                     "a standby's redirect (HTTP %d) does not lead to an https:// address",
                     h->status);
  return ERR_OK;
}

static bool body_of(const struct vault_request *q, struct secret **ret) {
  return !q->body || json_print(q->body, 2 * VAULT_DATA_MAX, ret) == ERR_OK;
}

// `index` says which state a read has to see; NULL: any.
static enum err exchange(struct vault_session *s, const struct secret *token, const char *index,
                         const struct vault_request *q, struct http_response *h, struct error *e) {
  char url[URL_MAX];
  struct http_header headers[4] = {{.name = "X-Vault-Request", .value = "true"}};
  SECRET_AUTO body = NULL;
  size_t n = 1;
  int len = snprintf(url, sizeof url, "%s/v1/%s", s->server.address, q->path);
  if (len < 0 || (size_t)len >= sizeof url)
    return error_set(e, ERR_REFUSED, "the URL is too long");
  if (!body_of(q, &body))
    return error_no_memory(e);
  if (!secret_is_empty(token))
    headers[n++] = (struct http_header){.name = "X-Vault-Token", .secret = token};
  if (s->server.space && !q->root)
    headers[n++] = (struct http_header){.name = "X-Vault-Namespace", .value = s->server.space};
  if (index && *index)
    headers[n++] = (struct http_header){.name = "X-Vault-Index", .value = index};
  struct http_request r = {.method = q->method,
                           .url = url,
                           .headers = headers,
                           .n_headers = n,
                           .body = body,
                           .content_type = body ? "application/json" : NULL,
                           .replay = q->write ? HTTP_REPLAY_NEVER : HTTP_REPLAY_SAFE,
                           .prompt = q->write && !q->login,
                           .timeout_ms = q->quick ? QUICK_MS : 0,
                           .deadline_ms = q->quick ? QUICK_MS : 0};
  s->session.used = true;
  enum err err = http_exchange(s->session.http, &r, h, e);
  if (err == ERR_OK && is_redirect(h->status)) {
    err = redirect_url(s, h, e);
    if (err == ERR_OK) {
      text_copy(url, sizeof url, h->location);
      http_response_clear(h);
      err = http_exchange(s->session.http, &r, h, e);
      if (err == ERR_REFUSED) // a URL that no one may follow; nothing was applied
        err = error_set(e, ERR_UNSENT, "a standby redirects to where nothing may be sent");
    }
  }
  return err;
}

enum err vault_send_with(struct vault_session *s, const struct secret *token, const char *index,
                         const struct vault_request *q, struct vault_reply *ret,
                         struct http_response *h, struct error *e) {
  enum err err = exchange(s, token, index, q, h, e);
  if (err == ERR_OK && vault_reply_read(h, q, token, ret) != ERR_OK)
    err = session_unread(q->write, e);
  else if (err == ERR_INVALID) // a header that cannot be sent: the token, the namespace
    err = error_set(e, ERR_DENIED, "token or namespace have characters that cannot be sent");
  return err;
}

enum err vault_send(struct vault_session *s, const struct secret *token,
                    const struct vault_request *q, struct vault_reply *ret, struct error *e) {
  struct http_response h = {0};
  enum err err = vault_send_with(s, token, NULL, q, ret, &h, e);
  http_response_clear(&h);
  return err;
}
