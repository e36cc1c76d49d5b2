#include "rotator/engine/memory.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"

void memory_init(struct memory *m) {
  memset(m, 0, sizeof *m);
}

void memory_clear(struct memory *m) {
  secret_free(m->created_value);
  turn_free(m->kept);
  carry_drop(m);
  memory_forget_written(m);
  secret_wipe(m, sizeof *m);
}

void memory_new_tick(struct memory *m) {
  memset(m->sink_acted, 0, sizeof m->sink_acted);
  m->n_strays = 0;
  carry_drop(m);
  memory_forget_written(m);
  m->hook_failed = m->refused = false;
}

void memory_wrote(struct memory *m, struct secret *document, struct state *s) {
  memory_forget_written(m);
  m->written = (struct written_state){.document = document, .state = *s};
  *s = (struct state){0};
}

void memory_forget_written(struct memory *m) {
  m->written.document = secret_free(m->written.document);
  state_clear(&m->written.state);
}

enum err memory_decode(const struct memory *m, const struct secret *document, struct state *ret,
                       struct error *e) {
  const struct written_state *w = &m->written;
  if (!w->document || !secret_equal(w->document, document))
    return state_decode(document, ret, e);
  return state_copy(&w->state, ret) == ERR_OK ? ERR_OK : error_no_memory(e);
}

static struct sighting *sighting_of(struct memory *m, const char *key_id) {
  struct sighting *oldest = &m->sightings[0];
  for (int i = 0; i < MEMORY_SIGHTINGS_MAX; i++) {
    struct sighting *s = &m->sightings[i];
    if (strcmp(s->key_id, key_id) == 0)
      return s;
    if (s->key_id[0] == '\0' || (oldest->key_id[0] && s->unusable_ms < oldest->unusable_ms))
      oldest = s;
  }
  memset(oldest, 0, sizeof *oldest);
  text_copy(oldest->key_id, sizeof oldest->key_id, key_id);
  return oldest;
}

struct sighting *memory_sight(struct memory *m, const char *key_id, bool absent, bool unusable,
                              int64_t now_ms) {
  struct sighting *s = sighting_of(m, key_id);
  if (absent && s->absent++ == 0)
    s->absent_ms = now_ms;
  if (unusable && s->unusable++ == 0)
    s->unusable_ms = now_ms;
  if (!absent)
    s->absent = 0;
  if (!unusable)
    s->unusable = 0;
  return s;
}

bool memory_doubts(const struct memory *m, const char *key_id) {
  for (int i = 0; key_id[0] && i < MEMORY_SIGHTINGS_MAX; i++)
    if (strcmp(m->sightings[i].key_id, key_id) == 0)
      return m->sightings[i].unusable > 0;
  return false;
}

#define APART_MS 60000 // exchanges further apart do not belong to one proof

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

bool passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms,
                   int64_t now_ms) {
  return print[0] && strcmp(m->fingerprint, print) == 0 && now_ms - m->last_ms <= APART_MS &&
         m->last_ms - m->since_ms >= span_ms;
}
