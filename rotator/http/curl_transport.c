// Exchanges that go together are done by one multi handle, each with an easy handle of its own; a
// single one is a batch of one. All share connections, resolved names and TLS sessions.
//
// An easy handle is made for each exchange and freed at its end, since libcurl 8 leaves in it what
// it sent last, tokens and bodies, until the next request; freed memory is wiped.
//
// What the end of an exchange means is decided by one fact: whether libcurl was ever about to write
// the request (curl_call.sent, set by its pre-request callback, after connecting, TLS and the
// proxy's tunnel). Before: certainly not applied, whatever the error is called. After: not known,
// unless a complete answer came. No table of error codes takes part in that; codes only name the
// step in the text.
#include "rotator/http/curl_transport.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/wipe_alloc.h"
#include "rotator/http/curl_internal.h"

// --- the start -----------------------------------------------------------------------------------

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static bool started;

// Left to itself, libcurl starts with its first handle: with malloc, and with a file for the keys
// of every TLS session where the environment names one.
static enum err start(struct error *e) {
  enum err err = ERR_OK;
  pthread_mutex_lock(&start_lock);
  if (!started) {
    unsetenv("SSLKEYLOGFILE"); // secret_setup has done so before there were threads
    // OpenSSL first, since libcurl does not look at how its start ends.
    started = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 &&
              curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc,
                                   wipe_strdup, wipe_calloc) == CURLE_OK;
    if (!started)
      err = error_set(e, ERR_INTERNAL, "libcurl or OpenSSL can't start: out of memory?");
  }
  pthread_mutex_unlock(&start_lock);
  return err;
}

void curl_transport_finish(void) {
  pthread_mutex_lock(&start_lock);
  if (started)
    curl_global_cleanup();
  started = false;
  pthread_mutex_unlock(&start_lock);
}

// --- what the end means --------------------------------------------------------------------------

static bool is_tls(CURLcode code) {
  return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
         code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

// The step that a failure before the request belongs to.
static const char *step_before(CURL *easy, CURLcode code) {
  curl_off_t lookup = 0, connect = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
  (void)curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect);
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return "resolve";
  case CURLE_COULDNT_RESOLVE_PROXY:
    return "resolve the proxy for";
  case CURLE_COULDNT_CONNECT:
    return "connect to";
  case CURLE_OPERATION_TIMEDOUT:
    return !lookup ? "resolve" : !connect ? "connect to" : "TLS with";
  case CURLE_PROXY:
    return "tunnel through the proxy to";
  default:
    return is_tls(code) ? "TLS with" : "reach";
  }
}

// libcurl quotes a proxy that it does not understand, user and password included, and takes parts
// of a password for the host when it is not encoded. What a proxy answers is no secret.
static bool tells_of_proxy(const struct curl_call *c, CURLcode code) {
  if (strstr(c->detail, "CONNECT"))
    return false;
  if (strcasestr(c->detail, "proxy"))
    return true;
  return code == CURLE_COULDNT_CONNECT && c->https && !c->t->o.unix_socket &&
         !c->t->o.tls_server_name && !strstr(c->detail, c->host);
}

static enum err fail_at_proxy(const struct curl_call *c, struct error *e) {
  const char *why = strstr(c->detail, "resolve")       ? "its name has no address"
                    : strstr(c->detail, "Unsupported") ? "it is written in a way that is not known"
                                                       : "it does not answer as one";
  return error_set(e, ERR_UNSENT,
                   "use the proxy for %s:%d: %s; see https_proxy and all_proxy%s (not shown here:"
                   " there may be a password in it)",
                   c->host, c->port, why, c->t->o.proxy ? ", VAULT_PROXY_ADDR" : "");
}

static enum err fail_before(const struct curl_call *c, CURLcode code, struct error *e) {
  if (c->stopped)
    return error_set(e, ERR_CANCELLED, "%s:%d: a stop was asked for", c->host, c->port);
  if (c->slept)
    return error_set(e, ERR_UNSENT,
                     "%s:%d: the time for it was over before it could be sent, as if the machine "
                     "had been suspended",
                     c->host, c->port);
  if (tells_of_proxy(c, code))
    return fail_at_proxy(c, e);
  const char *why = c->detail[0] ? c->detail : curl_easy_strerror(code);
  // It may be OpenSSL's state and not the server's: in this process each other connection would
  // fail too.
  if (is_tls(code) && wipe_was_starved())
    return error_set(e, ERR_INTERNAL, "TLS with %s:%d: %s, after memory ran out in this process",
                     c->host, c->port, why);
  enum err kind = code == CURLE_OUT_OF_MEMORY                                         ? ERR_INTERNAL
                  : code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? ERR_REFUSED
                                                                                      : ERR_UNSENT;
  return error_set(e, kind, "%s %s:%d: %s", step_before(c->easy, code), c->host, c->port, why);
}

// libcurl's own details are left out here: they may quote what the server sent.
static enum err fail_after(const struct curl_call *c, CURLcode code, struct error *e) {
  bool reads = strcmp(c->req->method, "GET") == 0 || strcmp(c->req->method, "HEAD") == 0;
  enum err kind = c->broken && reads ? ERR_REFUSED : ERR_UNSURE;
  long status = 0;
  (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
  (void)error_set(e, kind, "answer of %s:%d: %s", c->host, c->port,
                  c->broken         ? c->broken
                  : c->stop_seen_ms ? "did not come before the stop"
                                    : curl_easy_strerror(code));
  if (e) {
    e->status = (int)status;
    text_copy(e->trace, sizeof e->trace, c->answer.transaction);
  }
  return kind;
}

// A complete answer, unless it is none.
static enum err accept_answer(struct curl_call *c, struct http_response *ret, struct error *e) {
  long status = 0;
  (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
  // libcurl is content with headers that end in the middle of a line, and with odd status lines.
  if (!c->proper_status || !c->headers_done)
    return error_set(e, ERR_UNSURE, "answer of %s:%d: is not whole", c->host, c->port);
  if (status < 200 || status > 599)
    return error_set(e, ERR_UNSURE, "answer of %s:%d: status %ld", c->host, c->port, status);
  if (!c->answer.body && !(c->answer.body = secret_new(0)))
    return error_set(e, ERR_UNSURE, "answer of %s:%d: out of memory", c->host, c->port);
  curl_answer_finish(c);
  *ret = c->answer;
  ret->status = (int)status;
  ret->tries = 1;
  c->answer = (struct http_response){0};
  return ERR_OK;
}

// --- the exchanges -------------------------------------------------------------------------------

static enum err check_url(struct curl_call *c, struct error *e) {
  const struct curl_options *o = &c->t->o;
  if (!http_url_host(c->req->url, c->host, sizeof c->host, &c->https, &c->port))
    return error_set(e, ERR_REFUSED, "not a URL that can be used (https://host/path)");
  bool loopback = o->allow_plain_loopback && http_host_is_loopback(c->host);
  bool metadata = o->allow_plain_metadata && http_host_is_metadata(c->host) && c->port == 80;
  if (!c->https && !loopback && !metadata)
    return error_set(e, ERR_REFUSED, "%s:%d: plain HTTP is not allowed", c->host, c->port);
  return ERR_OK;
}

static void end(struct curl_call *c, enum err err) {
  http_response_clear(&c->answer);
  c->call->err = err;
  if (c->call->ended)
    c->call->ended(c->call);
}

// What the caller asked for can be sent at all. False: it has ended.
static bool may_go(struct curl_call *c, struct curl_transport *t, struct http_call *call) {
  *c = (struct curl_call){.t = t, .call = call, .req = call->req};
  http_response_clear(&c->answer);
  enum err err = check_url(c, call->e);
  if (!err && env_stopping(t->env))
    err = error_set(call->e, ERR_CANCELLED, "%s:%d: a stop was asked for", c->host, c->port);
  if (err)
    end(c, err);
  return !err;
}

static void forget_request(struct curl_call *c) {
  curl_easy_cleanup(c->easy);
  c->easy = NULL;
  curl_slist_free_all(c->lists.headers);
  curl_slist_free_all(c->lists.connect_to);
  c->lists = (struct curl_request_lists){0};
}

static void begin(struct curl_call *c, enum err trusted, const struct error *why) {
  struct error *e = c->call->e;
  enum err err = c->https ? trusted : ERR_OK;
  if (err && e)
    *e = *why;
  c->easy = err ? NULL : curl_handles_easy(&c->t->handles);
  if (!err)
    err = c->easy ? curl_request_prepare(c, e) : error_no_memory(e);
  if (!err && curl_multi_add_handle(c->t->handles.multi, c->easy))
    err = error_no_memory(e);
  c->under_way = !err;
  if (!err)
    return;
  forget_request(c);
  end(c, err);
}

static void take_end(struct curl_call *c, CURLcode code) {
  long connects = 0;
  (void)curl_easy_getinfo(c->easy, CURLINFO_NUM_CONNECTS, &connects);
  c->t->exchanges++;
  c->t->connections += (uint64_t)connects;
  c->under_way = false;
  enum err err = !code     ? accept_answer(c, c->call->ret, c->call->e)
                 : c->sent ? fail_after(c, code, c->call->e)
                           : fail_before(c, code, c->call->e);
  curl_multi_remove_handle(c->t->handles.multi, c->easy);
  forget_request(c);
  end(c, err);
}

// A message is gone as soon as its handle is removed.
static void take_ends(CURLM *multi) {
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
    CURLcode code = m->data.result;
    struct curl_call *c = NULL;
    (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
    if (m->msg == CURLMSG_DONE && c)
      take_end(c, code);
  }
}

// libcurl itself looks at the stop and at the times that are over, once a second at least.
static void run(struct curl_transport *t, struct curl_call *calls, size_t n) {
  CURLM *multi = t->handles.multi;
  CURLMcode code = CURLM_OK;
  int running = 0;
  do {
    code = curl_multi_perform(multi, &running);
    take_ends(multi);
    if (!code && running)
      code = curl_multi_poll(multi, NULL, 0, 1000, NULL);
  } while (!code && running);
  for (size_t i = 0; i < n; i++) // only where the multi handle itself failed: without memory
    if (calls[i].under_way)
      take_end(&calls[i], CURLE_OUT_OF_MEMORY);
}

static void curl_together(struct transport *base, struct http_call *calls, size_t n) {
  struct curl_transport *t = (struct curl_transport *)base;
  struct curl_call all[HTTP_TOGETHER_MAX];
  struct error why = {0};
  size_t k = 0;
  bool https = false;
  for (size_t i = 0; i < n; i++)
    if (may_go(&all[k], t, &calls[i]))
      https = all[k++].https || https;
  enum err trusted = https ? curl_handles_refresh(t, &why) : ERR_OK;
  for (size_t i = 0; i < k; i++)
    begin(&all[i], trusted, &why);
  run(t, all, k);
}

// --- the object ----------------------------------------------------------------------------------

static void curl_free_transport(struct transport *base) {
  struct curl_transport *t = (struct curl_transport *)base;
  const char *const copies[] = {t->o.user_agent,      t->o.ca_file,     t->o.ca_bytes,
                                t->o.ca_path,         t->o.client_cert, t->o.client_key,
                                t->o.tls_server_name, t->o.unix_socket, t->o.proxy};
  curl_handles_drop(&t->handles);
  free(t->bundle);
  for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
    wipe_free((void *)(uintptr_t)copies[i]); // a proxy's URL may hold a password
  free(t);
}

// Copies every string; on a failure the ones not copied are NULL, so that the object can be freed.
static bool copy_options(struct curl_options *o) {
  const char **const fields[] = {&o->user_agent,      &o->ca_file,     &o->ca_bytes,
                                 &o->ca_path,         &o->client_cert, &o->client_key,
                                 &o->tls_server_name, &o->unix_socket, &o->proxy};
  bool good = true;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (!*fields[i])
      continue;
    *fields[i] = wipe_strdup(*fields[i]);
    good = good && *fields[i];
  }
  return good;
}

enum err curl_transport_new(const struct curl_options *o, struct env *env, struct transport **ret,
                            struct error *e) {
  static const struct transport_ops ops = {.together = curl_together, .free = curl_free_transport};
  enum err err = start(e);
  if (!err)
    err = curl_files_check(o, e);
  if (err)
    return err;
  struct curl_transport *t = calloc(1, sizeof *t);
  if (!t)
    return error_no_memory(e);
  t->base.ops = &ops;
  t->env = env;
  t->o = *o;
  t->o.user_agent = o->user_agent ? o->user_agent : "rotator/" ROTATOR_VERSION;
  t->o.connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 10 * 1000;
  t->o.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : 35 * 1000;
  t->o.max_body = o->max_body ? o->max_body : CURL_BODY_DEFAULT;
  bool good = copy_options(&t->o);
  err = good ? curl_handles_renew(t, e) : error_no_memory(e);
  if (err) {
    curl_free_transport(&t->base);
    return err;
  }
  *ret = &t->base;
  return ERR_OK;
}

void curl_transport_counts(const struct transport *base, uint64_t *ret_exchanges,
                           uint64_t *ret_connections) {
  const struct curl_transport *t = (const struct curl_transport *)base;
  *ret_exchanges = t->exchanges;
  *ret_connections = t->connections;
}
