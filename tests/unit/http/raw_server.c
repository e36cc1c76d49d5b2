#include "tests/unit/http/raw_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_STEPS = 16, MOST_CONNECTIONS = 32, MOST_REQUEST = 64 * 1024 };

struct raw_server {
  struct raw_step steps[MOST_STEPS];
  size_t n_steps, next_step;
  int listener, port;
  pthread_t acceptor, threads[MOST_CONNECTIONS];
  int connections, requests;
  char last[MOST_REQUEST + 1];
  void (*call)(void *data);
  void *data;
  pthread_mutex_t lock;
  atomic_bool ending;
};

struct visit {
  struct raw_server *s;
  int fd;
};

static size_t body_length(const char *head) {
  const char *at = strcasestr(head, "\r\nContent-Length:");
  return at ? strtoul(at + 17, NULL, 10) : 0;
}

// Waits until there is something to read; false when the server ends.
static bool readable(const struct raw_server *s, int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  while (!atomic_load(&s->ending))
    if (poll(&p, 1, 20) > 0)
      return true;
  return false;
}

// Reads one request, head and body, into s->last. False when the client is gone.
static bool take_request(struct raw_server *s, int fd) {
  char bytes[MOST_REQUEST + 1] = "";
  size_t len = 0;
  for (;;) {
    const char *end = strstr(bytes, "\r\n\r\n");
    if (end && len >= (size_t)(end - bytes) + 4 + body_length(bytes))
      break;
    ssize_t n = readable(s, fd) ? read(fd, bytes + len, MOST_REQUEST - len) : 0;
    if (n <= 0)
      return false;
    len += (size_t)n;
    bytes[len] = '\0';
  }
  pthread_mutex_lock(&s->lock);
  memcpy(s->last, bytes, len + 1);
  s->requests++;
  void (*call)(void *data) = s->call;
  void *data = s->data;
  pthread_mutex_unlock(&s->lock);
  if (call)
    call(data);
  return true;
}

static bool send_all(int fd, const char *bytes, size_t len) {
  while (len) {
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

static bool send_fill(int fd, size_t left) {
  char block[4096];
  memset(block, 'x', sizeof block);
  bool good = true;
  for (size_t n; good && left; left -= n) {
    n = left < sizeof block ? left : sizeof block;
    good = send_all(fd, block, n);
  }
  return good;
}

static const struct raw_step *take_step(struct raw_server *s) {
  pthread_mutex_lock(&s->lock);
  const struct raw_step *step = &s->steps[s->next_step];
  if (s->next_step + 1 < s->n_steps)
    s->next_step++;
  pthread_mutex_unlock(&s->lock);
  return step;
}

static void linger(const struct raw_server *s, int fd, enum raw_end end) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  while (!atomic_load(&s->ending) && poll(&p, 1, 20) == 0)
    if (end == RAW_DRIP && !send_all(fd, "x", 1))
      return;
}

static void *serve(void *p) {
  struct visit v = *(struct visit *)p;
  free(p);
  enum raw_end end = RAW_KEEP;
  while (end == RAW_KEEP && take_request(v.s, v.fd)) {
    const struct raw_step *step = take_step(v.s);
    end = step->end;
    if ((step->answer && !send_all(v.fd, step->answer, strlen(step->answer))) ||
        !send_fill(v.fd, step->fill))
      break;
  }
  if (end == RAW_HOLD || end == RAW_DRIP)
    linger(v.s, v.fd, end);
  if (end == RAW_RESET)
    setsockopt(v.fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
  close(v.fd);
  return NULL;
}

static void *accept_all(void *p) {
  struct raw_server *s = p;
  while (readable(s, s->listener)) {
    struct visit *v = malloc(sizeof *v);
    int fd = accept(s->listener, NULL, NULL);
    if (!v || fd < 0 || s->connections == MOST_CONNECTIONS)
      abort();
    *v = (struct visit){s, fd};
    pthread_mutex_lock(&s->lock);
    if (pthread_create(&s->threads[s->connections++], NULL, serve, v))
      abort();
    pthread_mutex_unlock(&s->lock);
  }
  return NULL;
}

struct raw_server *raw_server_new(const struct raw_step *steps, size_t n) {
  struct raw_server *s = calloc(1, sizeof *s);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof a;
  if (!s || n > MOST_STEPS)
    abort();
  memcpy(s->steps, steps, n * sizeof *steps);
  s->n_steps = n;
  pthread_mutex_init(&s->lock, NULL);
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(s->listener, (struct sockaddr *)&a, sizeof a) || listen(s->listener, 16) ||
      getsockname(s->listener, (struct sockaddr *)&a, &size) ||
      pthread_create(&s->acceptor, NULL, accept_all, s))
    abort();
  s->port = ntohs(a.sin_port);
  return s;
}

void raw_server_free(struct raw_server *s) {
  atomic_store(&s->ending, true);
  pthread_join(s->acceptor, NULL);
  for (int i = 0; i < s->connections; i++)
    pthread_join(s->threads[i], NULL);
  close(s->listener);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

int raw_server_port(const struct raw_server *s) {
  return s->port;
}

void raw_server_on_request(struct raw_server *s, void (*call)(void *data), void *data) {
  pthread_mutex_lock(&s->lock);
  s->call = call;
  s->data = data;
  pthread_mutex_unlock(&s->lock);
}

static int read_locked(struct raw_server *s, const int *value) {
  pthread_mutex_lock(&s->lock);
  int v = *value;
  pthread_mutex_unlock(&s->lock);
  return v;
}

int raw_server_requests(struct raw_server *s) {
  return read_locked(s, &s->requests);
}

int raw_server_wait(struct raw_server *s, int n) {
  for (int i = 0; i < 1000 && read_locked(s, &s->requests) < n; i++)
    usleep(10 * 1000);
  return read_locked(s, &s->requests);
}

int raw_server_connections(struct raw_server *s) {
  return read_locked(s, &s->connections);
}

const char *raw_server_last(struct raw_server *s) {
  (void)read_locked(s,
                    &s->requests); // and nothing more is under way when the client has its answer
  return s->last;
}
