// Where logs are read: some are found at once, some late, some never. Nothing here is about a key.
#include <string.h>

#include "tests/protocol/sim.h"

enum { LOST_OF_10000 = 2500, REFUSED_OF_10000 = 200 };

static bool is_on(const struct sim *s) {
  return s->p.policy.arrival_within_s > 0;
}

void reader_log_sent(struct proc *p, int key, const char *nonce) {
  struct sim *s = p->sim;
  if (!is_on(s))
    return;
  struct sim_log *l = &s->logs[s->n_logs++ % SIM_LOGS];
  *l = (struct sim_log){.key = key, .at_ms = s->now_ms, .server_s = sim_server_ms(s) / 1000};
  strncpy(l->nonce, nonce, sizeof l->nonce - 1);
  l->lost = s->faults && rng_chance(&s->rng, LOST_OF_10000);
  l->visible_ms = s->now_ms + rng_between(&s->rng, 0, s->faults ? 4 * MINUTE_MS : 20 * 1000);
}

static bool is_found(const struct sim *s, const struct sim_log *l, const struct logs_search *q) {
  return strcmp(l->nonce, q->nonce) == 0 && !l->lost && s->now_ms >= l->visible_ms &&
         l->server_s >= q->from_s && l->server_s <= q->to_s;
}

static enum logs_sighting look(struct sim *s, const struct logs_search *q) {
  for (unsigned i = 0; i < SIM_LOGS; i++)
    if (is_found(s, &s->logs[i], q)) {
      s->keys[s->logs[i].key].found = true;
      return LOGS_SEEN;
    }
  return LOGS_UNSEEN;
}

static enum logs_sighting find(struct logs_reader *r, const struct logs_search *q,
                               struct error *e) {
  struct proc *p = ((struct fake_reader *)r)->p;
  struct sim *s = p->sim;
  if (!proc_point(p))
    return error_set(e, ERR_CANCELLED, "stopped"), LOGS_UNASKED;
  enum logs_sighting seen = LOGS_SILENT;
  enum fate f = fate_draw(s, false, s->logs_down_ms);
  if (s->faults && rng_chance(&s->rng, REFUSED_OF_10000))
    error_set(e, ERR_DENIED, "the reader may not read"), seen = LOGS_UNREADABLE;
  else if (f == FATE_FINE)
    seen = look(s, q);
  else if (fate_error(s, f, e) == ERR_THROTTLED)
    seen = LOGS_ASK_LATER;
  sim_note(s, "%s search: %s", p->writer, logs_sighting_name(seen));
  if (!proc_point(p))
    return error_set(e, ERR_CANCELLED, "stopped"), LOGS_UNASKED;
  return seen;
}

static void nothing(struct logs_reader *r) {
  (void)r;
}

void fake_reader_init(struct proc *p) {
  static const struct logs_reader_ops ops = {find, nothing};
  p->reader = (struct fake_reader){.base = {.ops = &ops}, .p = p};
  p->io.reader = is_on(p->sim) ? &p->reader.base : NULL;
}
