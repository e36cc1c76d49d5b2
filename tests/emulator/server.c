// How it works: libmicrohttpd calls on_request() several times for one request: once for the
// headers, then per piece of body, then with none left. From there an exchange goes through stages;
// between them it may be suspended and later resumed by the timer thread, after which libmicrohttpd
// calls again. So a delay costs no thread.
//
//   BODY --(prepare: token, faults; delay)--> RUN --(handler; answer delay)--> ANSWER
//
// TLS sessions may be resumed by a ticket, as most servers let them be; `tls_resumed` counts the
// connections that did.
//
// Closing without an answer is returning MHD_NO. Effects that come late are copies of the request,
// run by the timer thread.
#include "server.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"
#include "http.h"
#include "journal.h"
#include "route.h"
#include "timer.h"
#include "unpack.h"
#include "util.h"

#define BODY_KEPT_MAX (12u * 1024 * 1024)

struct listener {
  struct server *server;
  struct MHD_Daemon *daemon;
  bool tls, imds;
};

struct server {
  struct emu *emu;
  gnutls_datum_t ticket_key;
  struct listener https, http, imds;
};

struct connection {
  unsigned long number;
  bool spoken;
};

enum stage { STAGE_BODY, STAGE_RUN, STAGE_ANSWER };

struct exchange {
  struct req *r;
  struct MHD_Connection *connection;
  size_t body_cap;
  enum stage stage;
};

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name,
                               const char *value) {
  struct req *r = cls;
  pairs_add(kind == MHD_HEADER_KIND ? &r->headers : &r->query, name, value);
  return MHD_YES;
}

// Host without port, lower case is not needed: names in tests are.
static void set_host(struct req *r) {
  const char *host = req_header(r, "Host");
  r->host = util_dup(host ? host : "");
  if (*r->host != '[')
    r->host[strcspn(r->host, ":")] = '\0';
}

static gnutls_session_t tls_session(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info ? info->tls_session : NULL;
}

static struct exchange *exchange_new(struct listener *l, struct MHD_Connection *connection,
                                     const char *url, const char *method) {
  struct emu *emu = l->server->emu;
  struct exchange *x = util_alloc(sizeof *x);
  struct req *r = x->r = req_new(emu, method, url);
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  struct connection *c = info ? info->socket_context : NULL;
  x->connection = connection;
  r->tls = l->tls;
  r->imds = l->imds;
  MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, r);
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect, r);
  set_host(r);
  if (c) {
    r->connection = c->number;
    if (!c->spoken) {
      c->spoken = true;
      pthread_mutex_lock(&emu->lock);
      emu->tls_handshakes += l->tls;
      emu->tls_resumed += l->tls && gnutls_session_is_resumed(tls_session(connection));
      pthread_mutex_unlock(&emu->lock);
    }
  }
  return x;
}

static void take_body(struct exchange *x, const char *data, size_t len) {
  struct req *r = x->r;
  if (r->body_len + len > BODY_KEPT_MAX) {
    r->too_large = true;
    return;
  }
  if (r->body_len + len + 1 > x->body_cap) {
    x->body_cap = (r->body_len + len + 1) * 2;
    r->body = util_realloc(r->body, x->body_cap);
  }
  memcpy(r->body + r->body_len, data, len);
  r->body_len += len;
  r->body[r->body_len] = '\0';
}

static void suspend(void *arg) {
  MHD_suspend_connection(((struct exchange *)arg)->connection);
}

static void resume(void *arg, bool stopping) {
  (void)stopping;
  MHD_resume_connection(((struct exchange *)arg)->connection);
}

// True: libmicrohttpd will call again. False: go on at once (no delay, or the program is ending).
static bool pause_for(struct exchange *x, long ms) {
  return ms > 0 && timers_after(x->r->emu->timers, ms, resume, x, suspend);
}

static void log_request(struct req *r, const char *outcome) {
  if (r->family == FAMILY_CONTROL)
    return;
  pthread_mutex_lock(&r->emu->lock);
  journal_request(r, outcome);
  pthread_mutex_unlock(&r->emu->lock);
}

struct later {
  struct req *r;
  const char *outcome;
};

static void run_later(void *arg, bool stopping) {
  struct later *later = arg;
  if (!stopping) {
    route_prepare_late(later->r);
    route_run(later->r);
    log_request(later->r, later->outcome);
  }
  req_free(later->r);
  free(later);
}

static void schedule(const struct req *r, long ms, const char *outcome) {
  struct later *later = util_alloc(sizeof *later);
  later->r = req_copy(r);
  later->outcome = outcome;
  if (!timers_after(r->emu->timers, ms, run_later, later, NULL))
    run_later(later, true);
}

static enum MHD_Result close_now(struct exchange *x) {
  if (x->r->fx.reset) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (info)
      setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  return MHD_NO;
}

// Carries the request out with its faults. False: the connection is to be closed.
static bool run(struct req *r) {
  const struct effects *fx = &r->fx;
  if (fx->drop_before) {
    log_request(r, "dropped");
    return false;
  }
  if (fx->late_ms >= 0) {
    schedule(r, fx->late_ms, "late");
    if (fx->status)
      answer_fault(r);
    log_request(r, "postponed");
    return fx->status != 0;
  }
  if (fx->status && !fx->status_done && !fx->complaint) {
    answer_fault(r);
    log_request(r, "fault");
    return true;
  }
  route_run(r);
  if (fx->duplicate_late_ms >= 0)
    schedule(r, fx->duplicate_late_ms, "duplicate");
  if (fx->lose_answer) {
    log_request(r, "lost");
    return false;
  }
  if (fx->status)
    answer_fault(r);
  log_request(r, "answered");
  return true;
}

static void unpack(struct req *r) {
  pthread_mutex_lock(&r->emu->lock);
  bool accept_gzip = r->emu->settings.accept_gzip;
  pthread_mutex_unlock(&r->emu->lock);
  unpack_body(r, accept_gzip);
}

static enum MHD_Result advance(struct exchange *x) {
  struct req *r = x->r;
  switch (x->stage) {
  case STAGE_BODY:
    unpack(r);
    route_prepare(r);
    x->stage = STAGE_RUN;
    if (pause_for(x, r->fx.delay_ms))
      return MHD_YES;
    // fall through
  case STAGE_RUN:
    if (!run(r)) {
      // The peer waits out an answer delay before it sees the connection close.
      r->answer.status = 0;
    }
    x->stage = STAGE_ANSWER;
    if (pause_for(x, r->fx.answer_delay_ms))
      return MHD_YES;
    // fall through
  case STAGE_ANSWER:
    return r->answer.status ? answer_queue(r, x->connection) : close_now(x);
  }
  return MHD_NO;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **context) {
  (void)version;
  struct exchange *x = *context;
  if (!x) {
    *context = exchange_new(cls, connection, url, method);
    return MHD_YES;
  }
  if (*data_len) {
    take_body(x, data, *data_len);
    *data_len = 0;
    return MHD_YES;
  }
  return advance(x);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
  (void)cls;
  (void)connection;
  (void)code;
  struct exchange *x = *context;
  if (!x)
    return;
  req_free(x->r);
  free(x);
  *context = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  struct listener *l = cls;
  struct emu *emu = l->server->emu;
  if (code == MHD_CONNECTION_NOTIFY_STARTED && l->tls)
    gnutls_session_ticket_enable_server(tls_session(connection), &l->server->ticket_key);
  pthread_mutex_lock(&emu->lock);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    struct connection *c = util_alloc(sizeof *c);
    c->number = ++emu->connections;
    emu->tls_connections += l->tls;
    emu->open_connections++;
    *context = c;
  } else {
    emu->open_connections--;
    free(*context);
    *context = NULL;
  }
  pthread_mutex_unlock(&emu->lock);
}

static bool listen_on(struct listener *l, int port, unsigned threads, const struct ca *ca,
                      int *ret_port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)},
                                .sin_port = htons((uint16_t)port)};
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
                   MHD_USE_SUPPRESS_DATE_NO_CLOCK | (l->tls ? MHD_USE_TLS : 0);
  char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
  struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_KEY, 0, ca->server_key_pem},
      {MHD_OPTION_HTTPS_MEM_CERT, 0, ca->server_pem},
      {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
      {MHD_OPTION_END, 0, NULL},
  };
  struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  l->daemon = MHD_start_daemon(
      flags, 0, NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
      MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
      l, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, 8192u,
      MHD_OPTION_CONNECTION_TIMEOUT, 300u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
      MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, l->tls ? tls : none,
      MHD_OPTION_END);
  if (!l->daemon)
    return false;
  *ret_port = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
  return true;
}

struct server *server_start(struct emu *emu, const struct server_options *o, const struct ca *ca) {
  struct server *s = util_alloc(sizeof *s);
  s->emu = emu;
  s->https = (struct listener){.server = s, .tls = true};
  s->http = (struct listener){.server = s};
  s->imds = (struct listener){.server = s, .imds = true, .tls = o->imds_tls};
  if (gnutls_session_ticket_key_generate(&s->ticket_key) == 0 &&
      listen_on(&s->https, o->https_port, o->threads, ca, &emu->https_port) &&
      listen_on(&s->http, o->http_port, o->threads, ca, &emu->http_port) &&
      (o->imds_port < 0 || listen_on(&s->imds, o->imds_port, 1, ca, &emu->imds_port)))
    return s;
  server_stop(s);
  return NULL;
}

// The timers go first: they resume what is suspended, and refuse to suspend anything more.
void server_stop(struct server *s) {
  struct MHD_Daemon *daemons[] = {s->https.daemon, s->http.daemon, s->imds.daemon};
  timers_stop(s->emu->timers);
  for (size_t i = 0; i < sizeof daemons / sizeof *daemons; i++) {
    if (daemons[i])
      MHD_stop_daemon(daemons[i]);
  }
  gnutls_free(s->ticket_key.data);
  free(s);
}
