#include "rotator/base/service_notice.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/unit.h"

// A socket that listens there, as systemd's does.
static int listen_at(const char *name) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  size_t len = strlen(name);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  memcpy(a.sun_path, name, len);
  if (name[0] == '@')
    a.sun_path[0] = '\0';
  assert_true(fd >= 0);
  assert_int_equal(0, bind(fd, (const struct sockaddr *)(const void *)&a,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)));
  return fd;
}

static void arrives_at(const char *name) {
  char got[64] = "";
  int fd = listen_at(name);
  assert_true(service_notice(name, "READY=1"));
  assert_int_equal(7, recv(fd, got, sizeof got - 1, 0));
  assert_string_equal("READY=1", got);
  assert_true(service_notice(name, "STATUS=bench: proves the new key"));
  assert_int_equal(32, recv(fd, got, sizeof got - 1, 0));
  assert_true(recv(fd, got, sizeof got, 0) < 0); // one notice, one datagram
  close(fd);
}

static void a_notice_arrives_at_a_path(void **state) {
  char dir[] = "/tmp/service_notice.XXXXXX", name[64];
  (void)state;
  assert_non_null(mkdtemp(dir));
  snprintf(name, sizeof name, "%s/notify", dir);
  arrives_at(name);
  unlink(name);
  rmdir(dir);
}

static void a_notice_arrives_at_a_name_without_a_file(void **state) {
  char name[64];
  (void)state;
  snprintf(name, sizeof name, "@rotator/service_notice/%ld", (long)getpid());
  arrives_at(name);
}

static void who_was_not_asked_tells_nobody(void **state) {
  char longer[sizeof((struct sockaddr_un *)0)->sun_path + 2];
  (void)state;
  memset(longer, 'x', sizeof longer - 1);
  longer[0] = '/';
  longer[sizeof longer - 1] = '\0';
  const char *const names[] = {"", "/", "@", "relative", "vsock:2:1", "/nowhere/notify", longer};
  assert_false(service_notice(NULL, "READY=1"));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_false(service_notice(names[i], "READY=1"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_notice_arrives_at_a_path),
      cmocka_unit_test(a_notice_arrives_at_a_name_without_a_file),
      cmocka_unit_test(who_was_not_asked_tells_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
