// The table: which row belongs to which phase. The rows are functions of their names in rows_*.c;
// they are tried in the order of ROW_LIST, and the first that matches wins.
#include "rotator/engine/decide.h"

#include <assert.h>

#include "rotator/engine/rows.h"

enum {
  NONE = 1,
  IDLE = 2,
  STAGED = 4,
  PUBLISHING = 8,
  GRACE = 16,
  RETIRING = 32,
  ANY = 63,
  WITH_STATE = 62
};

static const struct table_row {
  unsigned phases;
  bool (*match)(seen v, struct action *a);
} table[] = {
    [ROW_unreadable] = {ANY, row_unreadable},
    [ROW_corrupt] = {ANY, row_corrupt},
    [ROW_rebound] = {ANY, row_rebound},
    [ROW_other_host] = {ANY, row_other_host},
    [ROW_adopt] = {NONE, row_adopt},
    [ROW_first] = {NONE, row_first},
    [ROW_unclear] = {NONE, row_unclear},
    [ROW_drift] = {IDLE | STAGED | RETIRING, row_drift},
    [ROW_foreign] = {WITH_STATE, row_foreign},
    [ROW_stray] = {WITH_STATE, row_stray},
    [ROW_heal] = {IDLE, row_heal},
    [ROW_use] = {GRACE, row_use},
    [ROW_probe] = {IDLE | GRACE, row_probe},
    [ROW_due] = {IDLE, row_due},
    [ROW_blocked] = {IDLE, row_blocked},
    [ROW_rest] = {IDLE, row_rest},
    [ROW_give_up] = {STAGED, row_give_up},
    [ROW_create] = {STAGED, row_create},
    [ROW_note] = {STAGED, row_note},
    [ROW_taken] = {STAGED, row_taken},
    [ROW_enable] = {STAGED, row_enable},
    [ROW_lost] = {STAGED, row_lost},
    [ROW_arrive] = {STAGED, row_arrive},
    [ROW_promote] = {STAGED, row_promote},
    [ROW_refute] = {STAGED, row_refute},
    [ROW_await] = {STAGED, row_await},
    [ROW_swap] = {PUBLISHING | GRACE, row_swap},
    [ROW_both_dead] = {PUBLISHING | GRACE, row_both_dead},
    [ROW_publish] = {PUBLISHING, row_publish},
    [ROW_reload] = {PUBLISHING, row_reload},
    [ROW_settle] = {PUBLISHING, row_settle},
    [ROW_stuck] = {PUBLISHING, row_stuck},
    [ROW_moved] = {GRACE, row_moved},
    [ROW_rewritten] = {GRACE, row_rewritten},
    [ROW_retire] = {GRACE, row_retire},
    [ROW_serve] = {GRACE, row_serve},
    [ROW_noted] = {RETIRING, row_noted},
    [ROW_held] = {RETIRING, row_held},
    [ROW_unsure] = {RETIRING, row_unsure},
    [ROW_disable] = {RETIRING, row_disable},
    [ROW_quarantine] = {RETIRING, row_quarantine},
    [ROW_delete] = {RETIRING, row_delete},
    [ROW_retired] = {RETIRING, row_retired},
};
static_assert(sizeof table / sizeof *table == ROW_COUNT, "every row is in the table");

static unsigned phase_bit(seen v) {
  static const unsigned bits[] = {[PHASE_IDLE] = IDLE,
                                  [PHASE_STAGED] = STAGED,
                                  [PHASE_PUBLISHING] = PUBLISHING,
                                  [PHASE_GRACE] = GRACE,
                                  [PHASE_RETIRING] = RETIRING};
  return v->state ? bits[v->state->phase] : NONE;
}

// Must IAM be asked before the rows can be judged? At rest it is left alone, so that a run with
// nothing due opens no connection; whatever looks unusual is worth the question.
static bool wants_look(seen v) {
  if (v->iam_asked || v->other_host || (v->home != HOME_OK && v->home != HOME_ABSENT))
    return false;
  if (!v->state || v->state->phase != PHASE_IDLE || v->look_due || v->probe_due ||
      !has(v, SLOT_CURRENT))
    return true;
  for (size_t i = 0; i < v->n_sinks; i++)
    if (is_drifted(&v->sinks[i]) || v->sinks[i].value == SINK_FOREIGN)
      return true;
  return wants_rotation(v) && rows_blocked_cheaply(v) == WHY_none;
}

// May the act rest on a look that was made in an earlier turn of this tick? Those that make a key
// or prove one may: what they would do wrong on an old look is undone, refused, or seen by the next
// one. What ends a key, or takes one over, may not.
static bool may_be_carried(const struct action *a) {
  bool proves = a->kind == ACT_PROVE;
  bool between = a->kind == ACT_WAIT && a->why == WHY_proof_pending; // two exchanges of a proof
  switch (a->row) {
  case ROW_create:
    return a->kind == ACT_CREATE;
  case ROW_note:
    return a->kind == ACT_CAS && a->why == WHY_none;
  case ROW_enable:
    return a->kind == ACT_ENABLE;
  case ROW_promote:
  case ROW_publish:
  case ROW_reload:
  case ROW_settle:
    return a->kind != ACT_WAIT;
  case ROW_await:
  case ROW_stuck:
    return between;
  case ROW_retire:
  case ROW_unsure:
    return proves;
  default:
    return false;
  }
}

void decide(const struct view *v, struct action *ret) {
  unsigned phase = phase_bit(v);
  bool look = wants_look(v);
  // Each phase has a last row that always matches; the walk over all views in tests/unit/engine
  // holds us to it.
  *ret = (struct action){.row = ROW_unreadable, .kind = ACT_WAIT};
  for (int r = 0; r < ROW_COUNT; r++) {
    struct action a = {.row = (enum row)r};
    if (look && r == ROW_adopt) {
      a.kind = ACT_LOOK;
      *ret = a;
      return;
    }
    if ((table[r].phases & phase) && table[r].match(v, &a)) {
      if (v->carried && !may_be_carried(&a))
        a.kind = ACT_LOOK;
      *ret = a;
      return;
    }
  }
}

bool act_is_effect(enum act_kind kind) {
  switch (kind) {
  case ACT_CAS:
  case ACT_WRITE_SINK:
  case ACT_CREATE:
  case ACT_ENABLE:
  case ACT_DISABLE:
  case ACT_DELETE:
  case ACT_HOOK:
    return true;
  default:
    return false;
  }
}

const char *row_name(enum row r) {
#define X(name) [ROW_##name] = #name,
  static const char *const names[] = {ROW_LIST(X)};
#undef X
  return (unsigned)r < ROW_COUNT ? names[r] : "none";
}

const char *why_name(enum why w) {
#define X(name) [WHY_##name] = #name,
  static const char *const names[] = {WHY_LIST(X)};
#undef X
  return (unsigned)w < WHY_COUNT ? names[w] : "none";
}

// --- do consumers have a working key? ------------------------------------------------------------

// What the evidence says of each value (evidence.h), and nothing else.
struct verdict view_verdict(const struct view *v) {
  static const int badness[] = {
      [VERDICT_WORKING] = 0, [VERDICT_NOT_KNOWN] = 1, [VERDICT_NOT_WORKING] = 2};
  struct verdict worst = evidence_verdict(NULL);
  for (size_t i = 0; i < v->n_sinks; i++)
    if (i == 0 || badness[v->sinks[i].verdict.kind] > badness[worst.kind])
      worst = v->sinks[i].verdict;
  return worst;
}

enum working verdict_working(const struct verdict *v) {
  static const enum working as[] = {[VERDICT_WORKING] = WORKING_YES,
                                    [VERDICT_NOT_WORKING] = WORKING_NO,
                                    [VERDICT_NOT_KNOWN] = WORKING_UNKNOWN};
  return as[v->kind];
}

enum working view_working(const struct view *v) {
  struct verdict worst = view_verdict(v);
  return verdict_working(&worst);
}
