#include "rotator/cloud/logs_record.h"

#include "rotator/cloud/logs_effect.h"

#include <string.h>

#include "rotator/base/text.h"

// Room for each text. Together with names and punctuation they stay below LOGS_RECORD_MAX.
enum { LABEL = 128, COMPUTER = 128, ID = 64, STEP = 32 };

static void clean(char *dst, size_t cap, const char *text) {
  text_printable(dst, cap, text ? text : "", text ? strlen(text) : 0);
  for (char *at = dst; *at; at++)
    if (*at == '"' || *at == '\\')
      *at = '?';
}

static int severity(int wanted) {
  return wanted < 1 ? 1 : wanted > 6 ? 6 : wanted;
}

struct secret *logs_record_encode(const struct logs_record *r) {
  char application[LABEL + 1], subsystem[LABEL + 1], computer[COMPUTER + 1];
  char rotation[ID + 1], key_id[ID + 1], step[STEP + 1], nonce[ID + 1];
  clean(application, sizeof application, r->application);
  clean(subsystem, sizeof subsystem, r->subsystem);
  clean(computer, sizeof computer, r->computer);
  clean(rotation, sizeof rotation, r->rotation);
  clean(key_id, sizeof key_id, r->key_id);
  clean(step, sizeof step, r->step);
  clean(nonce, sizeof nonce, r->nonce);
  struct text_buf b = TEXT_BUF(LOGS_RECORD_MAX - 1);
  // Always the same members, since an instance may index a limited number of fields. No timestamp:
  // the gateway stamps it, and a wrong clock here cannot make it too old.
  text_buf_add(&b,
               "[{\"applicationName\":\"%s\",\"subsystemName\":\"%s\",\"severity\":%d,"
               "\"computerName\":\"%s\",\"text\":{\"message\":\"test log of the key rotation\","
               "\"rotation\":\"%s\",\"key_id\":\"%s\",\"step\":\"%s\",\"nonce\":\"%s\"}}]",
               application, subsystem, severity(r->severity), computer, rotation, key_id, step,
               nonce);
  struct secret *body = b.failed ? NULL : secret_copy(text_buf_str(&b), b.len);
  text_buf_free(&b);
  return body;
}

static void add_member(struct text_buf *b, const char *name, const char *text) {
  char tamed[LABEL + 1];
  clean(tamed, sizeof tamed, text);
  text_buf_add(b, ",\"%s\":\"%s\"", name, tamed);
}

static void add_effect(struct text_buf *b, const struct logs_record *of,
                       const struct logs_effect *x) {
  char application[LABEL + 1], computer[COMPUTER + 1];
  bool done = strcmp(x->result, "done") == 0;
  clean(application, sizeof application, of->application);
  clean(computer, sizeof computer, of->computer);
  text_buf_add(
      b,
      "{\"applicationName\":\"%s\",\"subsystemName\":\"" LOGS_EFFECT_SUBSYSTEM
      "\",\"severity\":%d,\"computerName\":\"%s\",\"text\":{\"message\":\"effect of the key "
      "rotation\"",
      application, done ? 3 : 4, computer);
  add_member(b, "rotation", x->rotation);
  add_member(b, "key_id", x->key_id);
  add_member(b, "step", x->step);
  add_member(b, "text", x->text);
  add_member(b, "result", x->result);
  add_member(b, "sink", x->sink);
  add_member(b, "at", x->at);
  text_buf_add(b, "}}");
}

struct secret *logs_effects_encode(const struct logs_record *of, const struct logs_effect *effects,
                                   size_t n) {
  struct text_buf b = TEXT_BUF(LOGS_EFFECTS_MAX * 2048);
  for (size_t i = 0; i < n; i++) {
    text_buf_add(&b, i == 0 ? "[" : ",");
    add_effect(&b, of, &effects[i]);
  }
  text_buf_add(&b, "]");
  struct secret *body = b.failed || n == 0 ? NULL : secret_copy(text_buf_str(&b), b.len);
  text_buf_free(&b);
  return body;
}
