#include "rotator/app/audit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/counted_transport.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define VAIN_MOST 3 // requests that Cloud Logs could not take, after which a run sends no more

// --- what was done ---

static struct logs_effect effect_of(struct managed *m, const struct step *s) {
  const struct action *a = s->action;
  const struct state *st = s->view->state;
  struct logs_effect x = {.key_id = ""};
  text_copy(x.step, sizeof x.step, row_name(a->row));
  text_copy(x.text, sizeof x.text, row_words(a->row)->done);
  text_copy(x.result, sizeof x.result, s->result == ERR_OK ? "done" : err_name(s->result));
  text_copy(x.key_id, sizeof x.key_id, st ? history_key(s) : a->key_id);
  if (a->kind == ACT_WRITE_SINK)
    text_copy(x.sink, sizeof x.sink, m->target.sinks[a->sink].name);
  if (st)
    snprintf(x.rotation, sizeof x.rotation, "%s-%llu", st->lineage,
             (unsigned long long)st->generation);
  text_format_time(x.at, sizeof x.at, env_wall_ms(compose_env(m->compose)) / 1000);
  return x;
}

void audit_step(struct managed *m, const struct step *s) {
  struct audit *a = &m->audit;
  if (!m->config->audit || m->config->own_key) // which has no instance
    return;
  if (!a->effects)
    a->effects = calloc(LOGS_EFFECTS_MAX, sizeof *a->effects);
  if (!a->effects || a->n == LOGS_EFFECTS_MAX)
    a->over++;
  else
    a->effects[a->n++] = effect_of(m, s);
}

// --- sending ---

static enum err send(struct managed *m, struct error *e) {
  static atomic_uint vain; // in a row, over all targets
  struct audit *a = &m->audit;
  const struct logs_record of = {.application = m->target.application,
                                 .computer = m->target.host_id};
  if (!a->bearer || !a->inner)
    return error_set(e, ERR_MISSING, "no key was proven in this run, so there is no token");
  if (vain >= VAIN_MOST)
    return error_set(e, ERR_UNSENT, "Cloud Logs could not take the last %d requests", VAIN_MOST);
  enum logs_verdict v = logs_http_tell(a->inner, a->bearer, &of, a->effects, a->n, e);
  vain = v == LOGS_OUTAGE ? vain + 1 : 0;
  return v == LOGS_ACCEPTED ? ERR_OK : e->kind;
}

void audit_send(struct managed *m) {
  struct audit *a = &m->audit;
  struct error e = {0};
  size_t all = a->n + a->over;
  if (all == 0)
    return;
  counted_transport_for(&m->seen.requests);
  bool good = a->n > 0 && send(m, &e) == ERR_OK;
  size_t lost = good ? a->over : all;
  a->sent += (unsigned)(all - lost);
  a->lost += (unsigned)lost;
  if (lost > 0)
    log_line(LOG_LEVEL_WARN, m->target.name, "audit",
             "%zu of %zu lines are not in Cloud Logs, or not known to be ('rotator history %s' has "
             "them): %s",
             lost, all, m->target.name, good || a->n == 0 ? "there was no room" : e.text);
  a->n = a->over = 0;
}
