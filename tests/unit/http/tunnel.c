#include "tests/unit/http/tunnel.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tunnel {
  int listener, port, to_port;
  pthread_t thread;
  pthread_mutex_t lock;
  char last[512];
  atomic_bool ending;
};

static bool readable(const struct tunnel *t, int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  while (!atomic_load(&t->ending))
    if (poll(&p, 1, 20) > 0)
      return true;
  return false;
}

// Reads the head of the CONNECT byte by byte: what follows belongs to the tunnel.
static bool take_connect(struct tunnel *t, int fd) {
  char head[2048] = "";
  for (size_t n = 0; n < sizeof head - 1 && !strstr(head, "\r\n\r\n"); n++)
    if (!readable(t, fd) || read(fd, head + n, 1) != 1)
      return false;
  pthread_mutex_lock(&t->lock);
  size_t n = strcspn(head, "\r");
  memcpy(t->last, head, n < sizeof t->last ? n : sizeof t->last - 1);
  pthread_mutex_unlock(&t->lock);
  return strncmp(head, "CONNECT ", 8) == 0;
}

static bool pass_on(int from, int to) {
  char bytes[4096];
  ssize_t n = read(from, bytes, sizeof bytes);
  return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relay(const struct tunnel *t, int a, int b) {
  struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
  while (!atomic_load(&t->ending))
    if (poll(p, 2, 20) > 0 &&
        ((p[0].revents && !pass_on(a, b)) || (p[1].revents && !pass_on(b, a))))
      return;
}

static void serve(struct tunnel *t, int fd) {
  static const char good[] =
      "HTTP/1.1 200 Connected\r\nTransaction-Id: proxy\r\nETag: \"p\"\r\n\r\n";
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((in_port_t)t->to_port),
                          .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (take_connect(t, fd) && connect(to, (struct sockaddr *)&a, sizeof a) == 0 &&
      send(fd, good, sizeof good - 1, MSG_NOSIGNAL) > 0)
    relay(t, fd, to);
  close(to);
}

// One tunnel at a time.
static void *accept_all(void *p) {
  struct tunnel *t = p;
  while (readable(t, t->listener)) {
    int fd = accept(t->listener, NULL, NULL);
    serve(t, fd);
    close(fd);
  }
  return NULL;
}

struct tunnel *tunnel_new(int to_port) {
  struct tunnel *t = calloc(1, sizeof *t);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof a;
  if (!t)
    abort();
  t->to_port = to_port;
  pthread_mutex_init(&t->lock, NULL);
  t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(t->listener, (struct sockaddr *)&a, sizeof a) || listen(t->listener, 4) ||
      getsockname(t->listener, (struct sockaddr *)&a, &size) ||
      pthread_create(&t->thread, NULL, accept_all, t))
    abort();
  t->port = ntohs(a.sin_port);
  return t;
}

void tunnel_free(struct tunnel *t) {
  atomic_store(&t->ending, true);
  pthread_join(t->thread, NULL);
  close(t->listener);
  pthread_mutex_destroy(&t->lock);
  free(t);
}

int tunnel_port(const struct tunnel *t) {
  return t->port;
}

const char *tunnel_last(struct tunnel *t) {
  pthread_mutex_lock(&t->lock);
  pthread_mutex_unlock(&t->lock);
  return t->last;
}
