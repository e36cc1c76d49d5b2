#include "tests/unit/http/tls_server.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tls_server {
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock;
  int requests, connections;
  char host[128];
};

static const char *client_word(struct MHD_Connection *c) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  unsigned n = 0, status = 1;
  if (!info || !gnutls_certificate_get_peers(info->tls_session, &n) || !n)
    return "none";
  return gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 && !status ? "shown"
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
  strncpy(s->host, host ? host : "", sizeof s->host - 1);
  pthread_mutex_unlock(&s->lock);
  const char *word = client_word(c);
  struct MHD_Response *r = MHD_create_response_from_buffer(strlen(word), (void *)(uintptr_t)word,
                                                           MHD_RESPMEM_PERSISTENT);
  enum MHD_Result result = MHD_queue_response(c, 200, r);
  MHD_destroy_response(r);
  return result;
}

static void count_connection(void *data, struct MHD_Connection *c, void **state,
                             enum MHD_ConnectionNotificationCode code) {
  struct tls_server *s = data;
  (void)c, (void)state;
  pthread_mutex_lock(&s->lock);
  s->connections += code == MHD_CONNECTION_NOTIFY_STARTED;
  pthread_mutex_unlock(&s->lock);
}

struct tls_server *tls_server_new(const struct test_cert *cert, const char *priorities,
                                  const char *client_ca) {
  struct tls_server *s = calloc(1, sizeof *s);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (!s)
    abort();
  pthread_mutex_init(&s->lock, NULL);
  struct MHD_OptionItem trust[] = {{MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)client_ca},
                                   {MHD_OPTION_END, 0, NULL}};
  s->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, s,
      MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_HTTPS_MEM_CERT, cert->cert, MHD_OPTION_HTTPS_MEM_KEY,
      cert->key, MHD_OPTION_HTTPS_PRIORITIES, priorities ? priorities : "NORMAL",
      MHD_OPTION_NOTIFY_CONNECTION, count_connection, s, MHD_OPTION_ARRAY,
      client_ca ? trust : trust + 1, MHD_OPTION_END);
  if (!s->daemon)
    abort();
  return s;
}

void tls_server_free(struct tls_server *s) {
  MHD_stop_daemon(s->daemon);
  pthread_mutex_destroy(&s->lock);
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

const char *tls_server_host(struct tls_server *s) {
  (void)read_locked(s, &s->requests);
  return s->host;
}
