#include "rotator/cloud/iam_call.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define BODY_MAX (64 * 1024)

struct iam_call iam_call_begin(struct iam_http *h, const char *what, const char *method,
                               const char *path) {
  struct iam_call c = {.what = what,
                       .method = method,
                       .url = TEXT_BUF(IAM_URL_MAX),
                       .n_headers = 2,
                       .replay = HTTP_REPLAY_SAFE};
  text_buf_add(&c.url, "%s%s", h->url, path);
  iam_transaction(h->env, c.transaction);
  return c;
}

void iam_call_header(struct iam_call *c, struct http_header header) {
  if (c->n_headers < IAM_CALL_HEADERS)
    c->headers[c->n_headers++] = header;
  else
    c->url.failed = true;
}

enum err iam_call_body(struct iam_call *c, cJSON *tree, struct error *e) {
  JSON_AUTO owned = tree;
  enum err err = owned ? json_print(owned, BODY_MAX, &c->body) : ERR_INTERNAL;
  if (err == ERR_INVALID)
    return error_set(e, err, "%s: the request does not fit", c->what);
  return err ? error_no_memory(e) : ERR_OK;
}

static enum err exchange(struct iam_http *h, struct iam_call *c, const struct secret *bearer,
                         struct error *e) {
  c->headers[0] =
      (struct http_header){.name = "Authorization", .secret = bearer, .prefix = "Bearer "};
  c->headers[1] = (struct http_header){.name = "Transaction-Id", .value = c->transaction};
  const struct http_request request = {.method = c->method,
                                       .url = text_buf_str(&c->url),
                                       .headers = c->headers,
                                       .n_headers = c->n_headers,
                                       .body = c->body,
                                       .content_type = c->body ? "application/json" : NULL,
                                       .replay = c->replay,
                                       .prompt = c->prompt};
  http_response_clear(&c->response);
  enum err err = http_exchange(h->transport, &request, &c->response, e);
  c->headers[0].secret = NULL;
  if (!err && c->response.date_s > 0) {
    h->date_s = c->response.date_s;
    h->date_at_ms = env_mono_ms(h->env);
  }
  return iam_report_no_answer(err, c->what, c->transaction, e);
}

// What a missing token means for the call that needed it. Whatever kept us from getting one, the
// call was not sent; and "no such key" about the management key must not be read as an answer about
// the key that the call names.
static enum err without_token(enum err err, const char *what, struct error *e) {
  enum err kind = err;
  if (err == ERR_UNSURE || err == ERR_CORRUPT || err == ERR_LOCKED || err == ERR_CONFLICT)
    kind = ERR_UNSENT;
  else if (err == ERR_REFUSED || err == ERR_MISSING || err == ERR_INVALID || err == ERR_EXISTS ||
           err == ERR_LIMIT)
    kind = ERR_DENIED;
  error_wrap(e, "%s: management token", what);
  return iam_report_as(kind, e);
}

static enum err exchange_with_token(struct iam_http *h, struct iam_call *c,
                                    const struct secret *refused, struct iam_token *token,
                                    struct error *e) {
  enum err err = h->auth->ops->token(h->auth, h->transport, refused, token, e);
  return err ? without_token(err, c->what, e) : exchange(h, c, token->bearer, e);
}

static enum err judge(struct iam_call *c, struct error *e) {
  const struct http_response *r = &c->response;
  if (r->status >= 200 && r->status <= 299)
    return ERR_OK;
  iam_fault_decode(secret_bytes(r->body), secret_len(r->body), &c->fault);
  return iam_report(iam_fault_kind(r->status, &c->fault, c->versioned), &c->fault, r, c->what, e);
}

enum err iam_call_send(struct iam_http *h, struct iam_call *c, struct error *e) {
  if (c->url.starved)
    return error_no_memory(e);
  if (c->url.failed)
    return error_set(e, ERR_INVALID, "%s: the request does not fit", c->what);
  struct iam_token token = {0}, renewed = {0};
  enum err err = exchange_with_token(h, c, NULL, &token, e);
  if (!err && c->response.status == 401)
    err = exchange_with_token(h, c, token.bearer, &renewed, e);
  if (!err)
    err = judge(c, e);
  if (err) {
    iam_report_hide(e, c->hide);
    iam_report_hide(e, token.bearer);
    iam_report_hide(e, renewed.bearer);
  }
  iam_token_clear(&token);
  iam_token_clear(&renewed);
  return err;
}

static enum err not_ours(const struct iam_call *c, struct error *e) {
  error_set(e, ERR_CORRUPT, "%s: HTTP %d with an answer that is not JSON", c->what,
            c->response.status);
  if (e) {
    e->status = c->response.status;
    text_copy(e->trace, sizeof e->trace, c->response.transaction);
  }
  return ERR_CORRUPT;
}

enum err iam_call_json(const struct iam_call *c, cJSON **ret, struct error *e) {
  JSON_AUTO root = NULL;
  if (json_read(secret_bytes(c->response.body), secret_len(c->response.body), &root) ==
      ERR_INTERNAL)
    return error_no_memory(e);
  if (!cJSON_IsObject(root))
    return not_ours(c, e);
  *ret = root;
  root = NULL;
  return ERR_OK;
}

enum err iam_call_nothing(const struct iam_call *c, struct error *e) {
  const char *body = secret_bytes(c->response.body);
  body += strspn(body, " \t\r\n");
  return *body == '\0' || *body == '{' ? ERR_OK : not_ours(c, e);
}

void iam_call_end(struct iam_call *c) {
  text_buf_free(&c->url);
  c->body = secret_free(c->body);
  http_response_clear(&c->response);
}

int64_t iam_http_server_time_s(struct iam *c) {
  const struct iam_http *h = iam_http_of(c);
  return h->date_s < 0 ? -1 : h->date_s + (env_mono_ms(h->env) - h->date_at_ms) / 1000;
}

int64_t iam_http_now_s(struct iam_http *h) {
  int64_t server_s = iam_http_server_time_s(&h->base);
  return server_s >= 0 ? server_s : env_wall_ms(h->env) / 1000;
}
