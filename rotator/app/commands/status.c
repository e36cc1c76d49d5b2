// status: where each target stands. One target is shown in full, several as a table, by name. IAM
// is asked about a few targets; of many, only where a run would ask it, so that the status of a
// fleet at rest opens no connection. Each is forgotten when it is shown.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/chosen.h"
#include "rotator/app/commands/common.h"
#include "rotator/app/commands/standing.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/report.h"
#include "rotator/base/text.h"

#define ASKED_AT_MOST 20 // targets for which IAM is asked in any case

static void say_due(const struct standing *s) {
  char text[80];
  int64_t begins_s = 0;
  if (!s->observed.view.state || s->observed.view.due_s <= 0)
    return;
  standing_moment(s, s->observed.view.due_s, text, sizeof text);
  out_line("  %-10s %s", "due", text);
  const char *delay = standing_delay(s, &begins_s);
  standing_moment(s, begins_s, text, sizeof text);
  if (delay && begins_s > 0)
    out_line("  %-10s begins with the first run after %s,\n  %-10s %s", "", text, "", delay);
  else if (delay)
    out_line("  %-10s does not begin %s", "", delay);
}

static void say_grace_end(const struct standing *s) {
  char text[80];
  if (!s->observed.view.state || s->observed.view.state->phase != PHASE_GRACE)
    return;
  standing_moment(s, standing_grace_end_s(s), text, sizeof text);
  out_line("  %-10s ends %s", "grace", text);
}

static void say_key(const struct standing *s, const char *label, enum slot_name name) {
  const struct slot *slot = standing_slot(s, name);
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
  const struct sink_view *v = &s->observed.view.sinks[i];
  char text[300];
  verdict_words(text, sizeof text, &v->verdict);
  out_line("  %-10s %s: %s", i == 0 ? "sinks" : "", v->name, sink_words(v->value));
  out_line("  %-10s   %s", "", text);
  out_line("  %-10s   %s", "", s->managed->target.sinks[i].item->what);
}

static void say_now(const struct standing *s) {
  char text[700], next[700];
  standing_now(s, text, sizeof text);
  out_line("  %-10s %s", "now", text);
  const char *decision = standing_decision(s, next, sizeof next);
  if (!decision)
    return;
  out_line("  %-10s %s", "", decision);
  out_line("  %-10s %s", "", next);
}

static void say_in_full(const struct standing *s) {
  char text[IDENTITY_WORDS_MAX];
  const struct view *v = &s->observed.view;
  say_working(s->managed);
  identity_words(s->managed, text);
  out_line("  %-10s %s", "identity", text);
  out_line("  %-10s %s", "phase", standing_phase(s));
  say_key(s, "key", SLOT_CURRENT);
  say_key(s, "new key", SLOT_PENDING);
  say_key(s, "old key", SLOT_PREVIOUS);
  if (standing_slot(s, SLOT_PREVIOUS)) {
    standing_old_key(s, text, sizeof text);
    out_line("  %-10s   %s", "", text);
  }
  say_grace_end(s);
  say_due(s);
  for (size_t i = 0; i < v->n_sinks; i++)
    say_sink(s, i);
  say_now(s);
  if (v->state)
    say_wishes(v->state);
  standing_last_run(s, text, sizeof text);
  out_line("  %-10s %s", "last run", text);
}

static void add_row(const struct standing *s, struct table *t) {
  static const char *const words[] = {
      [WORKING_YES] = "yes", [WORKING_NO] = "NO", [WORKING_UNKNOWN] = "not known"};
  char age[32] = "-", next[64];
  const struct slot *current = standing_slot(s, SLOT_CURRENT);
  if (current)
    age_text(age, sizeof age, s->now_s - current->since_s);
  standing_next(s, next, sizeof next);
  table_row(t,
            (const char *const[]){s->managed->target.name, words[view_working(&s->observed.view)],
                                  standing_phase(s), age, next});
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
  const struct slot *slot = standing_slot(s, name);
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
  const struct view *v = &s->observed.view;
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
  const char *delay = v->state ? standing_delay(s, &begins_s) : NULL;
  add_time(o, "begins", delay ? begins_s : v->due_s);
  add_time(o, "grace_ends", grace ? standing_grace_end_s(s) : 0);
}

// A person who asks about a few targets wants to know what is so now; a fleet is told from what its
// runs have seen.
static enum observe how_to_observe(const struct app *a) {
  if (a->cli.offline)
    return OBSERVE_OFFLINE;
  return a->n_selected <= ASKED_AT_MOST ? OBSERVE_AT_IAM : OBSERVE_AS_NEEDED;
}

// As a run would answer, without doing anything. A fault is shown, and is no reason to fail.
static int stand(struct app *a, struct managed *m, struct table *t) {
  struct standing s;
  struct error e = {0};
  if (standing_take(a, m, how_to_observe(a), &s, &e) != ERR_OK)
    return report_no_success(a, m, "status", &e);
  if (!a->cli.json && a->n_selected == 1)
    say_in_full(&s);
  report_result(a, m, &s.result, &s.outcome);
  add_details(&s);
  add_row(&s, t);
  int exit = s.outcome.exit;
  standing_clear(&s);
  return exit;
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
