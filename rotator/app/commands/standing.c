#include "rotator/app/commands/standing.h"

#include <stdio.h>

#include "rotator/app/report/decision_words.h"
#include "rotator/base/text.h"

const struct slot *standing_slot(const struct standing *s, enum slot_name name) {
  const struct state *st = s->observed.view.state;
  return st && st->slots[name].used ? &st->slots[name] : NULL;
}

const char *standing_phase(const struct standing *s) {
  const struct view *v = &s->observed.view;
  static const char *const names[] = {[PHASE_IDLE] = "at rest",
                                      [PHASE_STAGED] = "new key",
                                      [PHASE_PUBLISHING] = "publishing",
                                      [PHASE_GRACE] = "grace",
                                      [PHASE_RETIRING] = "retiring"};
  if (v->state)
    return names[v->state->phase];
  switch (v->home) {
  case HOME_ABSENT:
    return "not set up";
  case HOME_SILENT:
    return "no answer";
  case HOME_REBOUND:
    return "rebound";
  default:
    return "unusable";
  }
}

void standing_moment(const struct standing *s, int64_t t_s, char *dst, size_t cap) {
  char when[32], by[32];
  if (t_s <= 0) {
    text_copy(dst, cap, "-");
    return;
  }
  time_text(when, sizeof when, t_s);
  age_text(by, sizeof by, t_s > s->now_s ? t_s - s->now_s : s->now_s - t_s);
  snprintf(dst, cap, t_s > s->now_s ? "%s (in %s)" : "%s (%s ago)", when, by);
}

const char *standing_delay(const struct standing *s, int64_t *ret_s) {
  const struct state *st = s->observed.view.state;
  const struct policy *p = &s->managed->target.policy;
  int64_t due_s = s->observed.view.due_s, from_s = due_s > s->now_s ? due_s : s->now_s;
  *ret_s = 0;
  if (st->hold.on && (st->hold.until_s == 0 || st->hold.until_s > from_s)) {
    *ret_s = st->hold.until_s;
    return "because of the hold";
  }
  if (p->window.n == 0 || policy_window_is_open(&p->window, from_s))
    return NULL;
  *ret_s = policy_window_next(&p->window, from_s);
  return "when the window opens";
}

int64_t standing_grace_end_s(const struct standing *s) {
  return state_grace_end_s(s->observed.view.state, &s->managed->target.policy);
}

void standing_old_key(const struct standing *s, char *dst, size_t cap) {
  const struct view *v = &s->observed.view;
  char when[32];
  if (!standing_slot(s, SLOT_PREVIOUS)) {
    text_copy(dst, cap, "none");
    return;
  }
  time_text(when, sizeof when, v->previous_used_s);
  if (!v->previous_used_known)
    text_copy(dst, cap, "use not known");
  else if (v->previous_used_s < 0)
    text_copy(dst, cap, "never used");
  else
    snprintf(dst, cap,
             s->observed.action.why == WHY_still_used ? "STILL USED, last %s" : "last used %s",
             when);
}

void standing_last_run(const struct standing *s, char *dst, size_t cap) {
  const struct last_run *r = &s->managed->last_run;
  char text[80];
  if (r->ended_s <= 0) {
    text_copy(dst, cap, "not known");
    return;
  }
  standing_moment(s, r->ended_s, text, sizeof text);
  snprintf(dst, cap, "%s, exit %d", text, r->exit);
}

void standing_next(const struct standing *s, char *dst, size_t cap) {
  const struct view *v = &s->observed.view;
  char in[32];
  int64_t begins_s = 0;
  bool person = s->outcome.exit == EXIT_PERSON || s->outcome.exit == EXIT_PAGE;
  if (person || !v->state) {
    text_copy(dst, cap, person ? "needs a person" : "-");
    return;
  }
  if (v->state->phase == PHASE_GRACE) {
    int64_t left_s = standing_grace_end_s(s) - s->now_s;
    age_text(in, sizeof in, left_s > 0 ? left_s : 0);
    snprintf(dst, cap, "grace ends in %s", in);
    return;
  }
  const char *delay = standing_delay(s, &begins_s);
  if (v->state->phase != PHASE_IDLE || v->due_s <= 0) {
    text_copy(dst, cap, v->state->phase != PHASE_IDLE ? "goes on" : "-");
  } else if (delay && begins_s <= 0) {
    text_copy(dst, cap, "held");
  } else {
    int64_t at_s = delay ? begins_s : v->due_s;
    age_text(in, sizeof in, at_s > s->now_s ? at_s - s->now_s : 0);
    snprintf(dst, cap, at_s > s->now_s ? "rotates in %s" : "rotates now", in);
  }
}

// The engine asks for the old key's use only when it is about to retire it; a person wants to know
// before.
static void ask_old_key_use(struct standing *s) {
  const struct slot *old = standing_slot(s, SLOT_PREVIOUS);
  struct iam *iam = s->observed.io.iam;
  struct iam_key k = {0};
  if (!old || s->observed.view.previous_used_known || !s->observed.view.iam_answered)
    return;
  if (iam->ops->get(iam, old->key_id, true, &k, NULL) == ERR_OK && k.has_activity) {
    s->observed.view.previous_used_known = true;
    s->observed.view.previous_used_s = k.last_authn_s;
  }
  iam_key_clear(&k);
}

void standing_now(const struct standing *s, char *dst, size_t cap) {
  struct tick_result r = tick_result(&s->observed.view, &s->observed.action, &s->observed.error);
  const char *refused =
      s->observed.action.why == WHY_iam_silent ? "IAM refused" : "the store refused";
  snprintf(dst, cap, "%s%s%s",
           outcome_is_refusal(&r) ? refused : why_words(s->observed.action.why)->text,
           s->observed.error.kind != ERR_OK ? ": " : "", s->observed.error.text);
}

const char *standing_decision(const struct standing *s, char *next, size_t cap) {
  const struct why_words *words = why_words(s->observed.action.why);
  if (s->outcome.exit != EXIT_FINE || !words->person || !words->next)
    return NULL;
  report_next(s->app, words->next, s->managed->target.name, next, cap);
  return words->person;
}

enum err standing_take(struct app *a, struct managed *m, enum observe how, struct standing *ret,
                       struct error *e) {
  struct standing s = {.app = a, .managed = m, .now_s = env_wall_ms(a->env) / 1000};
  enum err err = observe(m, how, &s.observed, e);
  if (err != ERR_OK)
    return err;
  if (s.observed.view.now_s > 0)
    s.now_s = s.observed.view.now_s;
  ask_old_key_use(&s);
  judge_observed(m, &s.observed, &s.result, &s.outcome);
  *ret = s;
  if (ret->observed.view.state)
    ret->observed.view.state = &ret->observed.state;
  return ERR_OK;
}

void standing_clear(struct standing *s) {
  observed_clear(&s->observed);
}
