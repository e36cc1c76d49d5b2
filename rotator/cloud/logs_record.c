#include "rotator/cloud/logs_record.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/logs_effect.h"

// Room for each text. Together with names and punctuation they stay below LOGS_RECORD_MAX.
enum { LABEL = 128, COMPUTER = 128, ID = 64, STEP = 32 };

static void clean(char *dst, size_t cap, const char *text) {
  text_printable(dst, cap, text ? text : "", text ? strlen(text) : 0);
  for (char *at = dst; *at; at++)
    if (*at == '"' || *at == '\\')
      *at = '?';
}

// An object up to its text's members. Always the same members, since an instance may index a
// limited number of fields. No timestamp: the gateway stamps it, and a wrong clock here cannot make
// it too old.
static void begin(struct text_buf *b, const struct logs_record *of, const char *subsystem,
                  int severity, const char *message) {
  char application[LABEL + 1], tamed[LABEL + 1], computer[COMPUTER + 1];
  clean(application, sizeof application, of->application);
  clean(tamed, sizeof tamed, subsystem);
  clean(computer, sizeof computer, of->computer);
  text_buf_add(b,
               "{\"applicationName\":\"%s\",\"subsystemName\":\"%s\",\"severity\":%d,"
               "\"computerName\":\"%s\",\"text\":{\"message\":\"%s\"",
               application, tamed,
               severity < 1   ? 1
               : severity > 6 ? 6
                              : severity,
               computer, message);
}

static void add_member(struct text_buf *b, const char *name, const char *text, size_t most) {
  char tamed[LABEL + 1];
  clean(tamed, most + 1, text);
  text_buf_add(b, ",\"%s\":\"%s\"", name, tamed);
}

struct secret *logs_record_encode(const struct logs_record *r) {
  struct text_buf b = TEXT_BUF(LOGS_RECORD_MAX - 1);
  text_buf_add(&b, "[");
  begin(&b, r, r->subsystem, r->severity, "test log of the key rotation");
  add_member(&b, "rotation", r->rotation, ID);
  add_member(&b, "key_id", r->key_id, ID);
  add_member(&b, "step", r->step, STEP);
  add_member(&b, "nonce", r->nonce, ID);
  text_buf_add(&b, "}}]");
  struct secret *body = b.failed ? NULL : secret_copy(text_buf_str(&b), b.len);
  text_buf_free(&b);
  return body;
}

static void add_effect(struct text_buf *b, const struct logs_record *of,
                       const struct logs_effect *x) {
  int severity = strcmp(x->result, "done") == 0 ? 3 : 4;
  begin(b, of, LOGS_EFFECT_SUBSYSTEM, severity, "effect of the key rotation");
  add_member(b, "rotation", x->rotation, LABEL);
  add_member(b, "key_id", x->key_id, LABEL);
  add_member(b, "step", x->step, LABEL);
  add_member(b, "text", x->text, LABEL);
  add_member(b, "result", x->result, LABEL);
  add_member(b, "sink", x->sink, LABEL);
  add_member(b, "at", x->at, LABEL);
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
