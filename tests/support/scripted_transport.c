#include "tests/support/scripted_transport.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"

enum { MOST_ROWS = 128 };

struct scripted {
  struct transport base;
  struct env *env;
  const struct script_row *rows;
  size_t n_rows;
  unsigned used[MOST_ROWS];
  struct script_request *requests;
  size_t n_requests, unexpected;
};

static const struct scripted *view(const struct transport *t) {
  return (const struct scripted *)t;
}

static bool part_matches(const char *part, const char *whole) {
  size_t n = part ? strlen(part) : 0;
  if (!n)
    return true;
  if (part[n - 1] != '$')
    return strstr(whole, part) != NULL;
  size_t m = strlen(whole);
  return m >= n - 1 && memcmp(whole + m - (n - 1), part, n - 1) == 0;
}

static const struct script_row *find_row(struct scripted *s, const struct http_request *req) {
  for (size_t i = 0; i < s->n_rows && i < MOST_ROWS; i++) {
    const struct script_row *r = &s->rows[i];
    if ((r->times && s->used[i] >= r->times) ||
        (r->method && strcmp(r->method, req->method) != 0) || !part_matches(r->url, req->url) ||
        !part_matches(r->in_body, secret_bytes(req->body)))
      continue;
    s->used[i]++;
    return r;
  }
  return NULL;
}

static char *headers_text(const struct http_request *req) {
  struct text_buf b = TEXT_BUF(1024 * 1024);
  for (size_t i = 0; i < req->n_headers; i++) {
    const struct http_header *h = &req->headers[i];
    if (h->secret)
      text_buf_add(&b, "%s: %s%s\n", h->name, h->prefix ? h->prefix : "", secret_bytes(h->secret));
    else
      text_buf_add(&b, "%s: %s\n", h->name, h->value ? h->value : "");
  }
  char *text = strdup(text_buf_str(&b));
  text_buf_free(&b);
  return text;
}

static bool record(struct scripted *s, const struct http_request *req) {
  struct script_request *more = realloc(s->requests, (s->n_requests + 1) * sizeof *more);
  if (!more)
    return false;
  s->requests = more;
  struct script_request *r = &more[s->n_requests];
  *r = (struct script_request){.replay = req->replay,
                               .fresh_connection = req->fresh_connection,
                               .timeout_ms = req->timeout_ms,
                               .deadline_ms = req->deadline_ms,
                               .max_body = req->max_body};
  text_copy(r->method, sizeof r->method, req->method);
  text_copy(r->url, sizeof r->url, req->url);
  text_copy(r->content_type, sizeof r->content_type, req->content_type ? req->content_type : "");
  r->body = strdup(secret_bytes(req->body));
  r->headers = headers_text(req);
  s->n_requests++;
  return r->body && r->headers;
}

static enum err answer(const struct scripted *s, const struct script_row *row,
                       struct http_response *ret, struct error *e) {
  struct http_response a = {.status = row->status ? row->status : 200, .tries = 1};
  a.body = secret_copy_text(row->body ? row->body : "");
  if (!a.body)
    return error_no_memory(e);
  text_copy(a.content_type, sizeof a.content_type,
            row->content_type ? row->content_type : "application/json");
  text_copy(a.etag, sizeof a.etag, row->etag ? row->etag : "");
  text_copy(a.location, sizeof a.location, row->location ? row->location : "");
  text_copy(a.transaction, sizeof a.transaction, row->transaction ? row->transaction : "");
  text_copy(a.index, sizeof a.index, row->index ? row->index : "");
  a.retry_after_ms = row->retry_after_s > 0 ? row->retry_after_s * 1000 : -1;
  a.date_s = row->date_s ? row->date_s : s->env ? env_wall_ms(s->env) / 1000 : -1;
  http_response_clear(ret);
  *ret = a;
  return ERR_OK;
}

static enum err scripted_exchange(struct transport *t, const struct http_request *req,
                                  struct http_response *ret, struct error *e) {
  struct scripted *s = (struct scripted *)t;
  if (s->env && env_stopping(s->env))
    return error_set(e, ERR_CANCELLED, "a stop was asked for");
  if (!record(s, req))
    return error_no_memory(e);
  const struct script_row *row = find_row(s, req);
  if (!row) {
    s->unexpected++;
    return error_set(e, ERR_INTERNAL, "no row for %s %s", req->method, req->url);
  }
  if (row->takes_ms && s->env)
    (void)env_sleep_ms(s->env, row->takes_ms);
  if (row->result)
    return error_set(e, row->result, "scripted: %s", err_name(row->result));
  return answer(s, row, ret, e);
}

static void scripted_free(struct transport *t) {
  struct scripted *s = (struct scripted *)t;
  for (size_t i = 0; i < s->n_requests; i++) {
    free(s->requests[i].body);
    free(s->requests[i].headers);
  }
  free(s->requests);
  free(s);
}

struct transport *scripted_transport_new(const struct script_row *rows, size_t n, struct env *env) {
  static const struct transport_ops ops = {.exchange = scripted_exchange, .free = scripted_free};
  struct scripted *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->base.ops = &ops;
  s->env = env;
  scripted_set_rows(&s->base, rows, n);
  return &s->base;
}

void scripted_set_rows(struct transport *t, const struct script_row *rows, size_t n) {
  struct scripted *s = (struct scripted *)t;
  s->rows = rows;
  s->n_rows = n;
  memset(s->used, 0, sizeof s->used);
}

size_t scripted_count(const struct transport *t) {
  return view(t)->n_requests;
}
size_t scripted_unexpected(const struct transport *t) {
  return view(t)->unexpected;
}

const struct script_request *scripted_request(const struct transport *t, size_t i) {
  return i < view(t)->n_requests ? &view(t)->requests[i] : NULL;
}

const struct script_request *scripted_last(const struct transport *t) {
  return view(t)->n_requests ? &view(t)->requests[view(t)->n_requests - 1] : NULL;
}

size_t scripted_count_of(const struct transport *t, const char *method, const char *url) {
  size_t n = 0;
  for (size_t i = 0; i < view(t)->n_requests; i++) {
    const struct script_request *r = &view(t)->requests[i];
    n += (!method || strcmp(method, r->method) == 0) && part_matches(url, r->url);
  }
  return n;
}

const char *scripted_header(const struct script_request *r, const char *name) {
  static char value[4096];
  size_t n = strlen(name);
  for (const char *line = r->headers; *line; line += strcspn(line, "\n") + 1) {
    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
      continue;
    size_t len = strcspn(line + n + 2, "\n");
    if (len >= sizeof value)
      len = sizeof value - 1;
    memcpy(value, line + n + 2, len);
    value[len] = '\0';
    return value;
  }
  return "";
}
