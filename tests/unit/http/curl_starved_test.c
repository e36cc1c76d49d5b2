// No memory for what OpenSSL makes at its first use, of which some it never makes again in that
// process: later exchanges work, or lack memory, and never is the server blamed for it.
//
// It is made once in a program, and this one needs it for its certificates. So it starts itself
// again, with the server's URL and the file of its authority; that one has made nothing yet, and
// forks for each allocation that is to fail.
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/wipe_alloc.h"
#include "rotator/http/curl_transport.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"
#include "tests/unit/http/tls_server.h"

enum { HOUR_S = 3600, EACH = 61 }; // each so many-th allocation: all of them take minutes
enum child_end { CHILD_GOOD, CHILD_LACKED, CHILD_LACKED_NOTHING, CHILD_BLAMED };

// --- in the program that is started --------------------------------------------------------------

static long granted = -1; // allocations before the one that fails; negative: all
static bool was_refused;

void *__real_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size) {
  if (granted < 0 || granted-- > 0)
    return __real_wipe_malloc(size);
  was_refused = true;
  return __real_wipe_malloc(SIZE_MAX);
}

static enum err get(const char *url, const char *ca_file, struct error *e) {
  const struct curl_options o = {.ca_file = ca_file};
  const struct http_request req = {.method = "GET", .url = url, .replay = HTTP_REPLAY_SAFE};
  struct transport *t = NULL;
  struct http_response got = {0};
  enum err err = curl_transport_new(&o, env_real(), &t, e);
  err = err ? err : http_exchange(t, &req, &got, e);
  http_response_clear(&got);
  transport_free(t);
  return err;
}

// Two exchanges after one that lacked that allocation: what is broken may show in the second.
static enum child_end starve(long number, const char *url, const char *ca_file) {
  struct error e = {0};
  (void)secret_setup();
  granted = number;
  (void)get(url, ca_file, &e);
  granted = -1;
  enum err err = get(url, ca_file, &e);
  err = err ? err : get(url, ca_file, &e);
  if (!was_refused)
    return CHILD_LACKED_NOTHING;
  if (err && err != ERR_INTERNAL)
    fprintf(stderr, "after allocation %ld failed: %s: %s\n", number, err_name(err), e.text);
  return !err ? CHILD_GOOD : err == ERR_INTERNAL ? CHILD_LACKED : CHILD_BLAMED;
}

static enum child_end in_a_child(long number, const char *url, const char *ca_file) {
  int status = -1;
  pid_t pid = fork();
  if (pid == 0)
    _exit(starve(number, url, ca_file));
  if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) < CHILD_BLAMED)
    return (enum child_end)WEXITSTATUS(status);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
    return CHILD_LACKED; // OpenSSL 3.5 does it; whose it is, tests/fault/allocations.sh sees
  fprintf(stderr, "allocation %ld failed: %x\n", number, (unsigned)status);
  return CHILD_BLAMED;
}

// How many lack memory for good is the library's: 2 of 166 with OpenSSL 3.0, 1 of 137 with 3.5.
static int child(const char *url, const char *ca_file) {
  unsigned ends[CHILD_BLAMED + 1] = {0};
  for (long n = 0; !ends[CHILD_LACKED_NOTHING]; n += EACH)
    ends[in_a_child(n, url, ca_file)]++;
  fprintf(stderr, "%u good, %u lacked memory, %u blamed the server\n", ends[CHILD_GOOD],
          ends[CHILD_LACKED], ends[CHILD_BLAMED]);
  return ends[CHILD_GOOD] && !ends[CHILD_BLAMED] ? 0 : 1;
}

// --- in the test ---------------------------------------------------------------------------------

static void for_want_of_memory_no_server_is_blamed(void **state) {
  (void)state;
  struct scratch scratch;
  scratch_new(&scratch);
  struct test_ca *ca = test_ca_new("Test CA");
  struct test_cert cert = test_ca_issue(ca, "IP:127.0.0.1", "serverAuth", -HOUR_S, HOUR_S);
  struct tls_server *server = tls_server_new(&cert, NULL, NULL);
  char url[64], ca_file[SCRATCH_PATH * 2], self[] = "/proc/self/exe";
  char *argv[] = {self, url, ca_file, NULL}, *env[] = {NULL};
  pid_t pid;
  int status = -1;
  snprintf(ca_file, sizeof ca_file, "%s", scratch_path(&scratch, "ca.pem"));
  scratch_write(ca_file, test_ca_pem(ca));
  snprintf(url, sizeof url, "https://127.0.0.1:%d", tls_server_port(server));
  assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, env), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  tls_server_free(server);
  test_cert_free(&cert);
  test_ca_free(ca);
  scratch_remove(&scratch);
}

int main(int argc, char **argv) {
  if (argc == 3)
    return child(argv[1], argv[2]);
  const struct CMUnitTest tests[] = {cmocka_unit_test(for_want_of_memory_no_server_is_blamed)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
