#include "seed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http.h"
#include "model.h"
#include "secrets.h"
#include "util.h"

struct seeding {
  struct emu *emu;
  cJSON *out;
  char *error;
};

static bool fail(struct seeding *s, const char *what, const char *which) {
  s->error = util_format("%s: %s", what, which ? which : "(missing)");
  return false;
}

static long number_or(const cJSON *object, const char *name, long otherwise) {
  const cJSON *item = cJSON_GetObjectItem(object, name);
  return cJSON_IsNumber(item) ? (long)item->valuedouble : otherwise;
}

static bool seed_account(struct seeding *s, const cJSON *item) {
  struct account *a = model_account_add(s->emu->model, json_text(item, "id"));
  a->token_life_s = number_or(item, "token_life_s", a->token_life_s);
  a->key_limit = number_or(item, "key_limit", a->key_limit);
  cJSON *made = cJSON_CreateObject();
  cJSON_AddStringToObject(made, "id", a->id);
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, "accounts"), made);
  return true;
}

// The named account, or the first there is, or a new one.
static struct account *account_of(struct seeding *s, const cJSON *item) {
  const char *id = json_text(item, "account");
  struct model *m = s->emu->model;
  if (id)
    return model_account_add(m, id);
  return m->account_list.count ? m->account_list.items[0] : model_account_add(m, NULL);
}

static bool seed_instance(struct seeding *s, const cJSON *item) {
  const char *region = json_text(item, "region");
  struct instance *i = model_instance_add(s->emu->model, account_of(s, item),
                                          json_text(item, "guid"), region ? region : "eu-de");
  cJSON *made = cJSON_CreateObject();
  char *crn =
      util_format("crn:v1:bluemix:public:logs:%s:a/%s:%s::", i->region, i->account->id, i->guid);
  cJSON_AddStringToObject(made, "guid", i->guid);
  cJSON_AddStringToObject(made, "region", i->region);
  cJSON_AddStringToObject(made, "account", i->account->id);
  cJSON_AddStringToObject(made, "crn", crn);
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, "instances"), made);
  free(crn);
  return true;
}

static bool seed_secrets(struct seeding *s, const cJSON *item) {
  const char *region = json_text(item, "region");
  struct secrets_manager *m = secrets_add(s->emu->model, account_of(s, item),
                                          json_text(item, "guid"), region ? region : "eu-de");
  const cJSON *one;
  cJSON_ArrayForEach(one, cJSON_GetObjectItem(item, "groups")) {
    if (!json_text(one, "name"))
      return fail(s, "secrets_managers: a group needs a name", NULL);
    secrets_add_group(m, json_text(one, "id"), json_text(one, "name"));
  }
  cJSON *made = cJSON_CreateObject(), *groups = cJSON_AddArrayToObject(made, "groups");
  for (size_t i = 0; i < m->groups.count; i++) {
    const struct secrets_group *g = m->groups.items[i];
    cJSON *shown = cJSON_CreateObject();
    cJSON_AddStringToObject(shown, "id", g->id);
    cJSON_AddStringToObject(shown, "name", g->name);
    cJSON_AddItemToArray(groups, shown);
  }
  char *crn = util_format("crn:v1:bluemix:public:secrets-manager:%s:a/%s:%s::", m->region,
                          m->account->id, m->guid);
  cJSON_AddStringToObject(made, "guid", m->guid);
  cJSON_AddStringToObject(made, "crn", crn);
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, "secrets_managers"), made);
  free(crn);
  return true;
}

// Who made it: whom the seed names, else the account's owner, else a user nobody else knows of.
static const char *seeder(struct seeding *s, const struct account *a, const cJSON *item) {
  const struct list *all = &s->emu->model->identity_list;
  if (json_text(item, "created_by"))
    return json_text(item, "created_by");
  for (size_t n = 0; n < all->count; n++) {
    const struct identity *i = all->items[n];
    if (i->owner && i->account == a)
      return i->iam_id;
  }
  return "IBMid-0000000000";
}

static bool seed_group(struct seeding *s, const cJSON *item) {
  const char *id = json_text(item, "id"), *name = json_text(item, "name");
  struct group *g = id ? model_group(s->emu->model, id) : NULL;
  if (!g)
    g = model_group_add(s->emu->model, account_of(s, item), id, name ? name : "seeded",
                        emu_now_ms(s->emu));
  text_set(&g->created_by, seeder(s, g->account, item));
  if (json_text(item, "description"))
    text_set(&g->description, json_text(item, "description"));
  cJSON *made = cJSON_CreateObject();
  cJSON_AddStringToObject(made, "id", g->id);
  cJSON_AddStringToObject(made, "name", g->name);
  cJSON_AddStringToObject(made, "account", g->account->id);
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, "groups"), made);
  return true;
}

static bool seed_key(struct seeding *s, struct identity *owner, const cJSON *item, cJSON *made) {
  const char *name = json_text(item, "name"), *expires = json_text(item, "expires_at");
  const char *value = json_text(item, "apikey"), *id = json_text(item, "id");
  if ((value && model_key_by_value(s->emu->model, value)) || (id && model_key(s->emu->model, id)))
    return fail(s, "an apikey of this value or id exists", id);
  struct key *k =
      model_key_add(s->emu->model, owner, id, value, name ? name : "seeded", emu_now_ms(s->emu));
  text_set(&k->description, json_text(item, "description"));
  text_set(&k->created_by, owner->iam_id);
  history_add(&k->history, k->created_ms, owner->iam_id, owner->account->id, "create", "created");
  k->disabled = json_true(item, "disabled");
  k->locked = json_true(item, "locked");
  k->store_value = json_true(item, "store_value");
  if (expires && !util_parse_time(expires, &k->expires_ms))
    return fail(s, "expires_at", expires);
  cJSON_AddStringToObject(made, "id", k->id);
  cJSON_AddStringToObject(made, "name", k->name);
  cJSON_AddStringToObject(made, "apikey", k->value);
  return true;
}

static bool seed_keys(struct seeding *s, struct identity *owner, const cJSON *keys, cJSON *made) {
  cJSON *list = cJSON_AddArrayToObject(made, "apikeys");
  const cJSON *item;
  cJSON_ArrayForEach(item, keys) {
    cJSON *key = cJSON_CreateObject();
    cJSON_AddItemToArray(list, key);
    if (!seed_key(s, owner, item, key))
      return false;
  }
  return true;
}

static bool set_downgrant(struct seeding *s, struct identity *i, const char *text) {
  static const char *const names[] = {
      [DOWNGRANT_AUTO] = "auto", [DOWNGRANT_ALWAYS] = "always", [DOWNGRANT_NEVER] = "never"};
  for (int n = 0; text && n < 3; n++) {
    if (!strcmp(text, names[n])) {
      i->downgrant = (enum downgrant)n;
      return true;
    }
  }
  return text ? fail(s, "downgrant", text) : true;
}

// A seed may move a service ID to another group; "" is the default group.
static bool join_group(struct seeding *s, struct identity *i, const char *id) {
  const struct group *g = id && *id ? model_group(s->emu->model, id) : NULL;
  if (id && *id && (!g || g->account != i->account))
    return fail(s, "group_id: no such group", id);
  if (id)
    text_set(&i->group_id, *id ? id : NULL);
  return true;
}

// Who may become a trusted profile; a second seed changes it.
static void set_links(struct identity *i, const cJSON *item) {
  cJSON **const lists[] = {&i->cr_tokens, &i->service_accounts, &i->assumed_by};
  static const char *const names[] = {"cr_tokens", "service_accounts", "assumed_by"};
  for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
    const cJSON *list = cJSON_GetObjectItem(item, names[n]);
    if (!list)
      continue;
    cJSON_Delete(*lists[n]);
    *lists[n] = cJSON_Duplicate(list, true);
  }
  if (cJSON_GetObjectItem(item, "metadata"))
    i->unlinked = !json_true(item, "metadata");
}

static bool seed_identity(struct seeding *s, const cJSON *item, enum identity_kind kind,
                          const char *list_name) {
  const char *id = json_text(item, "id"), *name = json_text(item, "name");
  struct identity *i = id ? model_identity(s->emu->model, id) : NULL;
  if (!i)
    i = model_identity_add(s->emu->model, account_of(s, item), kind, id, name ? name : "seeded",
                           emu_now_ms(s->emu));
  if (json_text(item, "description"))
    text_set(&i->description, json_text(item, "description"));
  if (cJSON_GetObjectItem(item, "locked"))
    i->locked = json_true(item, "locked");
  if (cJSON_GetObjectItem(item, "owner"))
    i->owner = json_true(item, "owner");
  set_links(i, item);
  if (!join_group(s, i, json_text(item, "group_id")))
    return false;
  cJSON *made = cJSON_CreateObject();
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, list_name), made);
  cJSON_AddStringToObject(made, "id", i->id);
  cJSON_AddStringToObject(made, "iam_id", i->iam_id);
  cJSON_AddStringToObject(made, "account", i->account->id);
  cJSON_AddStringToObject(made, "name", i->name);
  return set_downgrant(s, i, json_text(item, "downgrant")) &&
         seed_keys(s, i, cJSON_GetObjectItem(item, "apikeys"), made);
}

static bool seed_service(struct seeding *s, const cJSON *item) {
  return seed_identity(s, item, IDENTITY_SERVICE, "service_ids");
}

static bool seed_user(struct seeding *s, const cJSON *item) {
  return seed_identity(s, item, IDENTITY_USER, "users");
}

static bool seed_profile(struct seeding *s, const cJSON *item) {
  return seed_identity(s, item, IDENTITY_PROFILE, "profiles");
}

struct role_kind {
  const char *name, *crn, *service;
};

static const struct role_kind role_kinds[] = {
    {"Sender", "crn:v1:bluemix:public:logs::::serviceRole:Sender", "logs"},
    {"Reader", "crn:v1:bluemix:public:iam::::serviceRole:Reader", "logs"},
    {"Writer", "crn:v1:bluemix:public:iam::::serviceRole:Writer", "logs"},
    {"Manager", "crn:v1:bluemix:public:iam::::serviceRole:Manager", "logs"},
    {"SecretsReader", "crn:v1:bluemix:public:secrets-manager::::serviceRole:SecretsReader",
     "secrets-manager"},
    {"Viewer", "crn:v1:bluemix:public:iam::::role:Viewer", "iam-identity"},
    {"Operator", "crn:v1:bluemix:public:iam::::role:Operator", "iam-identity"},
    {"Editor", "crn:v1:bluemix:public:iam::::role:Editor", "iam-identity"},
    {"Administrator", "crn:v1:bluemix:public:iam::::role:Administrator", "iam-identity"},
    {"ServiceIdCreator", "crn:v1:bluemix:public:iam-identity::::serviceRole:ServiceIdCreator",
     "iam-identity"},
    {"UserApiKeyCreator", "crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator",
     "iam-identity"},
    {"PolicyAdministrator", "crn:v1:bluemix:public:iam::::role:Administrator",
     "iam-access-management"},
    {"PolicyViewer", "crn:v1:bluemix:public:iam::::role:Viewer", "iam-access-management"},
};

static void add_attribute(struct policy *p, const char *key, const char *value) {
  if (!value)
    return;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "key", key);
  cJSON_AddStringToObject(item, "operator", "stringEquals");
  cJSON_AddStringToObject(item, "value", value);
  cJSON_AddItemToArray(p->attributes, item);
}

static bool seed_role(struct seeding *s, const cJSON *item) {
  const char *who = json_text(item, "identity"), *role = json_text(item, "role");
  const char *service = json_text(item, "service"), *target = json_text(item, "service_id");
  struct identity *i = who ? model_identity(s->emu->model, who) : NULL;
  const struct identity *on = target ? model_identity(s->emu->model, target) : NULL;
  const struct role_kind *kind = NULL;
  for (size_t n = 0; role && n < sizeof role_kinds / sizeof *role_kinds; n++) {
    if (!strcmp(role, role_kinds[n].name))
      kind = &role_kinds[n];
  }
  if (!i)
    return fail(s, "roles: no such identity", who);
  if (!kind)
    return fail(s, "roles: no such role", role);
  if (target && !on)
    return fail(s, "roles: no such service_id", target);
  struct policy *p = model_policy_add(s->emu->model, i->account, i->iam_id, emu_now_ms(s->emu));
  list_add(&p->roles, util_dup(kind->crn));
  text_set(&p->created_by, seeder(s, i->account, item));
  add_attribute(p, "accountId", i->account->id);
  add_attribute(p, "serviceName", service ? service : kind->service);
  add_attribute(p, "serviceInstance", json_text(item, "instance"));
  if (json_text(item, "secret_group")) {
    add_attribute(p, "resourceType", "secret-group");
    add_attribute(p, "resource", json_text(item, "secret_group"));
  }
  if (on) {
    add_attribute(p, "resourceType", "serviceid");
    add_attribute(p, "resource", on->id);
  }
  cJSON *made = cJSON_CreateObject();
  cJSON_AddStringToObject(made, "id", p->id);
  cJSON_AddItemToArray(cJSON_GetObjectItem(s->out, "roles"), made);
  return true;
}

cJSON *seed_apply(struct emu *emu, const cJSON *seed, char **ret_error) {
  static const struct {
    const char *name;
    bool (*seed)(struct seeding *, const cJSON *);
  } parts[] = {
      {"accounts", seed_account},    {"groups", seed_group},
      {"instances", seed_instance},  {"secrets_managers", seed_secrets},
      {"service_ids", seed_service}, {"users", seed_user},
      {"profiles", seed_profile},    {"roles", seed_role},
      {"policies", seed_role},
  };
  struct seeding s = {.emu = emu, .out = cJSON_CreateObject()};
  bool ok = cJSON_IsObject(seed) || fail(&s, "the seed", "not a JSON object");
  for (const cJSON *part = ok ? seed->child : NULL; ok && part; part = part->next) {
    bool known = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
      known |= !strcmp(parts[i].name, part->string);
    ok = (known && cJSON_IsArray(part)) || fail(&s, "unknown part, or not an array", part->string);
  }
  for (size_t i = 0; ok && i < sizeof parts / sizeof *parts; i++) {
    const cJSON *item;
    cJSON_AddArrayToObject(s.out, parts[i].name);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(seed, parts[i].name)) {
      ok = ok && parts[i].seed(&s, item);
    }
  }
  if (ok)
    return s.out;
  cJSON_Delete(s.out);
  *ret_error = s.error;
  return NULL;
}

static const char demo_seed[] =
    "{\"accounts\":[{\"id\":\"d3a0c0ffee00000000000000000000d3\"}],"
    "\"instances\":[{\"guid\":\"11111111-2222-4333-8444-555555555555\",\"region\":\"eu-de\"}],"
    "\"service_ids\":[{\"id\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\","
    "\"name\":\"management\",\"apikeys\":[{\"name\":\"management\"}]},"
    "{\"id\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000002\",\"name\":\"logs-agent\","
    "\"apikeys\":[]}],"
    "\"roles\":[{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\","
    "\"role\":\"Administrator\"},"
    "{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\","
    "\"role\":\"PolicyAdministrator\"},"
    "{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\",\"role\":\"Manager\","
    "\"instance\":\"11111111-2222-4333-8444-555555555555\"},"
    "{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\",\"role\":\"Sender\","
    "\"instance\":\"11111111-2222-4333-8444-555555555555\"},"
    "{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000002\",\"role\":\"Sender\","
    "\"instance\":\"11111111-2222-4333-8444-555555555555\"}]}";

static bool write_secret(const char *path, const char *value) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  size_t len = strlen(value);
  bool ok = !fchmod(fd, 0600) && write(fd, value, len) == (ssize_t)len;
  return !close(fd) && ok;
}

bool seed_demo(struct emu *emu, const char *key_file) {
  char *error = NULL;
  cJSON *seed = cJSON_Parse(demo_seed), *out = seed_apply(emu, seed, &error);
  const cJSON *manager = cJSON_GetArrayItem(cJSON_GetObjectItem(out, "service_ids"), 0);
  const char *value =
      json_text(cJSON_GetArrayItem(cJSON_GetObjectItem(manager, "apikeys"), 0), "apikey");
  bool ok = value && (!key_file || write_secret(key_file, value));
  free(error);
  cJSON_Delete(seed);
  cJSON_Delete(out);
  return ok;
}
