// Walks through views at random (a fixed seed, so a failure comes back) and holds every answer of
// decide to what must never happen, whatever was seen: the promises of PROTOCOL.md section 1 as far
// as one decision can keep or break them.
#include "tests/unit/engine/world.h"

#ifdef __SANITIZE_THREAD__
#define VIEWS 60000 // there is one thread here, and each view costs ten times as much
#else
#define VIEWS 300000
#endif

static uint64_t dice_state = 88172645463325252ULL;
static unsigned dice(unsigned n) {
  dice_state ^= dice_state << 13;
  dice_state ^= dice_state >> 7;
  dice_state ^= dice_state << 17;
  return (unsigned)(dice_state >> 33) % n;
}
static bool coin(void) {
  return dice(2) != 0;
}
static bool rarely(void) {
  return dice(8) == 0;
}

static void roll_sink(struct sink_view *s) {
  static const enum sink_value values[] = {SINK_CURRENT, SINK_CURRENT, SINK_CURRENT,  SINK_SILENT,
                                           SINK_REFUSED, SINK_EMPTY,   SINK_PREVIOUS, SINK_PENDING,
                                           SINK_RETIRED, SINK_FOREIGN, SINK_CORRUPT};
  s->value = values[dice(sizeof values / sizeof *values)];
  s->stamped = !rarely();
  s->class = coin() ? STORE_CLASS_A : STORE_CLASS_B;
  s->noted = !rarely();
  s->rewritten = s->class != STORE_CLASS_A && !s->noted && coin();
  s->listed = !rarely();
  s->renamed = rarely();
  s->acted = rarely();
}

static void roll_slot(struct slot_view *s) {
  s->key = (enum key_seen)dice(KEY_GONE + 1);
  s->dead = s->key >= KEY_DISABLED && coin();
  s->locked = rarely();
  s->look_again_s = rarely() ? NOW + 5 : 0;
  s->modified_s = coin() ? NOW - (int64_t)dice(2 * DAY) : -1;
  s->proof = (enum proof_seen)dice(PROOF_REFUTED + 1);
  s->refutations = dice(5);
  s->prove_again_s = coin() ? 0 : NOW + 5;
  s->arrival = (enum arrival_seen)dice(ARRIVAL_FOUND + 1);
  s->arrive_again_s = coin() ? 0 : NOW + 5;
  s->verdict.kind = (enum verdict_kind)dice(VERDICT_NOT_WORKING + 1);
}

static void roll_state(struct world *w) {
  struct state *s = &w->state;
  s->phase_since_s = NOW - (int64_t)dice(3 * DAY);
  s->grace_s = coin() ? -1 : 0;
  s->in_use_s = coin() ? 0 : NOW - (int64_t)dice(3 * DAY);
  s->late_s = coin() ? 0 : NOW - (int64_t)dice(3 * DAY);
  s->disabled_s = coin() ? 0 : NOW - (int64_t)dice(DAY);
  s->rewritten_s = coin() ? 0 : NOW - (int64_t)dice(3 * DAY);
  s->quarantine_s = coin() ? -1 : 0;
  s->hold.on = rarely();
  s->failures = dice(5);
  s->moved = dice(4);
  s->hook_epoch = coin() ? s->epoch : 0;
  s->wish.kind = (enum wish_kind)dice(WISH_COUNT);
  s->wish.at_s = NOW - (int64_t)dice(3 * DAY);
  strcpy(s->wish.key_id, coin() ? "ApiKey-previous" : "ApiKey-another");
  s->pending_from_iam = rarely();
  if (rarely())
    s->slots[SLOT_PENDING].key_id[0] = '\0';
  if (rarely() && s->phase != PHASE_RETIRING)
    slot_clear(&s->slots[SLOT_PREVIOUS]);
  if (rarely() && (s->phase == PHASE_IDLE || s->phase == PHASE_STAGED))
    slot_clear(&s->slots[SLOT_CURRENT]);
}

static struct world roll(void) {
  struct world w = world((enum phase)dice(PHASE_COUNT));
  roll_state(&w);
  for (int i = 0; i < 2; i++)
    roll_sink(&w.sinks[i]);
  for (int i = 0; i < SLOT_COUNT; i++)
    roll_slot(&w.view.slots[i]);
  w.view.home = rarely() ? (enum home_seen)dice(HOME_REBOUND + 1) : HOME_OK;
  w.view.back_for_s = dice(20);
  w.view.other_host = rarely() && rarely();
  w.view.iam_asked = !rarely();
  w.view.iam_answered = w.view.iam_asked && !rarely();
  w.view.list_short = rarely();
  w.view.due = coin();
  w.view.probe_due = rarely();
  w.view.window_open = coin();
  w.view.sink_lost = rarely();
  w.view.is_stager = coin();
  w.view.value_taken = rarely();
  w.view.create_refused = rarely();
  w.view.has_hook = coin();
  w.view.hook_done = coin();
  w.view.hook_failed = coin();
  w.view.current_used_s = rarely() ? NOW - (int64_t)dice(DAY) : 0;
  w.view.current_unused = coin();
  w.view.previous_used_known = coin();
  w.view.previous_used_s = NOW - (int64_t)dice(2 * DAY);
  w.view.own = (struct own_view){.is = rarely(),
                                 .other = coin(),
                                 .reads_current = coin(),
                                 .by_current = coin(),
                                 .by_previous = coin(),
                                 .began_after = coin()};
  w.view.command_init = coin();
  w.policy.arrival_required = coin();
  if (rarely())
    strcpy(w.view.stray_id, "ApiKey-stray");
  if (rarely())
    strcpy(w.view.found_id, "ApiKey-found");
  return w;
}

static bool probed(const struct world *w, enum slot_name s) {
  return w->view.slots[s].proof == PROOF_PROBED || w->view.slots[s].proof == PROOF_PROVEN;
}
static bool dead(const struct world *w, enum slot_name s) {
  return w->state.slots[s].used && w->view.slots[s].dead;
}

static bool all_serve(const struct world *w) {
  for (int i = 0; i < 2; i++)
    if (w->sinks[i].value != SINK_CURRENT || !w->sinks[i].stamped)
      return false;
  return true;
}

static bool is_act(enum act_kind k) {
  return act_is_effect(k) || k == ACT_PROVE || k == ACT_SEARCH;
}

static void check_key_acts(const struct world *w, const struct action *a) {
  assert_false(a->kind == ACT_CREATE && w->view.list_short);
  const struct slot *pending = &w->state.slots[SLOT_PENDING],
                    *previous = &w->state.slots[SLOT_PREVIOUS];
  if (a->kind == ACT_ENABLE && a->row == ROW_enable) // only what the state has noted (rule 5)
    assert_true(w->state.phase == PHASE_STAGED && strcmp(a->key_id, pending->key_id) == 0 &&
                a->key_id[0]);
  if (a->kind == ACT_ENABLE && a->row != ROW_enable)
    assert_true(a->row == ROW_held && w->state.hold.on && strcmp(a->key_id, previous->key_id) == 0);
  if (a->kind == ACT_DISABLE || (a->kind == ACT_DELETE && a->row != ROW_stray)) { // S4, S5
    assert_true(w->state.phase == PHASE_RETIRING);
    assert_string_equal(a->key_id, previous->key_id);
    assert_true(probed(w, SLOT_CURRENT) || dead(w, SLOT_CURRENT));
    assert_true(!w->state.hold.on || dead(w, SLOT_CURRENT));
    const struct own_view *own = &w->view.own; // section 8
    assert_true(!own->is || dead(w, SLOT_CURRENT) || (own->reads_current && own->by_current));
    assert_false(own->is && own->by_previous && dead(w, SLOT_CURRENT));
  }
  if (a->kind == ACT_DELETE && a->row == ROW_stray) {
    assert_string_equal(a->key_id, "ApiKey-stray");
    assert_false(w->view.own.is && dead(w, SLOT_CURRENT));
  }
  if (a->kind == ACT_DELETE && a->row == ROW_delete)
    assert_int_not_equal(w->view.slots[SLOT_PREVIOUS].key, KEY_ACTIVE);
}

// A person said in this grace that this very key may go.
static bool may_retire(const struct world *w) {
  const struct wish *wish = &w->state.wish;
  return (wish->kind == WISH_RETIRE || wish->kind == WISH_ROTATE) &&
         strcmp(wish->key_id, "ApiKey-previous") == 0 && wish->at_s >= w->state.phase_since_s;
}

// Nothing is published while its log is being looked for, nor, where it must be found, before.
static void check_arrival(const struct world *w, enum arrival_seen seen) {
  assert_true(seen != ARRIVAL_UNSENT && seen != ARRIVAL_SENT);
  if (w->policy.arrival_required)
    assert_true(seen == ARRIVAL_OFF || seen == ARRIVAL_FOUND);
}

static void check_steps(const struct world *w, const struct action *a) {
  if (a->kind != ACT_CAS)
    return;
  const struct slot_view *slots = w->view.slots;
  bool back = w->state.wish.kind == WISH_BACK_TO &&
              strcmp(w->state.wish.key_id, "ApiKey-previous") == 0 && !dead(w, SLOT_PREVIOUS);
  switch (a->row) {
  case ROW_promote:
    assert_true(slots[SLOT_PENDING].proof == PROOF_PROVEN);
    check_arrival(w, slots[SLOT_PENDING].arrival);
    break;
  case ROW_settle:
    assert_true(slots[SLOT_CURRENT].proof == PROOF_PROVEN && all_serve(w));
    break;
  case ROW_swap:
    assert_true(probed(w, SLOT_PREVIOUS) && !dead(w, SLOT_PREVIOUS));
    break;
  case ROW_retire:
    assert_int_equal(w->state.phase, PHASE_GRACE);
    assert_true(probed(w, SLOT_CURRENT) && !w->state.hold.on && !back && !w->view.sink_lost);
    assert_true(w->sinks[0].value == SINK_CURRENT && w->sinks[1].value == SINK_CURRENT);
    assert_true(w->sinks[0].noted && w->sinks[1].noted);
    assert_true(may_retire(w) || NOW >= state_grace_end_s(&w->state, &w->policy));
    assert_true(!w->view.own.is ||
                (w->view.own.reads_current && w->view.own.by_current && w->view.own.began_after));
    break;
  case ROW_refute:
    assert_true(slots[SLOT_PENDING].refutations >= w->policy.refute_count);
    break;
  case ROW_lost:
    assert_true(slots[SLOT_PENDING].key == KEY_GONE || slots[SLOT_PENDING].key == KEY_EXPIRED);
    break;
  case ROW_retired:
    assert_int_equal(slots[SLOT_PREVIOUS].key, KEY_GONE);
    break;
  case ROW_heal:
    assert_true(!w->state.slots[SLOT_CURRENT].used || dead(w, SLOT_CURRENT));
    break;
  case ROW_due:
    assert_true(!w->state.hold.on && w->state.failures < 3 && !w->view.sink_lost);
    assert_false(w->view.list_short);
    break;
  default:
    break;
  }
}

static void check(const struct world *w, const struct action *a) {
  assert_true(a->row < ROW_COUNT && a->kind <= ACT_ATTENTION);
  if (w->view.home != HOME_OK ||
      w->view.other_host) // nothing is done without a state that can be trusted
    assert_false(is_act(a->kind) && !(w->view.home == HOME_ABSENT));
  bool lists = a->row == ROW_drift && a->kind == ACT_CAS; // changes no key and no sink
  if (is_act(a->kind) && !lists && a->kind != ACT_HOOK && a->row != ROW_reload &&
      a->row != ROW_give_up && a->row != ROW_note && a->row != ROW_taken && a->row != ROW_moved)
    assert_true(w->view.iam_answered);
  if (a->kind == ACT_WRITE_SINK) { // S1: never a dead key, never over a foreign value
    assert_true(w->state.slots[SLOT_CURRENT].used && !dead(w, SLOT_CURRENT));
    assert_true(w->sinks[a->sink].value != SINK_FOREIGN &&
                w->sinks[a->sink].value != SINK_CORRUPT && w->sinks[a->sink].listed);
  }
  check_key_acts(w, a);
  check_steps(w, a);
}

// By a look of an earlier turn the same is done, or none of it: IAM is asked first. No key is ended
// or taken over, and nothing is held for over.
static void check_carried(struct world *w, const struct action *fresh) {
  struct action a;
  w->view.carried = true;
  decide(&w->view, &a);
  w->view.carried = false;
  assert_int_equal(a.row, fresh->row);
  if (a.kind == ACT_LOOK)
    return;
  assert_memory_equal(&a, fresh, sizeof a);
  assert_true(a.kind != ACT_DISABLE && a.kind != ACT_DELETE && a.kind != ACT_REST &&
              a.kind != ACT_ATTENTION);
  if (a.kind == ACT_ENABLE)
    assert_int_equal(a.row, ROW_enable);
  if (a.kind == ACT_WAIT)
    assert_int_equal(a.why, WHY_proof_pending);
  if (a.kind == ACT_CAS)
    assert_true(a.row == ROW_note || a.row == ROW_promote || a.row == ROW_publish ||
                a.row == ROW_reload || a.row == ROW_settle);
}

static void every_view_has_a_safe_answer(void **unused) {
  (void)unused;
  unsigned long rows[ROW_COUNT] = {0};
  for (int i = 0; i < VIEWS; i++) {
    struct world w = roll(), before;
    struct action a, again;
    view_of_world(&w);
    before = w;
    decide(&w.view, &a);
    decide(&w.view, &again);
    assert_memory_equal(&w, &before, sizeof w);
    assert_memory_equal(&a, &again, sizeof a);
    rows[a.row]++;
    check(&w, &a);
    check_carried(&w, &a);
    state_clear(&w.state);
  }
  for (int r = 0; r < ROW_COUNT;
       r++) // the walk came by every row, but for those that need a reading without a state
    if (r != ROW_first && r != ROW_rebound && r != ROW_unclear && r != ROW_adopt)
      assert_true(rows[r] > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_view_has_a_safe_answer)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
