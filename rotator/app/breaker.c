#include "rotator/app/breaker.h"

#include <string.h>

#include "rotator/base/log.h"

_Static_assert(ROW_COUNT <= 64, "seen.failed_rows has a bit for each row");

void breaker_init(struct breaker *b, const struct config *config, size_t n) {
  size_t targets = (size_t)config->breaker.targets;
  size_t share = (n * (size_t)config->breaker.percent + 99) / 100;
  memset(b, 0, sizeof *b);
  atomic_init(&b->open, false);
  if (targets > 0)
    b->limit = targets > share ? targets : share;
}

bool breaker_is_open(struct breaker *b) {
  return atomic_load(&b->open);
}

static bool is_failure(const struct step *s) {
  bool acts = act_is_effect(s->action->kind) || s->action->kind == ACT_PROVE;
  return acts && s->result != ERR_OK && s->result != ERR_CONFLICT && s->result != ERR_CANCELLED;
}

static void count(struct breaker *b, struct managed *m, const struct step *s) {
  enum row row = s->action->row;
  uint64_t bit = UINT64_C(1) << row, *counted = &m->seen.failed_rows[s->result];
  if (!(*counted & bit))
    b->failed[row][s->result]++;
  *counted |= bit;
  if (b->limit == 0 || atomic_load(&b->open) || b->failed[row][s->result] < b->limit)
    return;
  b->row = row;
  b->err = s->result;
  if (s->error)
    b->error = *s->error;
  atomic_store(&b->open, true);
}

void breaker_step(struct breaker *b, struct managed *m, const struct step *s) {
  if (is_failure(s))
    count(b, m, s);
  if (s->action->kind == ACT_REST && s->action->why == WHY_fleet_fails && !m->seen.held_back) {
    m->seen.held_back = true;
    b->held++;
  }
}

void breaker_report(const struct breaker *b) {
  if (b->held == 0)
    return;
  log_line(LOG_LEVEL_WARN, NULL, "breaker",
           "the step '%s' failed for %zu targets in the same way: %s; so this run began no new "
           "rotation for %zu more that %s due. Mend that, and the next run goes on",
           row_name(b->row), b->failed[b->row][b->err],
           b->error.text[0] ? b->error.text : err_name(b->err), b->held,
           b->held == 1 ? "is" : "are");
}
