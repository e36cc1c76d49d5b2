// The store of IBM Cloud Secrets Manager keeps the contract, on the emulator: a program of its own
// makes the tokens, as the shipped one does. Started by secrets_manager.sh, which says in the
// environment where the emulator is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/iam_tokens.h"
#include "rotator/http/pool.h"
#include "tests/contract/stores/store_suite.h"

static const char *base, *control, *key_file;
static struct transport *http;
static struct store_tokens *tokens;

static const struct run {
  const char *name;
  enum store_kind kind;
  const char *type;
} runs[] = {
    {"secrets manager, arbitrary, sink", STORE_SINK, "arbitrary"},
    {"secrets manager, kv, sink", STORE_SINK, "kv"},
    {"secrets manager, home", STORE_HOME, "arbitrary"},
};
static const struct run *run;

static void give_up(const char *what) {
  fprintf(stderr, "store_secrets_manager: %s\n", what);
  exit(1);
}

static void *setup(void) {
  static unsigned n;
  char *place = malloc(32);
  if (!place)
    give_up("out of memory");
  snprintf(place, 32, "place-%u", n++);
  return place;
}

static struct store_item *open_item(void *place, unsigned n) {
  char name[48];
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  const struct store_context ctx = {.env = env_real(), .tokens = tokens};
  snprintf(name, sizeof name, "%s.%u", (const char *)place, n);
  const struct store_setting s[] = {{"instance", getenv("SM_CRN"), 1},
                                    {"endpoint", base, 2},
                                    {"type", run->type, 3},
                                    {"name", name, 4},
                                    {"auth.api_key.file", key_file, 5}};
  if (store_backend_find("ibm-secrets-manager")
          ->open(&ctx, run->kind, s, sizeof s / sizeof *s, &it, &line, &e) != ERR_OK)
    give_up(e.text);
  return it;
}

// Writes are refused before anything is done.
static void fail_writes(void *place, bool on) {
  struct http_response r = {0};
  struct error e = {0};
  (void)place;
  SECRET_AUTO body =
      secret_copy_text("{\"match\":{\"method\":\"POST\",\"path\":\"/instances/*\"},\"effect\":{"
                       "\"status\":403}}");
  const struct http_request q = {.method = on ? "POST" : "DELETE",
                                 .url = control,
                                 .body = on ? body : NULL,
                                 .content_type = on ? "application/json" : NULL};
  if (http_exchange(http, &q, &r, &e) != ERR_OK || r.status != 200)
    give_up("the emulator takes no fault");
  http_response_clear(&r);
}

int main(void) {
  static const struct curl_options o = {.allow_plain_loopback = true};
  int failed = 0;
  base = getenv("SM_BASE");
  control = getenv("SM_FAULTS");
  key_file = getenv("SM_KEY_FILE");
  if (!base || !control || !key_file || !getenv("SM_IAM"))
    give_up("run me by tests/contract/stores/secrets_manager.sh");
  http = http_pool_new(&o, NULL, env_real());
  tokens = http ? iam_tokens_new(getenv("SM_IAM"), http, NULL, env_real()) : NULL;
  if (!tokens)
    give_up("out of memory");
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    run = &runs[i];
    const struct store_subject s = {run->name, run->kind, STORE_CLASS_C, run->kind == STORE_SINK,
                                    setup,     free,      open_item,     fail_writes};
    failed += store_suite_run(&s);
  }
  store_backend_find("ibm-secrets-manager")->finish();
  iam_tokens_free(tokens);
  transport_free(http);
  curl_transport_finish();
  return failed != 0;
}
