// The start of libcurl: whoever makes the first transport of a program, libcurl gets the allocators
// that wipe, and the keys of TLS sessions are written nowhere, though SSLKEYLOGFILE asks for it.
//
// libcurl starts once in a program, so each way is tried by a program of its own: this one, started
// again with the way's name, the server's URL and the file of its authority.
#include <curl/curl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/store.h"
#include "rotator/base/wipe_alloc.h"
#include "rotator/http/pool.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"
#include "tests/unit/http/tls_server.h"

enum { HOUR_S = 3600 };
enum child_end { CHILD_GOOD, CHILD_NO_TRANSPORT, CHILD_OTHER_ALLOCATORS };

// --- in the program that is started --------------------------------------------------------------

static unsigned n_allocated;

void *__real_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size) {
  n_allocated++;
  return __real_wipe_malloc(size);
}

static bool get(struct transport *t, const char *url) {
  struct http_response got = {0};
  const struct http_request req = {.method = "GET", .url = url, .replay = HTTP_REPLAY_SAFE};
  bool good = t && http_exchange(t, &req, &got, NULL) == ERR_OK;
  http_response_clear(&got);
  transport_free(t);
  return good;
}

static bool by_transport(const char *url, const char *ca_file) {
  struct transport *t = NULL;
  const struct curl_options o = {.ca_file = ca_file};
  return curl_transport_new(&o, env_real(), &t, NULL) == ERR_OK && get(t, url);
}

static bool by_pool(const char *url, const char *ca_file) {
  const struct curl_options o = {.ca_file = ca_file};
  return get(http_pool_new(&o, NULL, env_real()), url);
}

// What the server answers is nothing that a store could use; it is asked, and that is all.
static bool by_store(const char *name, const struct store_setting *settings, size_t n) {
  const struct store_context ctx = {.env = env_real()};
  struct store_item *it = NULL;
  struct store_record r = {0};
  struct store_version v;
  int line;
  const struct store_backend *backend = store_backend_find(name);
  if (backend->open(&ctx, STORE_SINK, settings, n, &it, &line, NULL) != ERR_OK)
    return false;
  (void)store_read(it, &r, &v, NULL);
  store_record_clear(&r);
  store_item_free(it);
  if (backend->finish)
    backend->finish();
  return true;
}

static bool by_vault(const char *url, const char *ca_file) {
  const struct store_setting settings[] = {
      {"address", url, 1}, {"mount", "secret", 2}, {"path", "a", 3}, {"ca_file", ca_file, 4}};
  setenv("VAULT_TOKEN", "t", 1);
  return by_store("vault", settings, COUNT_OF(settings));
}

static bool by_kubernetes(const char *url, const char *ca_file) {
  char token_file[SCRATCH_PATH * 2 + 10];
  snprintf(token_file, sizeof token_file, "%s.token", ca_file);
  const struct store_setting settings[] = {{"server", url, 1},
                                           {"name", "a", 2},
                                           {"namespace", "b", 3},
                                           {"ca_file", ca_file, 4},
                                           {"token_file", token_file, 5}};
  return by_store("kubernetes", settings, COUNT_OF(settings));
}

static const struct way {
  const char *name;
  bool (*go)(const char *url, const char *ca_file);
} ways[] = {
    {"transport", by_transport},
    {"pool", by_pool},
    {"vault", by_vault},
    {"kubernetes", by_kubernetes},
};

static int child(const char *name, const char *url, const char *ca_file) {
  for (size_t i = 0; i < COUNT_OF(ways); i++)
    if (strcmp(ways[i].name, name) == 0 && !ways[i].go(url, ca_file))
      return CHILD_NO_TRANSPORT;
  unsigned before = n_allocated;
  struct curl_slist *list = curl_slist_append(NULL, "a");
  bool ours = list && n_allocated > before;
  curl_slist_free_all(list);
  curl_transport_finish();
  return ours ? CHILD_GOOD : CHILD_OTHER_ALLOCATORS;
}

// --- in the test ---------------------------------------------------------------------------------

static struct scratch scratch;
static struct test_ca *ca;
static struct test_cert cert;
static struct tls_server *server;
static char ca_file[SCRATCH_PATH * 2], keys_file[SCRATCH_PATH * 2];

static int begin(void **state) {
  (void)state;
  scratch_new(&scratch);
  ca = test_ca_new("Test CA");
  cert = test_ca_issue(ca, "IP:127.0.0.1", "serverAuth", -HOUR_S, HOUR_S);
  server = tls_server_new(&cert, NULL, NULL);
  snprintf(ca_file, sizeof ca_file, "%s", scratch_path(&scratch, "ca.pem"));
  snprintf(keys_file, sizeof keys_file, "%s", scratch_path(&scratch, "keys"));
  scratch_write(ca_file, test_ca_pem(ca));
  scratch_write(scratch_path(&scratch, "ca.pem.token"), "t");
  return 0;
}

static int end(void **state) {
  (void)state;
  tls_server_free(server);
  test_cert_free(&cert);
  test_ca_free(ca);
  scratch_remove(&scratch);
  return 0;
}

// The variable is for the child alone: the server's library would heed it, too.
static int start(const char *way) {
  char url[64], self[] = "/proc/self/exe", asked[SCRATCH_PATH * 2 + 20];
  char *env[] = {asked, NULL};
  char *argv[] = {self, (char *)(uintptr_t)way, url, ca_file, NULL};
  pid_t pid;
  int status = -1;
  snprintf(asked, sizeof asked, "SSLKEYLOGFILE=%s", keys_file);
  snprintf(url, sizeof url, "https://127.0.0.1:%d", tls_server_port(server));
  assert_int_equal(posix_spawn(&pid, self, NULL, NULL, argv, env), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void every_way_starts_it_alike(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(ways); i++) {
    int before = tls_server_requests(server), status = start(ways[i].name);
    if (access(keys_file, F_OK) == 0)
      fail_msg("%s: keys of TLS sessions were written", ways[i].name);
    if (status != CHILD_GOOD)
      fail_msg("%s: %d", ways[i].name, status);
    if (tls_server_requests(server) == before)
      fail_msg("%s: nothing was asked", ways[i].name);
  }
}

int main(int argc, char **argv) {
  if (argc == 4)
    return child(argv[1], argv[2], argv[3]);
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_starts_it_alike)};
  return cmocka_run_group_tests(tests, begin, end) != 0;
}
