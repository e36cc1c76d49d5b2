// What is sent, and under which rules. The easy handle is new in each exchange, so every rule
// stands here, in one place.
//
// libcurl sends a request again, silently, when a kept connection turns out to be dead. For
// HTTP_REPLAY_NEVER that may not be: such a request gets a new connection (which is kept for
// others), where libcurl does not do so.
#include "rotator/http/curl_internal.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "rotator/base/text.h"

// --- headers -------------------------------------------------------------------------------------

static bool is_clean(const char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
      return false;
  return true;
}

// Appends one line. The list's copies are made by the wiping allocators that libcurl was given.
static bool add_line(struct curl_slist **list, const char *line) {
  struct curl_slist *longer = curl_slist_append(*list, line);
  if (longer)
    *list = longer;
  return longer != NULL;
}

static enum err add_header(struct curl_slist **list, const struct http_header *h, struct error *e) {
  const char *value = h->secret ? secret_bytes(h->secret) : h->value ? h->value : "";
  size_t len = h->secret ? secret_len(h->secret) : strlen(value);
  const char *prefix = h->secret && h->prefix ? h->prefix : "";
  if (!h->name[0] || h->name[strcspn(h->name, ":; ")] || !is_clean(h->name, strlen(h->name)) ||
      !is_clean(value, len) || !is_clean(prefix, strlen(prefix)))
    return error_set(e, ERR_INVALID, "header %s: not a header's name or value", h->name);
  bool empty = len == 0 && !*prefix; // libcurl's way to send a header without a value is "Name;"
  SECRET_AUTO line = secret_new(strlen(h->name) + 2 + strlen(prefix) + len);
  if (!line || secret_append_text(line, h->name) || secret_append_text(line, empty ? ";" : ": ") ||
      secret_append_text(line, prefix) || secret_append(line, value, len) ||
      !add_line(list, secret_bytes(line)))
    return error_no_memory(e);
  return ERR_OK;
}

static bool has_header(const struct http_request *r, const char *name) {
  for (size_t i = 0; i < r->n_headers; i++)
    if (strcasecmp(r->headers[i].name, name) == 0)
      return true;
  return false;
}

// The URL names the certificate's host when that is not the host to connect to; then Host must be
// said.
static enum err add_host(const struct curl_call *c, struct curl_slist **list, struct error *e) {
  char value[CURL_HOST_MAX + 16];
  bool six = strchr(c->host, ':') != NULL;
  snprintf(value, sizeof value, c->port == (c->https ? 443 : 80) ? "%s%s%s" : "%s%s%s:%d",
           six ? "[" : "", c->host, six ? "]" : "", c->port);
  return add_header(list, &(struct http_header){.name = "Host", .value = value}, e);
}

static enum err build_headers(const struct curl_call *c, struct curl_slist **list,
                              struct error *e) {
  const struct http_request *r = c->req;
  enum err err = ERR_OK;
  if (!has_header(r, "Accept"))
    err = add_header(list, &(struct http_header){.name = "Accept", .value = "application/json"}, e);
  if (!err && r->content_type)
    err = add_header(list, &(struct http_header){.name = "Content-Type", .value = r->content_type},
                     e);
  else if (!err && !add_line(list, "Content-Type:")) // libcurl would put a form's type
    err = error_no_memory(e);
  if (!err && c->t->o.tls_server_name)
    err = add_host(c, list, e);
  for (size_t i = 0; i < r->n_headers && !err; i++)
    err = add_header(list, &r->headers[i], e);
  if (!err && !add_line(list, "Expect:")) // no waiting for 100 Continue
    err = error_no_memory(e);
  return err;
}

// --- callbacks -----------------------------------------------------------------------------------

// Called when the connection stands (TLS and proxy tunnel included) and the request is about to be
// written: the border between "certainly not applied" and "not known".
static int on_ready(void *p, char *ip, char *local_ip, int port, int local_port) {
  struct curl_call *c = p;
  (void)ip, (void)local_ip, (void)port, (void)local_port;
  if (!c->sent && env_stopping(c->t->env)) {
    c->stopped = true;
    return CURL_PREREQFUNC_ABORT;
  }
  // libcurl's own time stands still while the machine is suspended; whoever waits for the longest
  // life of a request does not.
  if (env_mono_ms(c->t->env) - c->begun_ms > c->most_ms) {
    c->slept = true;
    return CURL_PREREQFUNC_ABORT;
  }
  c->sent = true;
  return CURL_PREREQFUNC_OK;
}

// A stop ends an exchange at once while nothing was sent; one in flight gets a short time to be
// answered.
static int on_progress(void *p, curl_off_t a, curl_off_t b, curl_off_t c_, curl_off_t d) {
  struct curl_call *c = p;
  (void)a, (void)b, (void)c_, (void)d;
  if (!env_stopping(c->t->env))
    return 0;
  if (!c->sent) {
    c->stopped = true;
    return 1;
  }
  int64_t now = env_mono_ms(c->t->env);
  if (!c->stop_seen_ms)
    c->stop_seen_ms = now;
  return now - c->stop_seen_ms >= CURL_STOP_GRACE_MS;
}

static bool is_loopback(const struct sockaddr *a) {
  if (a->sa_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
  if (a->sa_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
  return a->sa_family == AF_UNIX;
}

// The address of the metadata service. It is link-local: no router passes it on.
static bool is_metadata(const struct sockaddr *a) {
  return a->sa_family == AF_INET &&
         ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) == 0xa9fea9fe;
}

static bool is_plain_allowed(const struct curl_call *c, const struct sockaddr *a) {
  return http_host_is_metadata(c->host) ? is_metadata(a) : is_loopback(a);
}

// Sockets are not for children; and a name that claims to be loopback, or the metadata service,
// must resolve to it before plain HTTP is spoken.
static curl_socket_t on_socket(void *p, curlsocktype purpose, struct curl_sockaddr *a) {
  const struct curl_call *c = p;
  (void)purpose;
  if (!c->https && !is_plain_allowed(c, &a->addr))
    return CURL_SOCKET_BAD;
  return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

// Before the first message of the handshake, when libcurl has handed over the session that it would
// resume.
static void on_handshake(const SSL *ssl, int where, int value) {
  const SSL_SESSION *old = (where & SSL_CB_HANDSHAKE_START) ? SSL_get_session(ssl) : NULL;
  (void)value;
  if (old && SSL_SESSION_get_protocol_version(old) < TLS1_3_VERSION)
    SSL_set_session((SSL *)(uintptr_t)ssl, NULL);
}

// OpenSSL keeps the last record of an answer, decrypted, for as long as a connection is kept,
// unless it is set to free its buffers when they are empty. libcurl did set it before 8.8.
//
// A new connection resumes the TLS session of an earlier one of the same transport to the same
// host, which saves the check of the certificates and half of the CPU of it. So does a proof's, but
// only by TLS 1.3: before that the session has an identifier that everybody reads, and there are
// balancers that lead all connections of one session to one replica, which then would speak for the
// others.
static CURLcode on_tls(CURL *easy, void *ssl_ctx, void *p) {
  const struct curl_call *c = p;
  (void)easy;
  SSL_CTX_set_mode((SSL_CTX *)ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
  if (c->req->fresh_connection)
    SSL_CTX_set_info_callback((SSL_CTX *)ssl_ctx, on_handshake);
  return CURLE_OK;
}

static bool tls_is_openssl(void) {
  const char *name = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return name && strncmp(name, "OpenSSL/", strlen("OpenSSL/")) == 0;
}

// --- options -------------------------------------------------------------------------------------

// Collects the first failure, so that the lists below read as lists.
#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

static CURLcode set_method(CURL *easy, const struct http_request *r) {
  CURLcode code = CURLE_OK;
  bool get = strcmp(r->method, "GET") == 0, head = strcmp(r->method, "HEAD") == 0;
  if (head && !r->body)
    return SET(CURLOPT_NOBODY, 1L);
  if (r->body || (!get && strcmp(r->method, "DELETE") != 0 && strcmp(r->method, "LIST") != 0)) {
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)secret_len(r->body));
    SET(CURLOPT_POSTFIELDS, secret_bytes(r->body)); // not copied
  } else {
    SET(CURLOPT_HTTPGET, 1L);
  }
  return SET(CURLOPT_CUSTOMREQUEST, r->method);
}

static CURLcode set_authorities(CURL *easy, const struct curl_transport *t) {
  CURLcode code = CURLE_OK;
  const char *pem = t->bundle ? t->bundle : t->o.ca_bytes, *ca = curl_files_ca(&t->o);
  // A CAPATH would switch off libcurl's cache of the parsed bundle: 20 ms for each new connection.
  if (pem) {
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAINFO_BLOB, &blob);
    SET(CURLOPT_PROXY_CAPATH, NULL);
    SET(CURLOPT_PROXY_CAINFO, NULL);
    SET(CURLOPT_PROXY_CAINFO_BLOB, &blob);
  } else if (ca) {
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO, ca);
    SET(CURLOPT_PROXY_CAPATH, NULL);
    SET(CURLOPT_PROXY_CAINFO, ca);
  }
  return code;
}

static CURLcode set_tls(CURL *easy, struct curl_call *c) {
  const struct curl_options *o = &c->t->o;
  CURLcode code = set_authorities(easy, c->t);
  if (tls_is_openssl()) {
    SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
    SET(CURLOPT_SSL_CTX_DATA, c);
  } else if (c->req->fresh_connection) {
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  }
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  if (o->client_cert) {
    SET(CURLOPT_SSLCERT, o->client_cert);
    SET(CURLOPT_SSLKEY, o->client_key);
  }
  return code;
}

static CURLcode set_route(CURL *easy, struct curl_call *c) {
  const struct curl_options *o = &c->t->o;
  CURLcode code = CURLE_OK;
  SET(CURLOPT_PROTOCOLS_STR, c->https ? "https" : "http");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
  SET(CURLOPT_PATH_AS_IS, 1L);
  if (o->unix_socket)
    SET(CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
  if (!c->https || o->unix_socket) // a proxy would carry it away from the loopback
    SET(CURLOPT_PROXY, "");
  else if (o->proxy)
    SET(CURLOPT_PROXY, o->proxy);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
  SET(CURLOPT_OPENSOCKETDATA, c);
  if (c->req->fresh_connection || c->req->replay == HTTP_REPLAY_NEVER)
    SET(CURLOPT_FRESH_CONNECT, 1L);
  if (c->req->fresh_connection)
    SET(CURLOPT_FORBID_REUSE, 1L);
  return code;
}

static int64_t smaller(int64_t a, int64_t b) {
  return b > 0 && b < a ? b : a;
}

static CURLcode set_bounds(CURL *easy, struct curl_call *c) {
  const struct http_request *r = c->req;
  int64_t all = smaller(r->timeout_ms > 0 ? r->timeout_ms : c->t->o.timeout_ms, r->deadline_ms);
  CURLcode code = CURLE_OK;
  SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L); // the least: it is made and wiped with each request
  c->begun_ms = env_mono_ms(c->t->env);
  c->most_ms = all;
  SET(CURLOPT_TIMEOUT_MS, (long)all);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)smaller(c->t->o.connect_timeout_ms, all));
  SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  SET(CURLOPT_QUICK_EXIT, 1L); // else the end of a timeout waits for a resolver that hangs
#endif
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_XFERINFOFUNCTION, on_progress);
  SET(CURLOPT_XFERINFODATA, c);
  SET(CURLOPT_PREREQFUNCTION, on_ready);
  SET(CURLOPT_PREREQDATA, c);
  SET(CURLOPT_HEADERFUNCTION, curl_answer_header);
  SET(CURLOPT_HEADERDATA, c);
  SET(CURLOPT_WRITEFUNCTION, curl_answer_body);
  SET(CURLOPT_WRITEDATA, c);
  SET(CURLOPT_ERRORBUFFER, c->detail);
  return code;
}

// The URL, with the certificate's name in the place of the host where they differ; CONNECT_TO leads
// to the host.
static CURLcode set_url(CURL *easy, const struct curl_call *c, struct curl_slist **connect_to) {
  const char *name = c->t->o.tls_server_name, *url = c->req->url;
  CURLcode code = CURLE_OK;
  if (!name)
    return SET(CURLOPT_URL, url);
  char to[CURL_HOST_MAX + 32];
  bool six = strchr(c->host, ':') != NULL;
  snprintf(to, sizeof to, "::%s%s%s:%d", six ? "[" : "", c->host, six ? "]" : "", c->port);
  const char *rest = strstr(url, "://") + 3;
  rest += strcspn(rest, "/?");
  struct text_buf b = TEXT_BUF(64 * 1024);
  text_buf_add(&b, "%s://%s:%d%s", c->https ? "https" : "http", name, c->port, rest);
  if (b.failed || !add_line(connect_to, to))
    code = CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_URL, text_buf_str(&b)); // copied
  SET(CURLOPT_CONNECT_TO, *connect_to);
  text_buf_free(&b);
  return code;
}

enum err curl_request_prepare(struct curl_call *c, struct error *e) {
  struct curl_request_lists *lists = &c->lists;
  CURL *easy = c->easy;
  enum err err = build_headers(c, &lists->headers, e);
  if (err)
    return err;
  CURLcode code = set_url(easy, c, &lists->connect_to);
  SET(CURLOPT_PRIVATE, c);
  SET(CURLOPT_USERAGENT, c->t->o.user_agent);
  SET(CURLOPT_HTTPHEADER, lists->headers);
  code = code ? code : set_method(easy, c->req);
  code = code ? code : set_tls(easy, c);
  code = code ? code : set_route(easy, c);
  code = code ? code : set_bounds(easy, c);
  if (code)
    return error_set(e, ERR_INTERNAL, "%s:%d: libcurl: %s", c->host, c->port,
                     curl_easy_strerror(code));
  return ERR_OK;
}
