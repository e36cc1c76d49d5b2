// The table. Each row is one function of the row's name: it returns true if the row matches, and then has filled in the
// act. They are tried in the order of ROW_LIST; the phases a row belongs to stand beside it at the end of this file.
#include "rotator/engine/decide.h"

#include <assert.h>
#include <string.h>

#define BACK_PATIENCE_S 10  // an older seq is read again for this long before it is believed
#define IAM_MINUTE_S 60     // IAM's times have minute precision
#define MOVED_MAX 3
#define STAGER_TIME_S 120   // what the process that staged has for itself (origin iam)

typedef const struct view *seen;
typedef const struct policy *wanted;

static bool act(struct action *a, enum act_kind kind, enum why why) {
  a->kind = kind;
  a->why = why;
  return true;
}

static bool wait_until(struct action *a, int64_t until_s, enum why why) {
  a->wait_s = until_s;
  return act(a, ACT_WAIT, why);
}

static bool attention(struct action *a, enum why why) {
  a->attention = true;
  return act(a, ACT_ATTENTION, why);
}

static bool on_key(struct action *a, enum act_kind kind, seen v, enum slot_name slot) {
  a->slot = slot;
  memcpy(a->key_id, v->state->slots[slot].key_id, sizeof a->key_id);
  return act(a, kind, WHY_none);
}

static const struct slot_view *view_of(seen v, enum slot_name s) { return &v->slots[s]; }
static bool has(seen v, enum slot_name s) { return v->state && v->state->slots[s].used; }
static bool is_dead(seen v, enum slot_name s) { return has(v, s) && view_of(v, s)->dead; }

static bool is_probed(seen v, enum slot_name s) {
  return view_of(v, s)->proof == PROOF_PROBED || view_of(v, s)->proof == PROOF_PROVEN;
}

// Asks for a proof of the slot, or waits for the time when the next try makes sense.
static bool prove(struct action *a, seen v, enum slot_name s, enum proof_kind kind) {
  const struct slot_view *sv = view_of(v, s);
  a->slot = s;
  a->proof = kind;
  if (sv->prove_again_s > v->now_s)
    return wait_until(a, sv->prove_again_s, sv->proof == PROOF_UNKNOWN ? WHY_proof_unknown : WHY_proof_pending);
  return act(a, ACT_PROVE, WHY_none);
}

// Current looked bad in this look: whatever waits for long waits for the second look first, so that its death is not missed.
static bool doubts_current(seen v) { return v->iam_answered && view_of(v, SLOT_CURRENT)->look_again_s > 0; }

static bool hold_is_on(seen v) {
  return v->state->hold.on && (v->state->hold.until_s == 0 || v->now_s < v->state->hold.until_s);
}

static bool is_late(seen v, wanted p) { return v->now_s - v->state->phase_since_s > p->alert_after_s; }

static bool any_sink(seen v, enum sink_value value, size_t *ret) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == value) {
      *ret = i;
      return true;
    }
  return false;
}

static bool all_sinks_serve(seen v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_CURRENT || !v->sinks[i].stamped || !v->sinks[i].listed)
      return false;
  return true;
}

static bool is_wished(seen v, enum wish_kind kind) { return v->state->wish.kind == kind; }
static bool wants_rotation(seen v) { return v->due || is_wished(v, WISH_ROTATE); }

static int64_t grace_of(seen v, wanted p) { return v->state->grace_s >= 0 ? v->state->grace_s : p->grace_s; }
static int64_t quarantine_of(seen v, wanted p) {
  return v->state->quarantine_s >= 0 ? v->state->quarantine_s : p->quarantine_s;
}
static int64_t grace_end(seen v, wanted p) { return v->state->phase_since_s + grace_of(v, p); }
static bool grace_is_over(seen v, wanted p) { return v->now_s >= grace_end(v, p); }

// --- what stops everything -------------------------------------------------------------------------------------------

static bool row_unreadable(seen v, wanted p, struct action *a) {
  (void)p;
  if (v->home == HOME_REFUSED)
    return attention(a, WHY_home_silent);
  return v->home == HOME_SILENT && wait_until(a, 0, WHY_home_silent);
}

static bool row_corrupt(seen v, wanted p, struct action *a) {
  (void)p;
  if (v->home == HOME_CORRUPT)
    return attention(a, WHY_home_corrupt);
  if (v->home == HOME_BACK && v->back_for_s < BACK_PATIENCE_S)
    return wait_until(a, v->now_s + 2, WHY_home_back);
  return (v->home == HOME_BACK || v->witness_ahead) && attention(a, WHY_home_back);
}

static bool row_rebound(seen v, wanted p, struct action *a) {
  (void)p;
  return v->home == HOME_REBOUND && attention(a, WHY_rebound);
}

static bool row_other_host(seen v, wanted p, struct action *a) {
  (void)p;
  return v->other_host && attention(a, WHY_other_host);
}

// --- no state yet ----------------------------------------------------------------------------------------------------

static bool all_sinks_empty(seen v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_EMPTY)
      return false;
  return true;
}

static bool row_adopt(seen v, wanted p, struct action *a) {
  (void)p;
  if (any_sink(v, SINK_REFUSED, &a->sink))
    return attention(a, WHY_sink_refused);
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  return v->sinks_agree && v->adoptable && !v->tags_seen && act(a, ACT_CAS, WHY_adopted);
}

static bool row_first(seen v, wanted p, struct action *a) {
  (void)p;
  return all_sinks_empty(v) && !v->tags_seen && v->command_init && act(a, ACT_CAS, WHY_none);
}

static bool row_unclear(seen v, wanted p, struct action *a) {
  (void)p;
  if (v->tags_seen)
    return attention(a, WHY_tags_without_state);
  if (all_sinks_empty(v))
    return attention(a, WHY_need_init);
  return attention(a, v->sinks_agree ? WHY_value_not_ours : WHY_sinks_disagree);
}

// --- any phase -------------------------------------------------------------------------------------------------------

static bool is_drifted(const struct sink_view *s) {
  return s->value == SINK_EMPTY || s->value == SINK_PREVIOUS || s->value == SINK_PENDING || s->value == SINK_RETIRED;
}

// A sink that the state does not list yet is listed first (durable before effect), then written.
static bool write_or_list(struct action *a, seen v, size_t sink) {
  a->sink = sink;
  return act(a, v->sinks[sink].listed ? ACT_WRITE_SINK : ACT_CAS, WHY_sink_drift);
}

static bool row_drift(seen v, wanted p, struct action *a) {
  (void)p;
  if (!has(v, SLOT_CURRENT) || !v->iam_answered || is_dead(v, SLOT_CURRENT))
    return false;
  for (size_t i = 0; i < v->n_sinks; i++)
    if (is_drifted(&v->sinks[i]) && !v->sinks[i].acted)
      return write_or_list(a, v, i);
  return false;
}

static bool row_foreign(seen v, wanted p, struct action *a) {
  (void)p;
  return any_sink(v, SINK_FOREIGN, &a->sink) && attention(a, WHY_sink_foreign);
}

static bool row_stray(seen v, wanted p, struct action *a) {
  (void)p;
  if (!v->iam_answered || !v->stray_id[0])
    return false;
  memcpy(a->key_id, v->stray_id, sizeof a->key_id);
  return v->stray_locked ? attention(a, WHY_stray_locked) : act(a, ACT_DELETE, WHY_stray);
}

// --- idle ------------------------------------------------------------------------------------------------------------

static bool row_heal(seen v, wanted p, struct action *a) {
  if (!v->iam_answered || (has(v, SLOT_CURRENT) && !is_dead(v, SLOT_CURRENT)))
    return false;
  return v->state->failures < p->failures_max && act(a, ACT_CAS, WHY_current_dead);
}

// Why a rotation that is due or wished does not begin; WHY_none: it may. What costs nothing is asked first.
static enum why blocked_cheaply(seen v, wanted p) {
  if (hold_is_on(v))
    return WHY_hold;
  if (v->adopted_now)
    return WHY_adopted;
  if (v->state->failures >= p->failures_max)
    return WHY_failures;
  if (v->sink_lost)
    return WHY_sink_lost;
  size_t i;
  if (any_sink(v, SINK_REFUSED, &i))
    return WHY_sink_refused;
  if (any_sink(v, SINK_SILENT, &i))
    return WHY_sink_silent;
  return v->window_open || is_wished(v, WISH_ROTATE) ? WHY_none : WHY_window_closed;
}

static enum why blocked_by(seen v, wanted p) {
  enum why why = blocked_cheaply(v, p);
  if (why == WHY_none && !v->iam_answered)
    why = WHY_iam_silent;
  if (why == WHY_none && v->key_places_known && v->key_places < 2)
    why = WHY_key_places;
  return why;
}

static bool row_due(seen v, wanted p, struct action *a) {
  return wants_rotation(v) && blocked_by(v, p) == WHY_none &&
         act(a, ACT_CAS, is_wished(v, WISH_ROTATE) ? WHY_wished : WHY_due);
}

static bool is_too_old(seen v, wanted p) {
  return has(v, SLOT_CURRENT) && v->now_s - v->state->slots[SLOT_CURRENT].since_s > p->max_age_s;
}

static bool row_blocked(seen v, wanted p, struct action *a) {
  // A dead current that heal gave up on is blocked too: heal is a rotation that is due.
  bool healing = v->iam_answered && (!has(v, SLOT_CURRENT) || is_dead(v, SLOT_CURRENT));
  if (!wants_rotation(v) && !healing)
    return false;
  enum why why = healing ? WHY_failures : blocked_by(v, p);
  if (!healing && doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  a->attention = why == WHY_failures || why == WHY_key_places || why == WHY_sink_lost || why == WHY_sink_refused ||
                 is_too_old(v, p);
  if (why == WHY_iam_silent || why == WHY_sink_silent)
    return wait_until(a, 0, why);
  if (why == WHY_failures)
    return attention(a, why);
  a->wait_s = why == WHY_window_closed ? policy_window_next(&p->window, v->now_s) : v->now_s + p->look_every_s;
  return act(a, ACT_REST, why);
}

static bool row_rest(seen v, wanted p, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (v->iam_asked && !v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (doubts_current(v))
    return wait_until(a, current->look_again_s, WHY_absence);
  size_t i;
  if (any_sink(v, SINK_REFUSED, &i)) {
    a->sink = i;
    return attention(a, WHY_sink_refused);
  }
  if (any_sink(v, SINK_SILENT, &i)) {
    a->sink = i;
    return wait_until(a, 0, WHY_sink_silent);
  }
  a->attention = is_too_old(v, p) || v->sink_lost;
  a->wait_s = v->due_s < v->now_s + p->look_every_s ? v->due_s : v->now_s + p->look_every_s;
  return act(a, ACT_REST, is_too_old(v, p) ? WHY_max_age : v->sink_lost ? WHY_sink_lost : WHY_not_due);
}

// --- staged ----------------------------------------------------------------------------------------------------------

static bool is_noted(seen v) { return v->state->slots[SLOT_PENDING].key_id[0] != '\0'; }

static bool row_give_up(seen v, wanted p, struct action *a) {
  (void)p;
  return (is_wished(v, WISH_GIVE_UP) || is_wished(v, WISH_BACK_TO)) && act(a, ACT_CAS, WHY_rollback);
}

// With origin iam only the process that staged may ask IAM for the value; the others drop what it left behind. Not under its
// hands, though: hosts with one timetable would drop each other's for ever.
static bool drop_left_behind(struct action *a, seen v) {
  int64_t until = v->state->phase_since_s + STAGER_TIME_S;
  return v->now_s < until ? wait_until(a, until, WHY_not_stager) : act(a, ACT_CAS, WHY_not_stager);
}

static bool row_create(seen v, wanted p, struct action *a) {
  (void)p;
  if (!v->iam_answered || is_noted(v) || v->found_id[0] || v->value_taken)
    return false;
  if (v->state->pending_from_iam && !v->is_stager)
    return drop_left_behind(a, v);
  a->slot = SLOT_PENDING;
  return v->create_refused ? attention(a, WHY_create_refused) : act(a, ACT_CREATE, WHY_none);
}

static bool row_note(seen v, wanted p, struct action *a) {
  (void)p;
  if (is_noted(v) || !v->found_id[0])
    return false;
  if (v->state->pending_from_iam && !v->is_stager)
    return drop_left_behind(a, v);
  memcpy(a->key_id, v->found_id, sizeof a->key_id);
  a->slot = SLOT_PENDING;
  a->attention = false;
  return act(a, ACT_CAS, WHY_none);
}

static bool row_taken(seen v, wanted p, struct action *a) {
  (void)p;
  return !is_noted(v) && v->value_taken && act(a, ACT_CAS, WHY_value_taken);
}

static bool row_enable(seen v, wanted p, struct action *a) {
  (void)p;
  return v->iam_answered && is_noted(v) && view_of(v, SLOT_PENDING)->key == KEY_DISABLED &&
         on_key(a, ACT_ENABLE, v, SLOT_PENDING);
}

static bool row_lost(seen v, wanted p, struct action *a) {
  (void)p;
  enum key_seen key = view_of(v, SLOT_PENDING)->key;
  return v->iam_answered && is_noted(v) && (key == KEY_GONE || key == KEY_EXPIRED) && act(a, ACT_CAS, WHY_key_gone);
}

static bool row_promote(seen v, wanted p, struct action *a) {
  (void)p;
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  if (!v->iam_answered || !is_noted(v) || pending->key != KEY_ACTIVE)
    return false;
  if (pending->proof == PROOF_PROVEN)
    return act(a, ACT_CAS, WHY_none);
  bool ready = pending->prove_again_s <= v->now_s && pending->refutations < p->refute_count;
  return ready && prove(a, v, SLOT_PENDING, PROOF_FULL);
}

static bool row_refute(seen v, wanted p, struct action *a) {
  return v->iam_answered && is_noted(v) && view_of(v, SLOT_PENDING)->refutations >= p->refute_count &&
         act(a, ACT_CAS, WHY_refuted);
}

static enum why why_unproven(const struct slot_view *s) {
  if (s->proof == PROOF_UNKNOWN)
    return WHY_proof_unknown;
  return s->proof == PROOF_REFUTED ? WHY_propagation : WHY_proof_pending;
}

static bool row_await(seen v, wanted p, struct action *a) {
  const struct slot_view *pending = view_of(v, SLOT_PENDING);
  a->attention = is_late(v, p);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (pending->key == KEY_ABSENT)
    return wait_until(a, pending->look_again_s, WHY_absence);
  return wait_until(a, pending->prove_again_s, why_unproven(pending));
}

// --- publishing and grace --------------------------------------------------------------------------------------------

// Nobody goes back to a dead key: that wish ends with the phase.
static bool wants_back(seen v) {
  return is_wished(v, WISH_BACK_TO) && has(v, SLOT_PREVIOUS) && !is_dead(v, SLOT_PREVIOUS) &&
         strcmp(v->state->wish.key_id, v->state->slots[SLOT_PREVIOUS].key_id) == 0;
}

static bool row_swap(seen v, wanted p, struct action *a) {
  (void)p;
  bool failed = view_of(v, SLOT_CURRENT)->proof == PROOF_REFUTED || is_dead(v, SLOT_CURRENT);
  if (!v->iam_answered || !has(v, SLOT_PREVIOUS) || is_dead(v, SLOT_PREVIOUS) || !(failed || wants_back(v)))
    return false;
  if (is_probed(v, SLOT_PREVIOUS))
    return act(a, ACT_CAS, failed ? WHY_refuted : WHY_rollback);
  return view_of(v, SLOT_PREVIOUS)->prove_again_s <= v->now_s && prove(a, v, SLOT_PREVIOUS, PROOF_PROBE);
}

static bool row_both_dead(seen v, wanted p, struct action *a) {
  (void)p;
  return v->iam_answered && is_dead(v, SLOT_CURRENT) && (!has(v, SLOT_PREVIOUS) || is_dead(v, SLOT_PREVIOUS)) &&
         act(a, ACT_CAS, WHY_current_dead);
}

static bool row_publish(seen v, wanted p, struct action *a) {
  (void)p;
  if (!v->iam_answered || is_dead(v, SLOT_CURRENT))
    return false;
  for (size_t i = 0; i < v->n_sinks; i++) {
    const struct sink_view *s = &v->sinks[i];
    bool readable = s->value != SINK_SILENT && s->value != SINK_REFUSED;
    if (readable && !s->acted && (s->value != SINK_CURRENT || !s->stamped || !s->listed))
      return write_or_list(a, v, i);
  }
  return false;
}

static bool row_reload(seen v, wanted p, struct action *a) {
  if (!v->has_hook || v->state->hook_epoch >= v->state->epoch || !all_sinks_serve(v))
    return false;
  if (v->hook_done)
    return act(a, ACT_CAS, WHY_none);
  if (!v->hook_failed)
    return act(a, ACT_HOOK, WHY_none);
  a->attention = is_late(v, p);
  return wait_until(a, 0, WHY_hook_failed);
}

static bool row_settle(seen v, wanted p, struct action *a) {
  (void)p;
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (!v->iam_answered || !all_sinks_serve(v) || is_dead(v, SLOT_CURRENT))
    return false;
  if (current->proof == PROOF_PROVEN)
    return act(a, ACT_CAS, WHY_none);
  return current->prove_again_s <= v->now_s && prove(a, v, SLOT_CURRENT, PROOF_FULL);
}

static bool row_stuck(seen v, wanted p, struct action *a) {
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  a->attention = is_dead(v, SLOT_CURRENT) || is_late(v, p);
  if (any_sink(v, SINK_REFUSED, &a->sink)) {
    a->attention = true;
    return wait_until(a, 0, WHY_sink_refused);
  }
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (!all_sinks_serve(v))
    return wait_until(a, 0, WHY_sink_drift);
  if (current->look_again_s)
    return wait_until(a, current->look_again_s, WHY_absence);
  return wait_until(a, current->prove_again_s, why_unproven(current));
}

static bool row_moved(seen v, wanted p, struct action *a) {
  (void)p;
  for (size_t i = 0; i < v->n_sinks; i++) {
    const struct sink_view *s = &v->sinks[i];
    if (s->value == SINK_SILENT || s->value == SINK_REFUSED || (s->value == SINK_CURRENT && s->noted && s->listed))
      continue;
    a->sink = i;
    a->attention = v->state->moved + 1 >= MOVED_MAX;
    return act(a, ACT_CAS, a->attention ? WHY_moved_often : WHY_sink_moved);
  }
  return false;
}

// A probe of current, for rows that need one "now". True when the row is to ask for it or wait.
static bool needs_probe(seen v, struct action *a) {
  return !is_probed(v, SLOT_CURRENT) && view_of(v, SLOT_CURRENT)->prove_again_s <= v->now_s &&
         prove(a, v, SLOT_CURRENT, PROOF_PROBE);
}

static bool row_done(seen v, wanted p, struct action *a) {
  if (!v->iam_answered || has(v, SLOT_PREVIOUS) || !grace_is_over(v, p) || is_dead(v, SLOT_CURRENT))
    return false;
  if (needs_probe(v, a))
    return true;
  return is_probed(v, SLOT_CURRENT) && act(a, ACT_CAS, WHY_none);
}

// The brake: has previous been used by anybody since consumers should have moved over?
static bool still_used(seen v, wanted p) {
  if (grace_of(v, p) == 0 || !v->previous_used_known || v->previous_used_s < 0)
    return false;
  if (v->previous_used_s + IAM_MINUTE_S <= v->state->phase_since_s + p->reload_within_s)
    return false;
  if (p->on_still_used == POLICY_STILL_USED_CONTINUE && v->now_s >= grace_end(v, p) + p->still_used_limit_s)
    return false;
  return true;
}

static bool row_retire(seen v, wanted p, struct action *a) {
  size_t i;
  if (!v->iam_answered || !has(v, SLOT_PREVIOUS) || !grace_is_over(v, p) || hold_is_on(v) || v->sink_lost)
    return false;
  if (any_sink(v, SINK_SILENT, &i) || any_sink(v, SINK_REFUSED, &i) || still_used(v, p) || wants_back(v))
    return false;
  if (needs_probe(v, a))
    return true;
  return is_probed(v, SLOT_CURRENT) && act(a, ACT_CAS, WHY_none);
}

static bool row_serve(seen v, wanted p, struct action *a) {
  int64_t end = grace_end(v, p), later = v->now_s + p->look_every_s;
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  const struct slot_view *current = view_of(v, SLOT_CURRENT);
  if (current->look_again_s > 0)
    return wait_until(a, current->look_again_s, WHY_absence);
  if (!grace_is_over(v, p))
    return wait_until(a, end, WHY_grace);
  a->attention = v->now_s > end + p->alert_after_s;
  if (hold_is_on(v))
    return wait_until(a, v->state->hold.until_s ? v->state->hold.until_s : later, WHY_hold);
  if (v->sink_lost) {
    a->attention = true;
    return wait_until(a, later, WHY_sink_lost);
  }
  if (any_sink(v, SINK_SILENT, &a->sink) || any_sink(v, SINK_REFUSED, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (still_used(v, p))
    return wait_until(a, later, WHY_still_used);
  return wait_until(a, current->prove_again_s, WHY_proof_unknown);
}

// --- retiring --------------------------------------------------------------------------------------------------------

static bool row_held(seen v, wanted p, struct action *a) {
  if (!hold_is_on(v) || is_dead(v, SLOT_CURRENT))
    return false;
  if (v->iam_answered && view_of(v, SLOT_PREVIOUS)->key == KEY_DISABLED)
    return on_key(a, ACT_ENABLE, v, SLOT_PREVIOUS);
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  return wait_until(a, v->state->hold.until_s ? v->state->hold.until_s : v->now_s + p->look_every_s, WHY_hold);
}

static int64_t quarantine_end(seen v, wanted p) {
  int64_t since = view_of(v, SLOT_PREVIOUS)->modified_s, quarantine = quarantine_of(v, p);
  if (quarantine == 0)
    return 0;
  return (since < 0 ? v->state->phase_since_s : since) + IAM_MINUTE_S + quarantine;
}

// Would a row below send a disable or a delete now?
static bool would_send(seen v, wanted p) {
  enum key_seen key = view_of(v, SLOT_PREVIOUS)->key;
  return key == KEY_ACTIVE || key == KEY_EXPIRED || (key == KEY_DISABLED && v->now_s >= quarantine_end(v, p));
}

static bool row_unsure(seen v, wanted p, struct action *a) {
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (is_probed(v, SLOT_CURRENT) || is_dead(v, SLOT_CURRENT) || !would_send(v, p))
    return false;
  if (needs_probe(v, a))
    return true;
  a->attention = true;
  return wait_until(a, view_of(v, SLOT_CURRENT)->prove_again_s, WHY_proof_unknown);
}

static bool row_disable(seen v, wanted p, struct action *a) {
  (void)p;
  return view_of(v, SLOT_PREVIOUS)->key == KEY_ACTIVE && on_key(a, ACT_DISABLE, v, SLOT_PREVIOUS);
}

static bool row_quarantine(seen v, wanted p, struct action *a) {
  int64_t end = quarantine_end(v, p);
  if (view_of(v, SLOT_PREVIOUS)->key != KEY_DISABLED || v->now_s >= end || is_dead(v, SLOT_CURRENT))
    return false;
  if (doubts_current(v))
    return wait_until(a, view_of(v, SLOT_CURRENT)->look_again_s, WHY_absence);
  return wait_until(a, end, WHY_quarantine);
}

static bool row_delete(seen v, wanted p, struct action *a) {
  (void)p;
  const struct slot_view *previous = view_of(v, SLOT_PREVIOUS);
  if (previous->key != KEY_DISABLED && previous->key != KEY_EXPIRED)
    return false;
  on_key(a, ACT_DELETE, v, SLOT_PREVIOUS);
  return previous->locked ? attention(a, WHY_previous_locked) : true;
}

static bool row_retired(seen v, wanted p, struct action *a) {
  (void)p;
  if (view_of(v, SLOT_PREVIOUS)->key == KEY_GONE)
    return act(a, ACT_CAS, WHY_none);
  return wait_until(a, view_of(v, SLOT_PREVIOUS)->look_again_s, WHY_absence);
}

// --- the table -------------------------------------------------------------------------------------------------------

enum { NONE = 1, IDLE = 2, STAGED = 4, PUBLISHING = 8, GRACE = 16, RETIRING = 32, ANY = 63, WITH_STATE = 62 };

static const struct table_row {
  unsigned phases;
  bool (*match)(seen v, wanted p, struct action *a);
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
  [ROW_due] = {IDLE, row_due},
  [ROW_blocked] = {IDLE, row_blocked},
  [ROW_rest] = {IDLE, row_rest},
  [ROW_give_up] = {STAGED, row_give_up},
  [ROW_create] = {STAGED, row_create},
  [ROW_note] = {STAGED, row_note},
  [ROW_taken] = {STAGED, row_taken},
  [ROW_enable] = {STAGED, row_enable},
  [ROW_lost] = {STAGED, row_lost},
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
  [ROW_done] = {GRACE, row_done},
  [ROW_retire] = {GRACE, row_retire},
  [ROW_serve] = {GRACE, row_serve},
  [ROW_held] = {RETIRING, row_held},
  [ROW_unsure] = {RETIRING, row_unsure},
  [ROW_disable] = {RETIRING, row_disable},
  [ROW_quarantine] = {RETIRING, row_quarantine},
  [ROW_delete] = {RETIRING, row_delete},
  [ROW_retired] = {RETIRING, row_retired},
};
static_assert(sizeof table / sizeof *table == ROW_COUNT, "every row is in the table");

static unsigned phase_bit(seen v) {
  static const unsigned bits[] = {[PHASE_IDLE] = IDLE, [PHASE_STAGED] = STAGED, [PHASE_PUBLISHING] = PUBLISHING,
                                  [PHASE_GRACE] = GRACE, [PHASE_RETIRING] = RETIRING};
  return v->state ? bits[v->state->phase] : NONE;
}

// Must IAM be asked before the rows can be judged? At rest it is left alone, so that a run with nothing due opens no
// connection; whatever looks unusual is worth the question.
static bool wants_look(seen v, wanted p) {
  if (v->iam_asked || v->other_host || (v->home != HOME_OK && v->home != HOME_ABSENT))
    return false;
  if (!v->state || v->state->phase != PHASE_IDLE || v->look_due || !has(v, SLOT_CURRENT))
    return true;
  for (size_t i = 0; i < v->n_sinks; i++)
    if (is_drifted(&v->sinks[i]) || v->sinks[i].value == SINK_FOREIGN)
      return true;
  return wants_rotation(v) && blocked_cheaply(v, p) == WHY_none;
}

void decide(const struct view *v, const struct policy *p, struct action *ret) {
  unsigned phase = phase_bit(v);
  bool look = wants_look(v, p);
  for (int r = 0; r < ROW_COUNT; r++) {
    struct action a = {.row = (enum row)r};
    if (look && r == ROW_adopt) {
      a.kind = ACT_LOOK;
      *ret = a;
      return;
    }
    if ((table[r].phases & phase) && table[r].match(v, p, &a)) {
      *ret = a;
      return;
    }
  }
  // Each phase has a last row that always matches; the walk over all views in tests/unit/engine holds us to it.
  *ret = (struct action){.row = ROW_unreadable, .kind = ACT_WAIT};
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

// --- do consumers have a working key? --------------------------------------------------------------------------------

static enum working slot_working(seen v, enum slot_name s) {
  if (!has(v, s) || view_of(v, s)->dead)
    return WORKING_NO;
  switch (view_of(v, s)->key) {
  case KEY_ACTIVE:
  case KEY_NOT_ASKED: return WORKING_YES;  // it was proven before it came here
  case KEY_GONE:
  case KEY_EXPIRED: return WORKING_NO;
  default: return WORKING_UNKNOWN;
  }
}

static enum working sink_working(seen v, const struct sink_view *s) {
  switch (s->value) {
  case SINK_CURRENT: return slot_working(v, SLOT_CURRENT);
  case SINK_PREVIOUS: return slot_working(v, SLOT_PREVIOUS);
  case SINK_EMPTY:
  case SINK_RETIRED: return WORKING_NO;
  case SINK_UNJUDGED: return v->adoptable ? WORKING_YES : WORKING_UNKNOWN;
  default: return WORKING_UNKNOWN;
  }
}

enum working view_working(const struct view *v) {
  enum working worst = WORKING_YES;
  for (size_t i = 0; i < v->n_sinks; i++) {
    enum working w = sink_working(v, &v->sinks[i]);
    if (w == WORKING_NO)
      return WORKING_NO;
    if (w == WORKING_UNKNOWN)
      worst = WORKING_UNKNOWN;
  }
  return v->n_sinks > 0 ? worst : WORKING_UNKNOWN;
}
