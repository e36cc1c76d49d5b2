#include "rotator/engine/proof_parts.h"

#include <string.h>

#include "rotator/base/text.h"

#define APART_MS 60000

struct secret *proof_tampered(const struct secret *bearer) {
  const char *text = secret_bytes(bearer), *dot = strrchr(text, '.');
  size_t len = secret_len(bearer),
         at = dot ? (size_t)(dot - text) + (len - (size_t)(dot - text)) / 2 : len / 2;
  if (at >= len)
    return NULL;
  struct secret *s = secret_new(len);
  const char *other = text[at] == 'A' ? "B" : "A";
  if (s && (secret_append(s, text, at) != ERR_OK || secret_append(s, other, 1) != ERR_OK ||
            secret_append(s, text + at + 1, len - at - 1) != ERR_OK))
    s = secret_free(s);
  return s;
}

int64_t proof_backoff_ms(unsigned times) {
  unsigned shift = times > 5 ? 5 : times;
  return 1000LL << shift;
}

void passing_enter(struct passing_memory *m, const char *print, int64_t now_ms) {
  if (strcmp(m->fingerprint, print) != 0 || now_ms - m->last_ms > APART_MS) {
    text_copy(m->fingerprint, sizeof m->fingerprint, print);
    m->since_ms = now_ms;
  }
  m->last_ms = now_ms;
}

void passing_end(struct passing_memory *m) {
  memset(m, 0, sizeof *m);
}

bool passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms) {
  return print[0] && strcmp(m->fingerprint, print) == 0 && m->last_ms - m->since_ms >= span_ms;
}
