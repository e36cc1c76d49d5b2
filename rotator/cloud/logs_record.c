#include "rotator/cloud/logs_record.h"

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
