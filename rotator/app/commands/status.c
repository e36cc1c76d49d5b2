// status: where each target stands. One target is shown in full, several as a table, by name. IAM
// is asked about a few targets; of many, only where a run would ask it, so that the status of a
// fleet at rest opens no connection. Each is forgotten when it is shown.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/chosen.h"
#include "rotator/app/commands/stand.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/report.h"
#include "rotator/base/text.h"

#define ASKED_AT_MOST 20 // targets for which IAM is asked in any case

struct standing {
  struct app *app;
  struct managed *managed;
  struct look look;
  int64_t now_s;
  int exit;
};

static const struct slot *slot_of(const struct standing *s, enum slot_name name) {
  const struct state *st = s->look.view.state;
  return st && st->slots[name].used ? &st->slots[name] : NULL;
}

static const char *phase_text(const struct standing *s) {
  const struct view *v = &s->look.view;
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

// "2026-12-27T17:36:19Z (in 30d)"
static void moment_text(const struct standing *s, int64_t t_s, char *dst, size_t cap) {
  char when[32], by[32];
  if (t_s <= 0) {
    text_copy(dst, cap, "-");
    return;
  }
  time_text(when, sizeof when, t_s);
  age_text(by, sizeof by, t_s > s->now_s ? t_s - s->now_s : s->now_s - t_s);
  snprintf(dst, cap, t_s > s->now_s ? "%s (in %s)" : "%s (%s ago)", when, by);
}

// Why a rotation will not begin at its date, and when it may; NULL: it will. *ret_s 0: not known.
static const char *delay_of(const struct standing *s, int64_t *ret_s) {
  const struct state *st = s->look.view.state;
  const struct policy *p = &s->managed->target.policy;
  int64_t due_s = s->look.view.due_s, from_s = due_s > s->now_s ? due_s : s->now_s;
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

static void say_due(const struct standing *s) {
  char text[80];
  int64_t begins_s = 0;
  if (!s->look.view.state || s->look.view.due_s <= 0)
    return;
  moment_text(s, s->look.view.due_s, text, sizeof text);
  out_line("  %-10s %s", "due", text);
  const char *delay = delay_of(s, &begins_s);
  moment_text(s, begins_s, text, sizeof text);
  if (delay && begins_s > 0)
    out_line("  %-10s begins with the first run after %s,\n  %-10s %s", "", text, "", delay);
  else if (delay)
    out_line("  %-10s does not begin %s", "", delay);
}

static int64_t grace_end_s(const struct standing *s) {
  return state_grace_end_s(s->look.view.state, &s->managed->target.policy);
}

static void say_grace_end(const struct standing *s) {
  char text[80];
  if (!s->look.view.state || s->look.view.state->phase != PHASE_GRACE)
    return;
  moment_text(s, grace_end_s(s), text, sizeof text);
  out_line("  %-10s ends %s", "grace", text);
}

static void old_key_text(const struct standing *s, char *dst, size_t cap) {
  const struct view *v = &s->look.view;
  char when[32];
  if (!slot_of(s, SLOT_PREVIOUS)) {
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
             s->look.action.why == WHY_still_used ? "STILL USED, last %s" : "last used %s", when);
}

static void last_run_text(const struct standing *s, char *dst, size_t cap) {
  const struct last_run *r = &s->managed->last_run;
  char text[80];
  if (r->ended_s <= 0) {
    text_copy(dst, cap, "not known");
    return;
  }
  moment_text(s, r->ended_s, text, sizeof text);
  snprintf(dst, cap, "%s, exit %d", text, r->exit);
}

static void say_key(const struct standing *s, const char *label, enum slot_name name) {
  const struct slot *slot = slot_of(s, name);
  char age[32], since[32];
  if (!slot)
    return;
  age_text(age, sizeof age, s->now_s - slot->since_s);
  time_text(since, sizeof since, slot->since_s);
  out_line("  %-10s %s", label, slot->key_id[0] ? slot->key_id : "not created yet");
  out_line("  %-10s   generation %llu, made %s (%s old)%s", "",
           (unsigned long long)slot->generation, since, age,
           slot->adopted_s > 0 ? ", adopted" : "");
}

static void say_wishes(const struct state *st) {
  char until[32];
  if (st->hold.on) {
    time_text(until, sizeof until, st->hold.until_s);
    out_line("  %-10s until %s, by %s%s%s", "hold", st->hold.until_s > 0 ? until : "resumed",
             st->hold.by, st->hold.reason[0] ? ": " : "", st->hold.reason);
  }
  if (st->wish.kind != WISH_NONE)
    out_line("  %-10s %s, by %s%s%s", "asked for", wish_name(st->wish.kind), st->wish.by,
             st->wish.reason[0] ? ": " : "", st->wish.reason);
  if (st->failures > 0)
    out_line("  %-10s %u rotation%s in a row", "failed", st->failures,
             st->failures == 1 ? "" : "s");
}

static void say_sink(const struct standing *s, size_t i) {
  const struct sink_view *v = &s->look.view.sinks[i];
  char text[300];
  verdict_words(text, sizeof text, &v->verdict);
  out_line("  %-10s %s: %s", i == 0 ? "sinks" : "", v->name, sink_words(v->value));
  out_line("  %-10s   %s", "", text);
  out_line("  %-10s   %s", "", s->managed->target.sinks[i].item->what);
}

// A wait that a person can end names at once what there is to decide, and the command: not only
// when it has lasted so long that it is an alert.
static void say_now(const struct standing *s) {
  const struct why_words *words = why_words(s->look.action.why);
  struct tick_result r = tick_result(&s->look.view, &s->look.action, &s->look.error);
  const char *refused = s->look.action.why == WHY_iam_silent ? "IAM refused" : "the store refused";
  char next[700];
  out_line("  %-10s %s%s%s", "now", outcome_is_refusal(&r) ? refused : words->text,
           s->look.error.kind != ERR_OK ? ": " : "", s->look.error.text);
  if (s->exit != EXIT_FINE || !words->person || !words->next)
    return;
  report_next(s->app, words->next, s->managed->target.name, next, sizeof next);
  out_line("  %-10s %s", "", words->person);
  out_line("  %-10s %s", "", next);
}

static void say_in_full(const struct standing *s) {
  char text[IDENTITY_WORDS_MAX];
  const struct view *v = &s->look.view;
  say_working(s->managed);
  identity_words(s->managed, text);
  out_line("  %-10s %s", "identity", text);
  out_line("  %-10s %s", "phase", phase_text(s));
  say_key(s, "key", SLOT_CURRENT);
  say_key(s, "new key", SLOT_PENDING);
  say_key(s, "old key", SLOT_PREVIOUS);
  if (slot_of(s, SLOT_PREVIOUS)) {
    old_key_text(s, text, sizeof text);
    out_line("  %-10s   %s", "", text);
  }
  say_grace_end(s);
  say_due(s);
  for (size_t i = 0; i < v->n_sinks; i++)
    say_sink(s, i);
  say_now(s);
  if (v->state)
    say_wishes(v->state);
  last_run_text(s, text, sizeof text);
  out_line("  %-10s %s", "last run", text);
}

// What happens next, and when, as far as that is known.
static void next_text(const struct standing *s, char *dst, size_t cap) {
  const struct view *v = &s->look.view;
  char in[32];
  int64_t begins_s = 0;
  bool person = s->exit == EXIT_PERSON || s->exit == EXIT_PAGE;
  if (person || !v->state) {
    text_copy(dst, cap, person ? "needs a person" : "-");
    return;
  }
  if (v->state->phase == PHASE_GRACE) {
    int64_t left_s = grace_end_s(s) - s->now_s;
    age_text(in, sizeof in, left_s > 0 ? left_s : 0);
    snprintf(dst, cap, "grace ends in %s", in);
    return;
  }
  const char *delay = delay_of(s, &begins_s);
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

static void add_row(const struct standing *s, struct table *t) {
  static const char *const words[] = {
      [WORKING_YES] = "yes", [WORKING_NO] = "NO", [WORKING_UNKNOWN] = "not known"};
  char age[32] = "-", next[64];
  const struct slot *current = slot_of(s, SLOT_CURRENT);
  if (current)
    age_text(age, sizeof age, s->now_s - current->since_s);
  next_text(s, next, sizeof next);
  table_row(t, (const char *const[]){s->managed->target.name, words[view_working(&s->look.view)],
                                     phase_text(s), age, next});
}

static enum colour colour_of(size_t column, const char *cell) {
  if (column != 1)
    return COLOUR_NONE;
  return strcmp(cell, "yes") == 0         ? COLOUR_GOOD
         : strcmp(cell, "NO") == 0        ? COLOUR_BAD
         : strcmp(cell, "not known") == 0 ? COLOUR_DOUBT
                                          : COLOUR_NONE;
}

static void add_time(cJSON *o, const char *name, int64_t t_s) {
  char text[32];
  time_text(text, sizeof text, t_s);
  if (t_s > 0)
    cJSON_AddStringToObject(o, name, text);
  else
    cJSON_AddNullToObject(o, name);
}

static void add_slot(const struct standing *s, cJSON *o, enum slot_name name) {
  const struct slot *slot = slot_of(s, name);
  if (!slot) {
    cJSON_AddNullToObject(o, slot_name(name));
    return;
  }
  cJSON *x = cJSON_AddObjectToObject(o, slot_name(name));
  cJSON_AddStringToObject(x, "key_id", slot->key_id);
  json_add_u64_text(x, "generation", slot->generation);
  add_time(x, "since", slot->since_s);
  cJSON_AddBoolToObject(x, "adopted", slot->adopted_s > 0);
}

static void add_details(const struct standing *s) {
  cJSON *o = answer_last_target(s->app);
  const struct view *v = &s->look.view;
  if (!o)
    return;
  cJSON *keys = cJSON_AddObjectToObject(o, "keys");
  for (int i = 0; i < SLOT_COUNT; i++)
    add_slot(s, keys, (enum slot_name)i);
  add_time(o, "due", v->due_s);
  cJSON_AddBoolToObject(o, "held", v->state && v->state->hold.on);
  cJSON_AddBoolToObject(o, "old_key_use_known", v->previous_used_known);
  add_time(o, "old_key_last_used", v->previous_used_known ? v->previous_used_s : 0);
  add_time(o, "last_run", s->managed->last_run.ended_s);
  bool grace = v->state && v->state->phase == PHASE_GRACE;
  int64_t begins_s = 0;
  const char *delay = v->state ? delay_of(s, &begins_s) : NULL;
  add_time(o, "begins", delay ? begins_s : v->due_s);
  add_time(o, "grace_ends", grace ? grace_end_s(s) : 0);
}

// As a run would answer, without doing anything. A fault is shown, and is no reason to fail.
static void judge(struct standing *s) {
  struct tick_result r;
  struct outcome o;
  judge_look(s->managed, &s->look, &r, &o);
  s->exit = o.exit;
  if (!s->app->cli.json && s->app->n_selected == 1)
    say_in_full(s);
  report_result(s->app, s->managed, &r, &o);
  add_details(s);
}

// The engine asks for the old key's use only when it is about to retire it; a person wants to know
// before.
static void ask_old_key_use(struct standing *s) {
  const struct slot *old = slot_of(s, SLOT_PREVIOUS);
  struct iam *iam = s->look.io.iam;
  struct iam_key k = {0};
  if (!old || s->look.view.previous_used_known || !s->look.view.iam_answered)
    return;
  if (iam->ops->get(iam, old->key_id, true, &k, NULL) == ERR_OK && k.has_activity) {
    s->look.view.previous_used_known = true;
    s->look.view.previous_used_s = k.last_authn_s;
  }
  iam_key_clear(&k);
}

// A person who asks about a few targets wants to know what is so now; a fleet is told from what its
// runs have seen.
static enum look_at how_to_look(const struct app *a) {
  if (a->cli.offline)
    return LOOK_OFFLINE;
  return a->n_selected <= ASKED_AT_MOST ? LOOK_AT_IAM : LOOK_AS_NEEDED;
}

static int stand(struct app *a, struct managed *m, struct table *t) {
  struct standing s = {.app = a, .managed = m, .now_s = env_wall_ms(a->env) / 1000};
  struct error e = {0};
  if (look_at(m, how_to_look(a), &s.look, &e) != ERR_OK)
    return report_no_success(a, m, "status", &e);
  if (s.look.view.now_s > 0)
    s.now_s = s.look.view.now_s;
  ask_old_key_use(&s);
  judge(&s);
  add_row(&s, t);
  look_clear(&s.look);
  return s.exit;
}

static int by_name(const void *a, const void *b) {
  const struct config_target *const *x = a, *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

// The table is printed as it comes: its first column is as wide as the longest name from the start.
static size_t longest_name(const struct app *a) {
  size_t most = 0;
  for (size_t i = 0; i < a->n_selected; i++) {
    size_t len = strlen(a->chosen[i]->name);
    most = len > most ? len : most;
  }
  return most;
}

int command_status(struct app *a) {
  struct table t;
  int worst = EXIT_FINE;
  table_init(&t, 5);
  t.colour = colour_of;
  table_row(&t, (const char *const[]){"TARGET", "WORKING", "PHASE", "KEY AGE", "NEXT"});
  t.widths[0] = longest_name(a);
  if (a->cli.n_targets == 0 && a->n_selected > 1)
    qsort(a->chosen, a->n_selected, sizeof *a->chosen, by_name);
  for (size_t i = 0; i < a->n_selected; i++) {
    struct managed *m = chosen_target(a, i);
    worst = exit_worse(worst, m ? stand(a, m, &t) : EXIT_BUG);
    chosen_release(a, i);
  }
  if (a->n_selected != 1)
    table_print(&t);
  table_clear(&t);
  return worst;
}
