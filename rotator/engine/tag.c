#include "rotator/engine/tag.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

static const char opening[] = "[rotator b=";
#define TAIL_MAX (sizeof opening + TAG_BINDING_MAX + STATE_LINEAGE_MAX + sizeof " l= g=]" + 20)
static_assert(TAIL_MAX < IAM_DESC_MAX, "every tag fits");

void tag_binding(const char *account, const char *iam_id, const char *instance,
                 char ret[TAG_BINDING_MAX]) {
  char text[4 * IAM_ID_MAX], hex[TEXT_SHA256_HEX];
  int n = snprintf(text, sizeof text, "%s\n%s\n%s", account, iam_id, instance);
  text_sha256_hex(hex, text, (size_t)n);
  text_copy(ret, TAG_BINDING_MAX, hex);
}

void tag_format(const struct tag *t, const char *words, char dst[IAM_DESC_MAX]) {
  char tail[TAIL_MAX];
  int n = snprintf(tail, sizeof tail, "%s%s l=%s g=%" PRIu64 "]", opening, t->binding, t->lineage,
                   t->generation);
  size_t room = IAM_DESC_MAX - 1 - (size_t)n - 1, len = strlen(words);
  snprintf(dst, IAM_DESC_MAX, "%.*s%s%s", (int)(len < room ? len : room), words, len > 0 ? " " : "",
           tail);
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
