// Every key of the identity as IAM lists it, and what each is to us. With --disable or --delete,
// one key that is not ours to rotate is taken out of the way; never the current or the pending one.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/stand.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/engine/tag.h"

struct listing {
  struct app *app;
  struct managed *managed;
  struct look look;
  struct iam_key_list list;
  int64_t now_s;
};

static const char *role_of(const struct listing *l, const struct iam_key *k) {
  const struct state *s = l->look.view.state;
  struct tag tag;
  for (int i = 0; s && i < SLOT_COUNT; i++)
    if (s->slots[i].used && strcmp(s->slots[i].key_id, k->id) == 0)
      return slot_name((enum slot_name)i);
  if (!s && l->look.view.adoptable && strcmp(l->look.view.adoptable->id, k->id) == 0)
    return "in the sinks";
  if (!tag_parse(k->description, &tag) || strcmp(tag.binding, l->managed->binding) != 0)
    return "unknown";
  if (!s || strcmp(tag.lineage, s->lineage) != 0)
    return "other lineage";
  return tag.generation <= s->generation ? "stray" : "ours";
}

static const char *condition_of(const struct iam_key *k) {
  if (k->disabled)
    return k->locked ? "disabled, locked" : "disabled";
  if (k->expired)
    return "expired";
  return k->locked ? "active, locked" : "active";
}

static void used_text(const struct listing *l, const struct iam_key *k, char *dst, size_t cap) {
  char ago[32];
  if (!k->has_activity) {
    text_copy(dst, cap, "not known");
  } else if (k->last_authn_s < 0) {
    text_copy(dst, cap, "never");
  } else {
    age_text(ago, sizeof ago, l->now_s - k->last_authn_s);
    snprintf(dst, cap, "%s ago", ago);
  }
}

// The list says nothing of the use; each key is asked for once more.
static void add_activity(struct listing *l, struct iam_key *k) {
  struct iam_key more = {0};
  struct iam *iam = l->look.io.iam;
  if (iam->ops->get(iam, k->id, true, &more, NULL) == ERR_OK && more.has_activity) {
    k->has_activity = true;
    k->last_authn_s = more.last_authn_s;
    k->authn_count = more.authn_count;
  }
  iam_key_clear(&more);
}

static void answer_key(const struct listing *l, cJSON *keys, const struct iam_key *k) {
  char time[32];
  if (!keys)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "id", k->id);
  cJSON_AddStringToObject(o, "name", k->name);
  cJSON_AddStringToObject(o, "role", role_of(l, k));
  cJSON_AddBoolToObject(o, "disabled", k->disabled);
  cJSON_AddBoolToObject(o, "locked", k->locked);
  cJSON_AddBoolToObject(o, "expired", k->expired);
  time_text(time, sizeof time, k->created_s);
  cJSON_AddStringToObject(o, "created", time);
  time_text(time, sizeof time, k->has_activity ? k->last_authn_s : -1);
  cJSON_AddStringToObject(o, "last_used", time);
  cJSON_AddItemToArray(keys, o);
}

static void show(struct listing *l) {
  struct table t;
  char age[32], used[48], who[IDENTITY_WORDS_MAX];
  cJSON *answer = answer_target(l->app, l->managed->target.name);
  cJSON *keys = answer ? cJSON_AddArrayToObject(answer, "keys") : NULL;
  if (answer)
    answer_add_identity(answer, l->managed);
  identity_words(l->managed, who);
  if (l->managed->config->user)
    out_line("%s: all keys of %s", l->managed->target.name, who);
  table_init(&t, 6);
  table_row(&t, (const char *const[]){"KEY", "ROLE", "CONDITION", "AGE", "LAST USED", "NAME"});
  for (size_t i = 0; i < l->list.n; i++) {
    struct iam_key *k = &l->list.keys[i];
    add_activity(l, k);
    age_text(age, sizeof age, k->created_s > 0 ? l->now_s - k->created_s : -1);
    used_text(l, k, used, sizeof used);
    table_row(&t, (const char *const[]){k->id, role_of(l, k), condition_of(k), age, used, k->name});
    answer_key(l, keys, k);
  }
  table_print(&t);
  table_clear(&t);
  if (answer)
    cJSON_AddBoolToObject(answer, "all_shown", !l->look.view.list_short);
  if (l->look.view.list_short)
    log_line(LOG_LEVEL_WARN, l->managed->target.name, "keys", "there may be more: %s",
             l->look.error.text);
}

// --- one key out of the way ---

static const struct iam_key *find_key(const struct listing *l, const char *id) {
  for (size_t i = 0; i < l->list.n; i++)
    if (strcmp(l->list.keys[i].id, id) == 0)
      return &l->list.keys[i];
  return NULL;
}

static int refuse(struct listing *l, const char *id, const char *why) {
  char text[300], next[700];
  snprintf(text, sizeof text, "%s: %s", id, why);
  report_next(l->app, "keys", l->managed->target.name, next, sizeof next);
  struct error e;
  error_set(&e, ERR_REFUSED, "%s", text);
  struct trouble t = {.target = l->managed->target.name,
                      .working = verdict_working(&l->managed->seen.verdict),
                      .verdict = &l->managed->seen.verdict,
                      .step = "keys",
                      .error = &e,
                      .next = next};
  report_trouble(l->app, &t);
  cJSON *o = answer_target(l->app, l->managed->target.name);
  if (o) {
    answer_add_consumers(o, l->managed);
    answer_add_error(o, &e);
    answer_add_end(o, EXIT_USAGE, next);
  }
  return EXIT_USAGE;
}

static bool is_agreed(struct listing *l, bool delete, const struct iam_key *k, const char *role) {
  char question[500], command[200];
  const char *warning = "";
  if (strcmp(role, "previous") == 0)
    warning = " Consumers that have not read the new key yet still use it; no way back then.";
  else if (strcmp(role, "unknown") == 0)
    warning = " rotator did not make it: somebody may use it.";
  else if (strcmp(role, "other lineage") == 0)
    warning = " Another host or an earlier state made it, and may have it in use.";
  snprintf(question, sizeof question, "%s %s (%s, %s)?%s", delete ? "Delete" : "Disable", k->id,
           k->name, role, warning);
  snprintf(command, sizeof command, "keys %s %s", delete ? "--delete" : "--disable", k->id);
  return confirm(l->app, command, question);
}

// A lock in IAM is lifted by whoever may, and by nobody else: no run of ours is in the way.
static int say_locked(struct listing *l, const char *id, const char *option,
                      const struct error *e) {
  char with[200], again[700], next[1000];
  const char *target = l->managed->target.name;
  snprintf(with, sizeof with, "keys %s %s --yes", option, id);
  report_next(l->app, with, target, again, sizeof again);
  way_out_unlock(l->managed, id, again, next, sizeof next);
  struct trouble t = {.target = target,
                      .working = view_working(&l->look.view),
                      .verdict = &l->managed->seen.verdict,
                      .step = "keys",
                      .text = "the key is locked in IAM, and stays as it is until it is unlocked",
                      .error = e,
                      .hint = "decide: somebody locked the key on purpose; is that reason over?",
                      .next = next};
  report_trouble(l->app, &t);
  cJSON *o = answer_target(l->app, target);
  if (o) {
    answer_add_consumers(o, l->managed);
    answer_add_error(o, e);
    answer_add_end(o, EXIT_PERSON, next);
  }
  return EXIT_PERSON;
}

static int take_away(struct listing *l, const char *id, bool delete) {
  const struct iam_key *k = find_key(l, id);
  struct iam *iam = l->look.io.iam;
  struct error e = {0};
  if (!k)
    return refuse(l, id, "the identity has no such key");
  const char *role = role_of(l, k);
  if (strcmp(role, "current") == 0 || strcmp(role, "in the sinks") == 0)
    return refuse(l, id, "it is the key that consumers use; rotate first");
  if (strcmp(role, "pending") == 0)
    return refuse(l, id, "it is the new key of a rotation under way; roll back first");
  if (!is_agreed(l, delete, k, role))
    return EXIT_USAGE;
  enum err err = delete ? iam->ops->remove(iam, id, &e) : iam->ops->disable(iam, id, &e);
  if (err == ERR_LOCKED)
    return say_locked(l, id, delete ? "--delete" : "--disable", &e);
  if (err != ERR_OK)
    return report_no_success(l->app, l->managed, delete ? "delete" : "disable", &e);
  history_command(l->managed, "keys", delete ? "deleted by hand" : "disabled by hand", id);
  out_line("%s: %s %s", l->managed->target.name, delete ? "deleted" : "disabled", id);
  cJSON *o = answer_target(l->app, l->managed->target.name);
  if (o)
    cJSON_AddStringToObject(o, delete ? "deleted" : "disabled", id);
  return EXIT_FINE;
}

static int work(struct listing *l) {
  const struct cli *c = &l->app->cli;
  if (c->disable_id)
    return take_away(l, c->disable_id, false);
  if (c->delete_id)
    return take_away(l, c->delete_id, true);
  show(l);
  return report_verdict(l->app, l->managed, "keys", answer_last_target(l->app));
}

int command_keys(struct app *a) {
  struct listing l = {.app = a};
  struct error e = {0};
  if (a->cli.disable_id && a->cli.delete_id) {
    report_usage(a, "--disable and --delete: one at a time", NULL, "rotator keys --help");
    return EXIT_USAGE;
  }
  if (a->n_selected == 0)
    return EXIT_FINE;
  l.managed = a->selected[0];
  enum err err = look_at(l.managed, LOOK_AT_IAM, &l.look, &e);
  if (err != ERR_OK)
    return report_no_success(a, l.managed, "keys", &e);
  struct iam *iam = l.look.io.iam;
  int status;
  if (iam->ops->list(iam, l.managed->target.account, l.managed->iam_id, &l.list, &e) != ERR_OK) {
    status = report_no_success(a, l.managed, "keys", &e);
  } else {
    int64_t server_s = iam->ops->server_time_s(iam);
    l.now_s = server_s > 0 ? server_s : env_wall_ms(a->env) / 1000;
    status = work(&l);
  }
  iam_key_list_clear(&l.list);
  look_clear(&l.look);
  return status;
}
