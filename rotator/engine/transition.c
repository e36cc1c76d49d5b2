// A state changes in two ways: by a row of the table (transition, here), or because a person
// ordered it (transition_ordered, order.c). Phase, epoch and times are set in `state_enter` alone.
#include "rotator/engine/transition.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/transition_steps.h"

void state_clear_wish(struct state *s) {
  memset(&s->wish, 0, sizeof s->wish);
}

// That the old key may go was said of one grace, and ends with it.
static void forget_retire(struct state *s) {
  if (s->wish.kind == WISH_RETIRE)
    state_clear_wish(s);
  else if (s->wish.kind == WISH_ROTATE)
    s->wish.key_id[0] = '\0';
}

// What a rollback was meant for ends with the rotation; a wish for another rotation stays.
static void end_rotation(struct state *s) {
  s->grace_s = s->quarantine_s = -1;
  s->moved = 0;
  s->stager[0] = '\0';
  s->pending_from_iam = false;
  if (s->wish.kind != WISH_ROTATE)
    state_clear_wish(s);
}

// PHASE_COUNT: the state stays where it is.
void state_enter(struct state *s, enum phase phase, int64_t now_s) {
  if (phase == PHASE_COUNT)
    return;
  s->phase = phase;
  s->phase_since_s = now_s;
  s->rewritten_s = s->in_use_s = s->late_s = s->disabled_s = 0;
  forget_retire(s);
  if (phase == PHASE_PUBLISHING)
    s->epoch = s->seq;
  if (phase == PHASE_IDLE)
    end_rotation(s);
}

// The phase that a row's CAS enters (perhaps the one that it is in, anew); PHASE_COUNT: none.
static enum phase entered(const struct state *s, const struct action *a) {
  bool previous = s && s->slots[SLOT_PREVIOUS].used;
  switch (a->row) {
  case ROW_first:
  case ROW_heal:
  case ROW_due:
    return PHASE_STAGED;
  case ROW_promote:
  case ROW_swap:
  case ROW_moved:
    return PHASE_PUBLISHING;
  case ROW_settle: // the first key: nobody has to move over
    return previous ? PHASE_GRACE : PHASE_IDLE;
  case ROW_retire:
    return PHASE_RETIRING;
  case ROW_both_dead:
    return previous ? PHASE_RETIRING : PHASE_IDLE;
  case ROW_note: // a process that may not note drops
    return a->why == WHY_not_stager ? PHASE_IDLE : PHASE_COUNT;
  case ROW_adopt:
  case ROW_give_up:
  case ROW_create: // only by a process that may not create
  case ROW_taken:
  case ROW_lost:
  case ROW_refute:
  case ROW_retired:
    return PHASE_IDLE;
  default:
    return PHASE_COUNT;
  }
}

enum phase transition_phase(const struct state *s, const struct action *a) {
  enum phase phase = a->kind == ACT_CAS ? entered(s, a) : PHASE_COUNT;
  return phase == PHASE_COUNT && s ? s->phase : phase;
}

static void drop(struct state *s) {
  slot_clear(&s->slots[SLOT_PENDING]);
  s->failures++;
  if (s->wish.kind == WISH_GIVE_UP || s->wish.kind == WISH_BACK_TO)
    state_clear_wish(s);
}

void state_stage(struct state *s, const struct policy *p, struct transition_input *in,
                 int64_t now_s) {
  s->generation++;
  s->pending_from_iam = p->origin == POLICY_ORIGIN_IAM;
  slot_clear(&s->slots[SLOT_PENDING]);
  s->slots[SLOT_PENDING] = (struct slot){
      .used = true, .value = in->fresh_value, .generation = s->generation, .since_s = now_s};
  in->fresh_value = NULL;
  text_copy(s->stager, sizeof s->stager, s->pending_from_iam ? in->stager : "");
}

static void note(struct state *s, const struct action *a, struct transition_input *in) {
  struct slot *pending = &s->slots[SLOT_PENDING];
  text_copy(pending->key_id, sizeof pending->key_id, a->key_id);
  if (!pending->value) {
    pending->value = in->fresh_value;
    in->fresh_value = NULL;
  }
}

static void promote(struct state *s) {
  slot_clear(&s->slots[SLOT_PREVIOUS]);
  s->slots[SLOT_PREVIOUS] = s->slots[SLOT_CURRENT];
  s->slots[SLOT_CURRENT] = s->slots[SLOT_PENDING];
  memset(&s->slots[SLOT_PENDING], 0, sizeof s->slots[SLOT_PENDING]);
  // The wish is fulfilled here, not at staging: a rotation that is dropped in between is still
  // wished for.
  if (s->wish.kind == WISH_ROTATE) {
    s->grace_s = s->wish.compromised ? 0 : s->wish.grace_s;
    s->quarantine_s = s->wish.compromised ? 0 : -1;
    state_clear_wish(s);
  }
  s->stager[0] = '\0';
  s->pending_from_iam = false;
}

static void swap(struct state *s) {
  struct slot current = s->slots[SLOT_CURRENT];
  s->slots[SLOT_CURRENT] = s->slots[SLOT_PREVIOUS];
  s->slots[SLOT_PREVIOUS] = current;
  if (s->wish.kind == WISH_BACK_TO)
    state_clear_wish(s);
}

static bool retire(struct state *s) {
  if (state_add_retired(s, s->slots[SLOT_PREVIOUS].value) != ERR_OK)
    return false;
  slot_clear(&s->slots[SLOT_PREVIOUS]);
  return true;
}

// A state from nothing, above every tag and stamp that was seen.
void state_begin(struct state *s, uint64_t above, const struct transition_input *in) {
  memset(s, 0, sizeof *s);
  s->seq = above;
  s->generation = above;
  s->grace_s = s->quarantine_s = -1;
  text_copy(s->account, sizeof s->account, in->account);
  text_copy(s->iam_id, sizeof s->iam_id, in->iam_id);
  text_copy(s->instance, sizeof s->instance, in->instance);
  text_copy(s->lineage, sizeof s->lineage, in->lineage);
}

static void adopt(struct state *s, const struct view *v, struct transition_input *in) {
  struct slot *current = &s->slots[SLOT_CURRENT];
  slot_clear(current);
  *current = (struct slot){.used = true, .value = in->adopted_value, .adopted_s = v->now_s};
  in->adopted_value = NULL;
  text_copy(current->key_id, sizeof current->key_id, v->adoptable->id);
  current->since_s = v->adoptable->created_s > 0 ? v->adoptable->created_s : v->now_s;
}

// What a row does to the slots and counters; false without memory, and for a row without a CAS.
static bool change(struct state *s, const struct view *v, const struct action *a,
                   struct transition_input *in) {
  switch (a->row) {
  case ROW_adopt:
    adopt(s, v, in);
    return true;
  case ROW_first:
  case ROW_heal:
  case ROW_due:
    state_stage(s, v->policy, in, v->now_s);
    return true;
  case ROW_give_up:
  case ROW_create:
  case ROW_taken:
  case ROW_lost:
  case ROW_refute:
    drop(s);
    return true;
  case ROW_note:
    if (a->why == WHY_not_stager)
      drop(s);
    else
      note(s, a, in);
    return true;
  case ROW_promote:
    promote(s);
    return true;
  case ROW_swap:
    swap(s);
    return true;
  case ROW_reload:
    s->hook_epoch = s->epoch;
    return true;
  case ROW_settle:
    s->failures = 0;
    return true;
  case ROW_moved:
    s->moved++;
    return true;
  case ROW_noted:
    s->disabled_s = a->why == WHY_noted_disabled ? v->now_s : 0;
    return true;
  case ROW_use:
    if (a->why == WHY_in_use)
      s->in_use_s = v->current_used_s;
    else
      s->late_s = v->previous_used_s;
    return true;
  case ROW_rewritten:
    s->rewritten_s = v->now_s;
    return true;
  case ROW_retired:
    return retire(s);
  case ROW_drift: // lists a sink: the list is renewed with every write
  case ROW_publish:
  case ROW_both_dead:
  case ROW_retire:
    return true;
  default:
    return false;
  }
}

const struct state_sink *state_find_place(const struct state_sink *sinks, size_t n,
                                          const char *place) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(sinks[i].place, place) == 0)
      return &sinks[i];
  return NULL;
}

// The list of sinks: those of the configuration, and those that it no longer has, which stay until
// a person drops them. Versions are noted on entering grace, and kept otherwise. Adoption notes
// them too: from then on the state says that it once was at rest, and no rotation of it is its
// first. A sink that was written by others in grace is noted anew by itself (note_rewritten).
static bool renew_sinks(struct state *s, const struct transition_input *in, bool note_versions) {
  struct state_sink list[STATE_SINKS_MAX];
  size_t n = 0;
  for (size_t i = 0; i < in->n_sinks; i++) {
    const struct state_sink *old = state_find_place(s->sinks, s->n_sinks, in->sinks[i].place);
    list[n] = in->sinks[i];
    if (!note_versions)
      memcpy(list[n].noted.text, old ? old->noted.text : "", old ? sizeof old->noted.text : 1);
    n++;
  }
  for (size_t i = 0; i < s->n_sinks; i++) {
    if (state_find_place(in->sinks, in->n_sinks, s->sinks[i].place))
      continue;
    if (n == STATE_SINKS_MAX)
      return false;
    list[n] = s->sinks[i];
    if (note_versions) // nobody saw it in this epoch: whoever has it in the configuration finds it
                       // moved
      list[n].noted.text[0] = '\0';
    n++;
  }
  memcpy(s->sinks, list, n * sizeof *list);
  memset(s->sinks + n, 0, (STATE_SINKS_MAX - n) * sizeof *list);
  s->n_sinks = n;
  return true;
}

static void note_rewritten(struct state *s, const struct view *v,
                           const struct transition_input *in) {
  for (size_t i = 0; i < v->n_sinks && i < s->n_sinks; i++)
    if (v->sinks[i].value == SINK_CURRENT && v->sinks[i].rewritten)
      s->sinks[i].noted = in->sinks[i].noted;
}

enum err transition(const struct view *v, const struct action *a, struct transition_input *in,
                    struct state *ret) {
  struct state s = {0};
  if (!v->state)
    state_begin(&s, v->tag_generation, in);
  else if (state_copy(v->state, &s) != ERR_OK)
    return ERR_INTERNAL;
  s.seq++;
  text_copy(s.host, sizeof s.host, in->host);
  text_copy(s.writer, sizeof s.writer, in->writer);
  if (!change(&s, v, a, in) || !renew_sinks(&s, in, a->row == ROW_settle || a->row == ROW_adopt)) {
    state_clear(&s);
    return ERR_INTERNAL;
  }
  if (a->row == ROW_rewritten)
    note_rewritten(&s, v, in);
  state_enter(&s, entered(v->state, a), v->now_s);
  *ret = s;
  return ERR_OK;
}
