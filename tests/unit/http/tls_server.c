#include "tests/unit/http/tls_server.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS_MAX = 16, SESSION_MAX = 4096 };

// A TLS 1.2 session that may be asked for by its identifier.
struct stored {
  size_t key_len, len;
  unsigned char key[GNUTLS_MAX_SESSION_ID], bytes[SESSION_MAX];
};

struct tls_server {
  struct stored sessions[SESSIONS_MAX];
  size_t n_sessions;
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock;
  gnutls_datum_t ticket_key;
  int requests, connections, resumed;
  char host[128];
};

static gnutls_session_t session_of(struct MHD_Connection *c) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (!info)
    abort();
  return info->tls_session;
}

static int store_session(void *data, gnutls_datum_t key, gnutls_datum_t value) {
  struct tls_server *s = data;
  if (key.size > GNUTLS_MAX_SESSION_ID || value.size > SESSION_MAX)
    abort();
  struct stored *at = &s->sessions[s->n_sessions++ % SESSIONS_MAX];
  at->key_len = key.size;
  memcpy(at->key, key.data, key.size);
  at->len = value.size;
  memcpy(at->bytes, value.data, value.size);
  return 0;
}

static gnutls_datum_t find_session(void *data, gnutls_datum_t key) {
  struct tls_server *s = data;
  gnutls_datum_t found = {NULL, 0};
  for (size_t i = 0; i < SESSIONS_MAX && !found.data; i++) {
    const struct stored *at = &s->sessions[i];
    if (at->key_len != key.size || memcmp(at->key, key.data, key.size) != 0)
      continue;
    found.data = gnutls_malloc(at->len);
    found.size = (unsigned)at->len;
    if (!found.data)
      abort();
    memcpy(found.data, at->bytes, at->len);
  }
  return found;
}

static int keep_session(void *data, gnutls_datum_t key) {
  (void)data, (void)key; // GnuTLS takes one away only where it is broken
  return 0;
}

// Both ways to resume: by an identifier that the server knows (TLS 1.2), by a ticket.
static void let_resume(struct tls_server *s, gnutls_session_t session) {
  gnutls_db_set_store_function(session, store_session);
  gnutls_db_set_retrieve_function(session, find_session);
  gnutls_db_set_remove_function(session, keep_session);
  gnutls_db_set_ptr(session, s);
  if (gnutls_session_ticket_enable_server(session, &s->ticket_key))
    abort();
}

static const char *client_word(struct MHD_Connection *c) {
  unsigned n = 0, status = 1;
  if (!gnutls_certificate_get_peers(session_of(c), &n) || !n)
    return "none";
  return gnutls_certificate_verify_peers2(session_of(c), &status) == 0 && !status ? "shown"
                                                                                  : "wrong";
}

static enum MHD_Result answer(void *data, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
  static int begun;
  struct tls_server *s = data;
  (void)url, (void)method, (void)version, (void)upload;
  if (!*state || *upload_size) {
    *state = &begun;
    *upload_size = 0;
    return MHD_YES;
  }
  const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
  pthread_mutex_lock(&s->lock);
  s->requests++;
  s->resumed += gnutls_session_is_resumed(session_of(c));
  strncpy(s->host, host ? host : "", sizeof s->host - 1);
  pthread_mutex_unlock(&s->lock);
  const char *word = client_word(c);
  struct MHD_Response *r = MHD_create_response_from_buffer(strlen(word), (void *)(uintptr_t)word,
                                                           MHD_RESPMEM_PERSISTENT);
  enum MHD_Result result = MHD_queue_response(c, 200, r);
  MHD_destroy_response(r);
  return result;
}

static void on_connection(void *data, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode code) {
  struct tls_server *s = data;
  (void)state;
  if (code != MHD_CONNECTION_NOTIFY_STARTED)
    return;
  let_resume(s, session_of(c));
  pthread_mutex_lock(&s->lock);
  s->connections++;
  pthread_mutex_unlock(&s->lock);
}

struct tls_server *tls_server_new(const struct test_cert *cert, const char *priorities,
                                  const char *client_ca) {
  struct tls_server *s = calloc(1, sizeof *s);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (!s || gnutls_session_ticket_key_generate(&s->ticket_key))
    abort();
  pthread_mutex_init(&s->lock, NULL);
  struct MHD_OptionItem trust[] = {{MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)client_ca},
                                   {MHD_OPTION_END, 0, NULL}};
  s->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, s,
      MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_HTTPS_MEM_CERT, cert->cert, MHD_OPTION_HTTPS_MEM_KEY,
      cert->key, MHD_OPTION_HTTPS_PRIORITIES, priorities ? priorities : "NORMAL",
      MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY,
      client_ca ? trust : trust + 1, MHD_OPTION_END);
  if (!s->daemon)
    abort();
  return s;
}

void tls_server_free(struct tls_server *s) {
  MHD_stop_daemon(s->daemon);
  pthread_mutex_destroy(&s->lock);
  gnutls_free(s->ticket_key.data);
  free(s);
}

int tls_server_port(const struct tls_server *s) {
  return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static int read_locked(struct tls_server *s, const int *value) {
  pthread_mutex_lock(&s->lock);
  int v = *value;
  pthread_mutex_unlock(&s->lock);
  return v;
}

int tls_server_requests(struct tls_server *s) {
  return read_locked(s, &s->requests);
}

int tls_server_connections(struct tls_server *s) {
  return read_locked(s, &s->connections);
}

int tls_server_resumed(struct tls_server *s) {
  return read_locked(s, &s->resumed);
}

const char *tls_server_host(struct tls_server *s) {
  (void)read_locked(s, &s->requests);
  return s->host;
}
