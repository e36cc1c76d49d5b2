// Every key of the identity as IAM lists it, and what each is to us; one of them in full.
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/keys.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"

static const char *role_of(const struct listing *l, const struct iam_key *k) {
  return keys_role_name(keys_role(l, k));
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
  struct iam *iam = l->observed.io.iam;
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
  json_append(keys, o);
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
    cJSON_AddBoolToObject(answer, "all_shown", !l->observed.view.list_short);
  if (l->observed.view.list_short)
    log_line(LOG_LEVEL_WARN, l->managed->target.name, "keys", "there may be more: %s",
             l->observed.error.text);
}

// --- one key -------------------------------------------------------------------------------------

static void line(const char *name, const char *text) {
  out_line("  %-12s %s", name, *text ? text : "-");
}

static void line_of_time(const char *name, int64_t t_s) {
  char text[32];
  time_text(text, sizeof text, t_s);
  line(name, text);
}

static void describe_for_people(const struct listing *l, const struct iam_key *k) {
  char used[48];
  out_line("%s", k->id);
  line("name", k->name);
  line("description", k->description);
  line("role", role_of(l, k));
  line("condition", condition_of(k));
  line("identity", k->iam_id);
  line("created by", k->created_by);
  line_of_time("created", k->created_s);
  line_of_time("modified", k->modified_s);
  line_of_time("expires", k->expires_s);
  used_text(l, k, used, sizeof used);
  line("last used", used);
  line("entity tag", k->entity_tag);
}

static int describe(struct listing *l, const char *id) {
  struct iam_key k = {0};
  struct error e = {0};
  struct iam *iam = l->observed.io.iam;
  enum err err = iam->ops->get(iam, id, true, &k, &e);
  if (err == ERR_OK && strcmp(k.iam_id, l->managed->iam_id) != 0)
    err = ERR_MISSING;
  if (err == ERR_MISSING)
    return keys_refuse(l, id, "the identity has no such key");
  if (err != ERR_OK)
    return report_no_success(l->app, l->managed, "describe", &e);
  describe_for_people(l, &k);
  cJSON *o = answer_target(l->app, l->managed->target.name);
  cJSON *keys = o ? cJSON_AddArrayToObject(o, "keys") : NULL;
  answer_key(l, keys, &k);
  if (keys && cJSON_GetArraySize(keys) == 1) {
    cJSON *shown = cJSON_GetArrayItem(keys, 0);
    cJSON_AddStringToObject(shown, "description", k.description);
    cJSON_AddStringToObject(shown, "created_by", k.created_by);
    cJSON_AddStringToObject(shown, "entity_tag", k.entity_tag);
  }
  iam_key_clear(&k);
  return EXIT_FINE;
}

// --- the command ---------------------------------------------------------------------------------

// What is wrong with the options together; NULL: nothing.
static const char *check_options(const struct cli *c) {
  const char *const each[] = {c->describe_id, c->rename_id,  c->lock_id,   c->unlock_id,
                              c->enable_id,   c->disable_id, c->delete_id, c->create_name};
  size_t n = 0;
  for (size_t i = 0; i < sizeof each / sizeof *each; i++)
    n += each[i] != NULL;
  if (n > 1)
    return "one thing at a time with keys: one of --describe, --rename, --lock, --unlock, --enable,"
           " --disable, --delete and --create";
  if (c->rename_id && !c->name && !c->description)
    return "--rename needs --name, --description or both";
  if (c->name && !c->rename_id)
    return "--name belongs to --rename";
  if (c->description && !c->rename_id && !c->create_name)
    return "--description belongs to --rename and --create";
  if (!c->create_name != !c->file)
    return "--create and --file go together: a key is written to a file, and never printed";
  if (c->file && c->file[0] != '/')
    return "--file needs an absolute path";
  if (c->overwrite && !c->create_name)
    return "--overwrite belongs to --create";
  if (c->foreign && !keys_change_is_asked(c))
    return "--foreign belongs to what changes a key";
  return NULL;
}

static int work(struct listing *l) {
  const struct cli *c = &l->app->cli;
  if (c->describe_id)
    return describe(l, c->describe_id);
  if (c->create_name)
    return keys_create(l);
  if (keys_change_is_asked(c))
    return keys_change(l);
  show(l);
  return report_verdict(l->app, l->managed, "keys", answer_last_target(l->app));
}

int command_keys(struct app *a) {
  struct listing l = {.app = a};
  struct error e = {0};
  const char *wrong = check_options(&a->cli);
  if (wrong) {
    report_usage(a, wrong, NULL, "rotator keys --help");
    return EXIT_USAGE;
  }
  if (a->n_selected == 0)
    return EXIT_FINE;
  l.managed = a->selected[0];
  enum err err = observe(l.managed, OBSERVE_AT_IAM, &l.observed, &e);
  if (err != ERR_OK)
    return report_no_success(a, l.managed, "keys", &e);
  struct iam *iam = l.observed.io.iam;
  int status;
  if (iam->ops->list(iam, l.managed->target.account, l.managed->iam_id, &l.list, &e) != ERR_OK) {
    status = report_no_success(a, l.managed, "keys", &e);
  } else {
    int64_t server_s = iam->ops->server_time_s(iam);
    l.now_s = server_s > 0 ? server_s : env_wall_ms(a->env) / 1000;
    status = work(&l);
  }
  iam_key_list_clear(&l.list);
  observed_clear(&l.observed);
  return status;
}
