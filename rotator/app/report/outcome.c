#include "rotator/app/report/outcome.h"

#include "rotator/app/report/decision_words.h"

int exit_worse(int a, int b) {
  static const int order[] = {EXIT_FINE, EXIT_BUSY,   EXIT_AGAIN, EXIT_USAGE,
                              EXIT_BUG,  EXIT_PERSON, EXIT_PAGE};
  int ra = 0, rb = 0;
  for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
    ra = order[i] == a ? i : ra;
    rb = order[i] == b ? i : rb;
  }
  return ra >= rb ? a : b;
}

// A person is needed. Must somebody be woken up for it?
static int person(const struct tick_result *r) {
  if (r->working == WORKING_NO || (r->working == WORKING_UNKNOWN && why_words(r->why)->doubt))
    return EXIT_PAGE;
  return EXIT_PERSON;
}

// It could not even be observed.
static int failed(const struct tick_result *r, bool *ret_fault) {
  switch (r->error.kind) {
  case ERR_INTERNAL:
    return EXIT_BUG;
  case ERR_INVALID:
    return EXIT_USAGE;
  default:
    break;
  }
  *ret_fault = err_is_passing(r->error.kind) || r->error.kind == ERR_CANCELLED;
  return *ret_fault ? EXIT_AGAIN : EXIT_PERSON;
}

bool outcome_is_seen(const struct tick_result *r, const struct outcome *o) {
  return r->end != TICK_BUSY && r->end != TICK_STOPPED && !(o->exit == EXIT_FINE && o->fault);
}

bool outcome_is_definite(enum err err) {
  return err == ERR_DENIED || err == ERR_REFUSED || err == ERR_INVALID || err == ERR_LIMIT;
}

bool outcome_is_refusal(const struct tick_result *r) {
  bool silent = r->why == WHY_iam_silent || r->why == WHY_home_silent || r->why == WHY_sink_silent;
  return silent && outcome_is_definite(r->error.kind);
}

bool outcome_is_for_person(const struct tick_result *r) {
  bool sink = r->why == WHY_sink_refused || r->why == WHY_sink_drift;
  bool cannot_start = r->why == WHY_hook_failed && r->error.kind == ERR_INVALID;
  return outcome_is_refusal(r) || cannot_start || (sink && outcome_is_definite(r->error.kind));
}

static int waiting(const struct tick_result *r, enum goal goal, bool *ret_fault) {
  // An older state is read again for a while before it is believed.
  if (r->attention || outcome_is_for_person(r) || r->why == WHY_home_back)
    return person(r);
  *ret_fault = why_words(r->why)->fault;
  return *ret_fault || goal == GOAL_MISSED ? EXIT_AGAIN : EXIT_FINE;
}

void outcome_of(const struct tick_result *r, enum goal goal, int64_t alert_after_s,
                int64_t fault_since_s, int64_t now_s, struct outcome *ret) {
  struct outcome o = {.exit = EXIT_FINE};
  bool by_hand = goal != GOAL_NONE;
  switch (r->end) {
  case TICK_BUSY:
    o.exit = by_hand ? EXIT_BUSY : EXIT_FINE;
    break;
  case TICK_STOPPED:
    o.exit = by_hand ? EXIT_AGAIN : EXIT_FINE;
    break;
  case TICK_FAILED:
    o.exit = failed(r, &o.fault);
    break;
  case TICK_ATTENTION:
    o.exit = person(r);
    break;
  case TICK_REST:
  case TICK_WAIT:
    o.exit = waiting(r, goal, &o.fault);
    break;
  }
  int64_t lasted_s = fault_since_s > 0 ? now_s - fault_since_s : 0;
  bool young = lasted_s < alert_after_s;
  if (!by_hand && o.exit == EXIT_AGAIN && o.fault && young)
    o.exit = EXIT_FINE;
  if (goal == GOAL_REACHED && o.exit == EXIT_AGAIN)
    o.exit = EXIT_FINE;
  // Whatever else there is to say: somebody must be woken up for consumers without a key.
  if (r->working == WORKING_NO)
    o.exit = EXIT_PAGE;
  o.silent = o.exit == EXIT_FINE;
  *ret = o;
}

void outcome_add_watch(struct outcome *o, const struct path_unit_failure *f) {
  if (o->exit != EXIT_FINE)
    return;
  o->exit = EXIT_PERSON;
  o->silent = false;
  o->watch = *f;
}
