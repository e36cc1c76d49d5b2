// Documents of a state whose checksum is right and whose content is not: none of them is taken.
#include <stdio.h>
#include <stdlib.h>

#include "rotator/base/json.h"
#include "rotator/base/text_digest.h"
#include "tests/unit/engine/world.h"

static struct secret *encoded(const struct state *s) {
  struct secret *document = NULL;
  assert_int_equal(state_encode(s, &document, NULL, NULL), ERR_OK);
  return document;
}

// Right checksum, wrong content: a good document of the phase whose member `name`, of the member at
// the path `in` ("" for the state itself), is taken out, or replaced by that JSON. We do not write
// such a state ourselves.
static void assert_impossible(enum phase phase, const char *in, const char *name,
                              const char *instead) {
  struct world w = world(phase);
  struct state got;
  struct error e;
  char digest[TEXT_SHA256_HEX];
  w.state.n_sinks = 1;
  strcpy(w.state.sinks[0].noted.text, "v1");
  w.state.disabled_s = NOW;
  SECRET_AUTO good = encoded(&w.state);
  JSON_AUTO o = json_parse(secret_bytes(good), secret_len(good));
  cJSON *tree = cJSON_GetObjectItem(o, "state"), *at = tree;
  for (const char *next = in; *next; next += strcspn(next, ".") + (strchr(next, '.') != NULL)) {
    char step[32];
    snprintf(step, sizeof step, "%.*s", (int)strcspn(next, "."), next);
    at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(step)) : cJSON_GetObjectItem(at, step);
  }
  assert_non_null(at);
  cJSON_DeleteItemFromObject(at, name);
  if (instead)
    assert_true(cJSON_AddItemToObject(at, name, cJSON_Parse(instead)));
  SECRET_AUTO inner = NULL;
  assert_int_equal(json_print(tree, STORE_HOME_MAX, &inner), ERR_OK);
  text_sha256_hex(digest, secret_bytes(inner), secret_len(inner));
  cJSON_ReplaceItemInObject(o, "sha256", cJSON_CreateString(digest));
  SECRET_AUTO bad = NULL;
  assert_int_equal(json_print(o, STORE_HOME_MAX, &bad), ERR_OK);
  if (state_decode(bad, &got, &e) != ERR_CORRUPT)
    fail_msg("%s.%s may be %s", in, name, instead ? instead : "missing");
  assert_null(strstr(e.text, "checksum"));
  assert_true(strcmp(name, "disabled_s") != 0 || strstr(e.text, name));
  state_clear(&w.state);
}

static void a1_impossible_states_are_corrupt(void **unused) {
  (void)unused;
  assert_impossible(PHASE_STAGED, "slots", "pending", NULL);
  assert_impossible(PHASE_PUBLISHING, "slots", "previous", NULL);
  assert_impossible(PHASE_GRACE, "slots", "previous", NULL);
  assert_impossible(PHASE_RETIRING, "slots", "previous", NULL);
  assert_impossible(PHASE_GRACE, "slots", "current", NULL);
  assert_impossible(PHASE_IDLE, "", "seq", "\"0\"");
  assert_impossible(PHASE_IDLE, "", "epoch", "\"11\"");
  assert_impossible(PHASE_IDLE, "slots.current", "generation", "\"4\"");
  assert_impossible(PHASE_IDLE, "slots.current", "key_id", "\"\"");
}

#define SLOT(value, id, generation)                                                                \
  "{\"value\":\"" value "\",\"key_id\":\"" id "\",\"generation\":\"" generation                    \
  "\",\"since_s\":1,\"adopted_s\":0}"
#define SINK "{\"name\":\"a\",\"place\":\"b\",\"noted\":\"\"}"
#define FOUR(x) x "," x "," x "," x

// What has a meaning in one phase only, a member of another type, one too many.
static void documents_that_we_never_wrote_are_corrupt(void **unused) {
  (void)unused;
  static const struct {
    enum phase phase;
    const char *in, *name, *instead;
  } rows[] = {
      {PHASE_IDLE, "", "hook_epoch", "\"8\""},
      {PHASE_IDLE, "", "seq", "10"},
      {PHASE_IDLE, "", "failures", "-1"},
      {PHASE_IDLE, "", "failures", "1000001"},
      {PHASE_IDLE, "", "moved", "\"1\""},
      {PHASE_IDLE, "", "grace_s", "\"1\""},
      {PHASE_IDLE, "", "pending_from_iam", "1"},
      {PHASE_IDLE, "", "account", "7"},
      {PHASE_IDLE, "", "lineage", "\"0123456789abcdef0\""},
      {PHASE_IDLE, "", "unknown", "1"},
      {PHASE_IDLE, "", "phase", "\"gone\""},
      {PHASE_IDLE, "", "phase", "1"},
      {PHASE_IDLE, "", "disabled_s", "-1"},
      {PHASE_IDLE, "", "disabled_s", "\"1\""},
      {PHASE_IDLE, "", "wish", "[]"},
      {PHASE_IDLE, "wish", "kind", "\"retire\""}, // it has no word of its own
      {PHASE_IDLE, "wish", "kind", "\"other\""},
      {PHASE_IDLE, "wish", "grace_s", NULL},
      {PHASE_IDLE, "hold", "on", "\"yes\""},
      {PHASE_IDLE, "hold", "until_s", "\"soon\""},
      {PHASE_IDLE, "", "slots", "[]"},
      {PHASE_IDLE, "slots", "next", SLOT("v", "k", "1")},
      {PHASE_IDLE, "slots", "previous", SLOT("v", "k", "1")},
      {PHASE_STAGED, "slots", "previous", SLOT("v", "k", "1")},
      {PHASE_IDLE, "slots", "pending", SLOT("v", "k", "3")},
      {PHASE_STAGED, "slots", "pending", SLOT("v", "", "2")},
      {PHASE_STAGED, "slots", "pending", SLOT("", "", "3")},
      {PHASE_IDLE, "slots", "current", SLOT("", "k", "1")},
      {PHASE_GRACE, "slots", "previous", SLOT("", "k", "1")},
      {PHASE_GRACE, "slots", "previous", SLOT("v", "", "1")},
      {PHASE_IDLE, "slots.current", "value", "1"},
      {PHASE_PUBLISHING, "slots", "current", NULL},
      {PHASE_IDLE, "", "sinks", "{}"},
      {PHASE_IDLE, "", "sinks", "[" FOUR(FOUR(SINK)) "," FOUR(FOUR(SINK)) "," SINK "]"},
      {PHASE_IDLE, "sinks.0", "place", "1"},
      {PHASE_IDLE, "", "retired", "{}"},
      {PHASE_IDLE, "", "retired", "[1]"},
      {PHASE_IDLE, "", "retired", "[" FOUR(FOUR("\"a\"")) "," FOUR(FOUR("\"b\"")) "]"},
      {PHASE_IDLE, "", "retired", "[\"" FOUR("0123456789abcdef0123456789abcdef") "\"]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_impossible(rows[i].phase, rows[i].in, rows[i].name, rows[i].instead);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a1_impossible_states_are_corrupt),
                                     cmocka_unit_test(documents_that_we_never_wrote_are_corrupt)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
