// repair: without an option it shows state, sinks and IAM side by side and which option ends what;
// with one, it makes that change by compare-and-set and lets the engine go on.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/base/text.h"

#define REPAIR_PATIENCE_S 20

// --- showing ---

static void say_slot(const struct look *l, enum slot_name name) {
  static const char *const seen[] = {
      [KEY_NOT_ASKED] = "IAM was not asked", [KEY_ACTIVE] = "active in IAM",
      [KEY_DISABLED] = "disabled in IAM",    [KEY_EXPIRED] = "expired",
      [KEY_ABSENT] = "not seen in IAM",      [KEY_GONE] = "gone from IAM",
  };
  const struct slot *s = &l->view.state->slots[name];
  if (s->used)
    out_line("  state  %-9s %s, generation %llu, %s", slot_name(name),
             s->key_id[0] ? s->key_id : "(no key yet)", (unsigned long long)s->generation,
             seen[l->view.slots[name].key]);
}

static void say_side_by_side(const struct managed *m, const struct look *l) {
  const struct view *v = &l->view;
  if (v->state)
    out_line("%s: state in %s: %s, written by %s on host %s", m->target.name, m->target.home->what,
             phase_name(v->state->phase), v->state->writer,
             v->state->host[0] ? v->state->host : "any");
  else
    out_line("%s: no usable state in %s", m->target.name, m->target.home->what);
  for (int i = 0; v->state && i < SLOT_COUNT; i++)
    say_slot(l, (enum slot_name)i);
  for (size_t i = 0; i < v->n_sinks; i++)
    out_line("  sink   %-9s %s (%s)", v->sinks[i].name, sink_words(v->sinks[i].value),
             m->target.sinks[i].item->what);
  if (v->adoptable)
    out_line("  IAM    the sinks' value is the active key %s", v->adoptable->id);
  if (v->stray_id[0])
    out_line("  IAM    %s is left over from an abandoned attempt", v->stray_id);
  if (!v->iam_answered)
    out_line("  IAM    gave no answer%s%s", l->error.kind != ERR_OK ? ": " : "", l->error.text);
  out_line("  now    %s", why_words(l->action.why)->text);
}

static void say_way_out(struct app *a, const struct managed *m, const char *option,
                        const char *text, cJSON *list) {
  char command[700], with[160];
  snprintf(with, sizeof with, "repair %s", option);
  report_next(a, with, m->target.name, command, sizeof command);
  out_line("  %s\n      %s", command, text);
  if (!list)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "command", command);
  cJSON_AddStringToObject(o, "text", text);
  cJSON_AddItemToArray(list, o);
}

static bool is_listed_only(const struct managed *m, const char *name) {
  for (size_t i = 0; i < m->target.n_sinks; i++)
    if (strcmp(m->target.sinks[i].name, name) == 0)
      return false;
  return true;
}

static bool holds_foreign(const struct view *v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == SINK_FOREIGN)
      return true;
  return false;
}

static void say_ways_out(struct app *a, const struct managed *m, const struct look *l,
                         cJSON *list) {
  char option[120];
  const struct view *v = &l->view;
  bool fine = v->home == HOME_OK && !v->other_host && !v->sink_lost && !holds_foreign(v);
  out_line(fine ? "Nothing here needs a repair." : "Ways out:");
  if (v->other_host)
    say_way_out(a, m, "--take-host", "from now on this host manages the target", list);
  if (v->state && v->home == HOME_OK && holds_foreign(v))
    say_way_out(a, m, "--keep state",
                "foreign values in the sinks are overwritten with the current key", list);
  for (size_t i = 0; i < v->n_sinks; i++) {
    if (v->sinks[i].value != SINK_FOREIGN && v->sinks[i].value != SINK_UNJUDGED)
      continue;
    snprintf(option, sizeof option, "--keep sink=%s", v->sinks[i].name);
    say_way_out(
        a, m, option,
        "the key found there becomes the current one, if it is an active key of this identity",
        list);
  }
  if (v->home != HOME_OK)
    say_way_out(a, m, "--new-key",
                "begins a new state with a new key; keys of the old state are left alone", list);
  for (size_t i = 0; v->state && i < v->state->n_sinks; i++) {
    if (!is_listed_only(m, v->state->sinks[i].name))
      continue;
    snprintf(option, sizeof option, "--drop-sink %s", v->state->sinks[i].name);
    say_way_out(a, m, option, "for when nobody reads that sink any more", list);
  }
}

static int show(struct app *a, struct managed *m) {
  struct look l;
  struct error e = {0};
  if (look_at(m, LOOK_AT_IAM, &l, &e) != ERR_OK)
    return report_failure(a, m, "repair", &e);
  cJSON *o = answer_target(a, m->target.name);
  if (o) {
    cJSON_AddStringToObject(o, "row", row_name(l.action.row));
    cJSON_AddStringToObject(o, "why", why_name(l.action.why));
    cJSON_AddStringToObject(o, "text", why_words(l.action.why)->text);
    answer_add_sinks(o, &m->target, &l.view);
  }
  say_side_by_side(m, &l);
  say_ways_out(a, m, &l, o ? cJSON_AddArrayToObject(o, "ways_out") : NULL);
  look_clear(&l);
  return say_verdict(a, m, "repair", o);
}

// --- changing ---

static enum err keep(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                     size_t cap, struct error *e) {
  const char *what = a->cli.keep;
  size_t n = 0;
  if (strcmp(what, "state") == 0) {
    enum err err = repair_keep_state(&m->target, io, &n, e);
    snprintf(ret_text, cap,
             "the state is kept; %zu sink%s with a foreign value will be overwritten", n,
             n == 1 ? "" : "s");
    return err;
  }
  snprintf(ret_text, cap, "the key in sink %s becomes current; the one before stays alive in grace",
           what + strlen("sink="));
  return repair_keep_sink(&m->target, io, what + strlen("sink="), e);
}

static enum err repair(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                       size_t cap, struct error *e) {
  const struct cli *c = &a->cli;
  if (c->keep)
    return keep(a, m, io, ret_text, cap, e);
  if (c->new_key) {
    snprintf(ret_text, cap, "a new state is begun; keys of the old one are left alone");
    return repair_new_key(&m->target, io, e);
  }
  if (c->take_host) {
    snprintf(ret_text, cap, "this host (%s) manages the target from now on", m->target.host_id);
    return repair_take_host(&m->target, io, e);
  }
  snprintf(ret_text, cap, "sink %s is dropped from the state; its value is left as it is",
           c->drop_sink);
  return repair_drop_sink(&m->target, io, c->drop_sink, e);
}

static bool options_make_sense(struct app *a) {
  const struct cli *c = &a->cli;
  int n = (c->keep != NULL) + c->new_key + c->take_host + (c->drop_sink != NULL);
  const char *text = NULL;
  if (n > 1)
    text = "repair takes one of its options at a time";
  else if (c->keep && strcmp(c->keep, "state") != 0 && !text_starts(c->keep, "sink="))
    text = "--keep takes state or sink=NAME";
  if (text)
    report_usage(a, text, NULL, "rotator repair --help");
  return !text;
}

int command_repair(struct app *a) {
  const struct cli *c = &a->cli;
  if (!options_make_sense(a))
    return EXIT_USAGE;
  if (a->n_selected == 0)
    return EXIT_FINE;
  if (!c->keep && !c->new_key && !c->take_host && !c->drop_sink)
    return show(a, a->selected[0]);
  struct error e = {0};
  if (compose_make_state_dir(a->compose, &e) != ERR_OK)
    return report_failure(a, a->selected[0], "repair", &e);
  int status = change_each(a, "repair", repair);
  if (status != EXIT_FINE)
    return status;
  // The engine takes the first steps at once, so that the answer says how things stand.
  a->selected[0]->target.rebound = false;
  if (a->targets)
    cJSON_DeleteItemFromArray(a->targets, cJSON_GetArraySize(a->targets) - 1);
  struct advance how = {.app = a, .patience_s = REPAIR_PATIENCE_S};
  return advance_and_report(a, &how, true);
}
