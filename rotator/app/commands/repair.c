// repair: without an option it shows state, sinks and IAM side by side and which option ends what;
// with one, it makes that change by compare-and-set and lets the engine go on.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text.h"

#define REPAIR_PATIENCE_S 20

// --- showing ---

static void say_slot(const struct observed *l, enum slot_name name) {
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

// Whose value a sink holds that the state does not know.
static void say_foreign(struct managed *m, const struct observed *l, size_t i) {
  struct iam_key k = {0};
  const char *name = l->view.sinks[i].name;
  enum err err = sink_key(&m->target, &l->io, i, &k, NULL);
  bool ours = err == ERR_OK && strcmp(k.iam_id, m->target.iam_id) == 0;
  if (err == ERR_OK)
    out_line("  IAM    the value in %s is key %s (%s), %s, of %s", name, k.id, k.name,
             k.disabled  ? "disabled"
             : k.expired ? "expired"
                         : "active",
             ours ? "this identity" : k.iam_id);
  else if (err == ERR_MISSING || err == ERR_REFUSED)
    out_line("  IAM    the value in %s is no key that IAM knows", name);
  iam_key_clear(&k);
}

static void say_side_by_side(struct managed *m, const struct observed *l) {
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
  for (size_t i = 0; v->iam_answered && i < v->n_sinks; i++)
    if (v->sinks[i].value == SINK_FOREIGN || v->sinks[i].value == SINK_UNJUDGED)
      say_foreign(m, l, i);
  if (v->adoptable)
    out_line("  IAM    the sinks' value is the active key %s", v->adoptable->id);
  if (v->stray_id[0])
    out_line("  IAM    %s is left over from an abandoned attempt", v->stray_id);
  if (!v->iam_answered)
    out_line("  IAM    gave no answer%s%s", l->error.kind != ERR_OK ? ": " : "", l->error.text);
  out_line("  now    %s", why_words(l->action.why)->text);
}

// --- ways out ---

struct ways {
  struct app *app;
  struct managed *managed;
  const struct observed *observed;
  cJSON *list;     // in the JSON answer; NULL: none
  size_t n;        // how many there are
  char next[1000]; // the first of them
  char first[120]; // … without "rotator" and target, when it is a command for this target
};

static void add_command(struct ways *w, const char *command, const char *text) {
  if (w->n++ == 0) {
    text_copy(w->next, sizeof w->next, command);
    out_line("Ways out:");
  }
  out_line("  %s\n      %s", command, text);
  if (!w->list)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "command", command);
  cJSON_AddStringToObject(o, "text", text);
  json_append(w->list, o);
}

static void add_way(struct ways *w, const char *with, const char *text) {
  char command[900];
  if (w->n == 0)
    text_copy(w->first, sizeof w->first, with);
  report_next(w->app, with, w->managed->target.name, command, sizeof command);
  add_command(w, command, text);
}

static bool is_listed_only(const struct managed *m, const struct state_sink *listed) {
  for (size_t i = 0; i < m->target.n_sinks; i++)
    if (strcmp(m->target.sinks[i].item->place, listed->place) == 0)
      return false;
  return true;
}

static bool holds(const struct view *v, enum sink_value value) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == value)
      return true;
  return false;
}

// Can the key in a sink become the current one in this phase?
static bool may_keep_sink(const struct view *v) {
  if (v->home == HOME_SILENT || v->home == HOME_REFUSED || !v->iam_answered)
    return false;
  return v->home != HOME_OK || v->state->phase == PHASE_IDLE || v->state->phase == PHASE_STAGED;
}

static bool is_keepable(const struct managed *m, const struct iam_key *k) {
  return strcmp(k->iam_id, m->target.iam_id) == 0 && strcmp(k->account, m->target.account) == 0 &&
         !k->disabled && !k->expired;
}

// Which key is in the sink, as IAM says; only one that can be kept is offered.
static void judge_sink(struct ways *w, size_t i) {
  const struct sink_view *s = &w->observed->view.sinks[i];
  struct managed *m = w->managed;
  struct iam_key k = {0};
  char with[120];
  enum err err = sink_key(&m->target, &w->observed->io, i, &k, NULL);
  if (err == ERR_OK && is_keepable(m, &k) && may_keep_sink(&w->observed->view)) {
    snprintf(with, sizeof with, "repair --keep sink=%s", s->name);
    add_way(w, with, "the key found there becomes the current one; the one before is retired");
  }
  iam_key_clear(&k);
}

static void add_sinks(struct ways *w) {
  const struct view *v = &w->observed->view;
  bool over = holds(v, SINK_FOREIGN) || holds(v, SINK_CORRUPT);
  if (v->home == HOME_OK && !v->other_host && over)
    add_way(w, "repair --keep state",
            "what the sinks hold that is not ours is overwritten with the current key");
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == SINK_FOREIGN || v->sinks[i].value == SINK_UNJUDGED ||
        (v->home == HOME_BACK && v->sinks[i].value != SINK_EMPTY))
      judge_sink(w, i);
}

static void add_home(struct ways *w) {
  const struct view *v = &w->observed->view;
  if (v->other_host)
    add_way(w, "repair --take-host", "from now on this host manages the target");
  if (w->observed->action.why == WHY_need_init)
    add_way(w, "init", "makes the first key");
  else if (v->home != HOME_OK && v->home != HOME_SILENT && v->home != HOME_REFUSED)
    add_way(w, "repair --new-key",
            "begins a new state with a new key; keys of the old state are left alone");
  for (size_t i = 0; v->state && v->home == HOME_OK && i < v->state->n_sinks; i++) {
    char with[120];
    if (!is_listed_only(w->managed, &v->state->sinks[i]))
      continue;
    snprintf(with, sizeof with, "repair --drop-sink %s", v->state->sinks[i].name);
    add_way(w, with, "for when nobody reads that sink any more");
  }
}

// What no option of repair ends is ended by another command.
static void add_other(struct ways *w) {
  const struct observed *l = w->observed;
  struct tick_result r = tick_result(&l->view, &l->action, &l->error);
  struct way_out out;
  recall_trouble(w->managed, &r);
  bool asks = r.attention || r.end == TICK_ATTENTION || r.working == WORKING_NO;
  if (!asks || w->n > 0)
    return;
  way_out_of(w->app, w->managed, &r, &out);
  if (r.error.kind != ERR_OK && !l->action.attention)
    out_line("  now    %s: %s", why_words(r.why)->text, r.error.text);
  add_command(w, out.next, out.person ? out.person : why_words(r.why)->text);
}

static void say_ways_out(struct ways *w) {
  const char *person = why_words(w->observed->action.why)->person;
  add_sinks(w);
  add_home(w);
  add_other(w);
  if (w->n == 0)
    out_line("Nothing here needs a repair.");
  else if (person)
    out_line("%s", person);
  if (w->n > 0)
    out_line("next: %s", w->next);
}

static int show(struct app *a, struct managed *m) {
  struct observed l;
  struct error e = {0};
  if (observe(m, OBSERVE_AT_IAM, &l, &e) != ERR_OK)
    return report_no_success(a, m, "repair", &e);
  struct ways w = {.app = a, .managed = m, .observed = &l};
  w.list = a->targets ? cJSON_CreateArray() : NULL;
  say_working(m);
  say_side_by_side(m, &l);
  say_ways_out(&w);
  if (w.first[0])
    m->seen.next = w.first;
  int status = report_observed(a, m, &l);
  m->seen.next = NULL; // it pointed into w
  if (w.list)
    json_put(answer_last_target(a), "ways_out", w.list);
  observed_clear(&l);
  return status;
}

// --- changing ---

static enum err keep(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                     size_t cap, struct error *e) {
  const char *what = a->cli.keep;
  size_t n = 0;
  if (strcmp(what, "state") == 0) {
    enum err err = repair_keep_state(&m->target, io, &n, e);
    snprintf(ret_text, cap,
             "the state is kept; %zu sink%s with a content that is not ours will be overwritten", n,
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
    return report_no_success(a, a->selected[0], "repair", &e);
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
