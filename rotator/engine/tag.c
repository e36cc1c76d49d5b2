#include "rotator/engine/tag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

static const char opening[] = "[rotator b=";

void tag_binding(const char *account, const char *iam_id, const char *instance,
                 char ret[TAG_BINDING_MAX]) {
  char text[4 * IAM_ID_MAX], hex[TEXT_SHA256_HEX];
  int n = snprintf(text, sizeof text, "%s\n%s\n%s", account, iam_id, instance);
  text_sha256_hex(hex, text, (size_t)n);
  text_copy(ret, TAG_BINDING_MAX, hex);
}

bool tag_format(const struct tag *t, const char *words, char *dst, size_t cap) {
  char tail[128];
  int n = snprintf(tail, sizeof tail, "%s%s l=%s g=%" PRIu64 "]", opening, t->binding, t->lineage,
                   t->generation);
  if (n < 0 || (size_t)n >= sizeof tail || (size_t)n >= cap)
    return false;
  size_t room = cap - 1 - (size_t)n;
  size_t len = strlen(words);
  if (len + 1 > room)
    len = room > 0 ? room - 1 : 0;
  int m = len > 0 ? snprintf(dst, cap, "%.*s %s", (int)len, words, tail)
                  : snprintf(dst, cap, "%s", tail);
  return m >= 0 && (size_t)m < cap;
}

// Copies `n` hex digits that `p` starts with; returns what follows, NULL if they are not there.
static const char *take_hex(const char *p, size_t n, char *dst) {
  for (size_t i = 0; i < n; i++) {
    if (!strchr("0123456789abcdef", p[i]) || p[i] == '\0')
      return NULL;
    dst[i] = p[i];
  }
  dst[n] = '\0';
  return p + n;
}

static const char *take_text(const char *p, const char *expected) {
  return p && text_starts(p, expected) ? p + strlen(expected) : NULL;
}

bool tag_parse(const char *description, struct tag *ret) {
  const char *p = strstr(description, opening);
  if (!p || strstr(p + 1, opening))
    return false;
  struct tag t;
  p = take_hex(p + strlen(opening), TAG_BINDING_MAX - 1, t.binding);
  p = take_text(p, " l=");
  p = p ? take_hex(p, STATE_LINEAGE_MAX - 1, t.lineage) : NULL;
  p = take_text(p, " g=");
  if (!p || *p < '1' || *p > '9')
    return false;
  char *end;
  errno = 0;
  t.generation = strtoull(p, &end, 10);
  if (errno != 0 || *end != ']')
    return false;
  *ret = t;
  return true;
}
