// Stores that are programs keep the contract: store_program STORE PROGRAM, with STORE `helper` or
// `libsecret`. Items named test-… are written, and left behind: there is no verb that deletes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/contract/stores/store_suite.h"

static const char *store, *program;
static enum store_kind kind;

struct place {
  unsigned number;
};

static struct store_item *open_named(const char *name) {
  const struct store_setting settings[] = {
      {"program", program, 1}, {"item", name, 2}, {"timeout", "60s", 3}};
  const struct store_context ctx = {.env = env_real()};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  if (store_backend_find(store)->open(&ctx, kind, settings, 3, &it, &line, &e) != ERR_OK) {
    fprintf(stderr, "%s\n", e.text);
    exit(1);
  }
  return it;
}

static void *setup(void) {
  static unsigned number;
  struct place *p = calloc(1, sizeof(*p));
  if (p)
    p->number = ++number;
  return p;
}

static void teardown(void *place) {
  free(place);
}

static struct store_item *open_item(void *place, unsigned n) {
  const struct place *p = place;
  char name[64];
  snprintf(name, sizeof name, "test-%d/%s-%u-%u", (int)getpid(),
           kind == STORE_HOME ? "home" : "sink", p->number, n);
  return open_named(name);
}

// A helper may keep a key's details or not. 0: not, 1: it does; a program that cannot write: -1.
static int keeps_details(void) {
  kind = STORE_SINK;
  void *place = setup();
  struct store_item *it = open_item(place, 0);
  struct store_record r = {.value = secret_copy_text("probe-of-details"), .key_id = "ApiKey-1"};
  struct store_record got = {0};
  struct store_version v = {""};
  struct error e = {0};
  int answer = -1;
  if (store_write(it, &r, &v, &v, &e) == ERR_OK && store_read(it, &got, &v, &e) == ERR_OK)
    answer = got.key_id[0] != '\0';
  else
    fprintf(stderr, "%s\n", e.text);
  store_record_clear(&got);
  store_record_clear(&r);
  store_item_free(it);
  teardown(place);
  return answer;
}

int main(int argc, char **argv) {
  if (argc != 3 || !store_backend_find(argv[1])) {
    fprintf(stderr, "usage: %s helper|libsecret PROGRAM\n", argv[0]);
    return 2;
  }
  store = argv[1];
  program = argv[2];
  secret_setup();
  env_real_catch_signals();
  int details = keeps_details(), failed = 0;
  if (details < 0)
    return 1;
  static const char *const names[] = {[STORE_HOME] = "home", [STORE_SINK] = "sink"};
  for (kind = STORE_HOME; kind <= STORE_SINK; kind++) {
    char name[64];
    snprintf(name, sizeof name, "%s, %s", store, names[kind]);
    struct store_subject s = {name,  kind,     STORE_CLASS_C, kind == STORE_SINK && details,
                              setup, teardown, open_item,     NULL};
    failed += store_suite_run(&s);
  }
  return failed != 0;
}
