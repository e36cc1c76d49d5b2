// POST /_control/hand: what somebody does by hand in the console, or what befalls an account, while
// the program under test looks elsewhere. It takes no token and asks for no rights; apart from that
// it is the same act as over the API: lags, entity tags, history, audit events (their initiator is
// "console").
//
//   {"key": ID, "do": "delete" | "disable" | "enable" | "lock" | "unlock" | "expire"}
//   {"key": ID, "do": "leak", "action"?: "none" | "disable" | "delete"}
//   {"service_id": ID, "do": "delete" | "lock" | "unlock"}
//   {"identity": ID, "do": "revoke", "role": "Sender", "instance"?: GUID}
//   {"policy": ID, "do": "delete"}
//   {"instance": GUID, "do": "delete" | "restore"}
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "control.h"
#include "iam_keys.h"
#include "iam_serviceids.h"
#include "journal.h"
#include "model.h"
#include "route.h"
#include "util.h"

#define CONSOLE "console"

// One kind of thing: its member's name, and what finds it. `act` answers "" when done, NULL when it
// knows no such verb, else why it was not done.
struct subject {
  const char *name;
  void *(*find)(const struct model *m, const char *id);
  const char *(*act)(struct req *r, void *thing, const char *verb, const cJSON *body);
};

static void *find_key(const struct model *m, const char *id) {
  struct key *k = model_key(m, id);
  return k && !k->deleted ? k : NULL;
}

static void *find_service_id(const struct model *m, const char *id) {
  struct identity *i = model_identity(m, id);
  return i && i->kind == IDENTITY_SERVICE ? i : NULL;
}

static void *find_identity(const struct model *m, const char *id) {
  return model_identity(m, id);
}

static void *find_policy(const struct model *m, const char *id) {
  struct policy *p = model_policy(m, id);
  return p && !p->deleted ? p : NULL;
}

static void *find_instance(const struct model *m, const char *id) {
  return model_instance(m, id);
}

static void act_as_console(struct req *r, const struct account *a) {
  snprintf(r->who, sizeof r->who, "%s", CONSOLE);
  snprintf(r->session.iam_id, sizeof r->session.iam_id, "%s", CONSOLE);
  snprintf(r->session.account, sizeof r->session.account, "%s", a->id);
}

static const char *leak_key(struct req *r, struct key *k, const char *action) {
  long lags[LAG_COUNT];
  if (!action)
    action = key_leak_action(r->emu, k);
  req_lags(r, lags);
  act_as_console(r, k->owner->account);
  if (!strcmp(action, "delete"))
    key_remove(r, k, lags);
  else if (!strcmp(action, "disable") && !k->disabled)
    key_disable(r, k, true, lags[LAG_DISABLED_KEY_TOKEN]);
  else if (strcmp(action, "none") && strcmp(action, "disable"))
    return "no such action";
  return "";
}

static const char *act_key(struct req *r, void *thing, const char *verb, const cJSON *body) {
  struct key *k = thing;
  long lags[LAG_COUNT];
  req_lags(r, lags);
  act_as_console(r, k->owner->account);
  if (!strcmp(verb, "delete"))
    key_remove(r, k, lags);
  else if (!strcmp(verb, "disable") || !strcmp(verb, "enable"))
    key_disable(r, k, *verb == 'd', lags[LAG_DISABLED_KEY_TOKEN]);
  else if (!strcmp(verb, "lock") || !strcmp(verb, "unlock"))
    key_lock(r, k, *verb == 'l');
  else if (!strcmp(verb, "expire"))
    k->expires_ms = emu_now_ms(r->emu);
  else if (!strcmp(verb, "leak"))
    return leak_key(r, k, json_text(body, "action"));
  else
    return NULL;
  return "";
}

static const char *act_service_id(struct req *r, void *thing, const char *verb, const cJSON *body) {
  struct identity *i = thing;
  (void)body;
  act_as_console(r, i->account);
  if (!strcmp(verb, "delete"))
    serviceid_remove(r, i);
  else if (!strcmp(verb, "lock") || !strcmp(verb, "unlock"))
    serviceid_lock(r, i, *verb == 'l');
  else
    return NULL;
  return "";
}

static void remove_policy(struct req *r, struct policy *p) {
  long lags[LAG_COUNT];
  req_lags(r, lags);
  p->removed_lag = lags[LAG_POLICY_REMOVED];
  policy_delete(p, emu_now_ms(r->emu));
  journal_event(r, "iam-am.policy.delete", p->id, true);
}

// Takes the role out of the policy; true when it was in there.
static bool drop_role(struct policy *p, const char *role) {
  size_t kept = 0, before = p->roles.count;
  for (size_t i = 0; i < before; i++) {
    if (strcmp(role_name(p->roles.items[i]), role))
      p->roles.items[kept++] = p->roles.items[i];
    else
      free(p->roles.items[i]);
  }
  p->roles.count = kept;
  return kept < before;
}

// A policy that held nothing else goes; one that held more only loses the role.
static bool revoke(struct req *r, struct policy *p, const char *role) {
  bool single = p->roles.count == 1;
  if (single && !strcmp(role_name(p->roles.items[0]), role)) {
    remove_policy(r, p);
    return true;
  }
  if (single || !drop_role(p, role))
    return false;
  p->modified_ms = emu_now_ms(r->emu);
  tag_bump(&p->tag);
  journal_event(r, "iam-am.policy.update", p->id, true);
  return true;
}

static const char *act_identity(struct req *r, void *thing, const char *verb, const cJSON *body) {
  struct identity *i = thing;
  const char *role = json_text(body, "role"), *guid = json_text(body, "instance");
  bool done = false;
  if (strcmp(verb, "revoke"))
    return NULL;
  if (!role)
    return "role is required";
  act_as_console(r, i->account);
  for (size_t n = 0; n < i->policies.count; n++) {
    struct policy *p = i->policies.items[n];
    const char *on = policy_attribute(p, "serviceInstance");
    if (!p->deleted && (!guid || (on && !strcmp(on, guid))))
      done |= revoke(r, p, role);
  }
  return done ? "" : "the identity has no such role there";
}

static const char *act_policy(struct req *r, void *thing, const char *verb, const cJSON *body) {
  struct policy *p = thing;
  (void)body;
  if (strcmp(verb, "delete"))
    return NULL;
  act_as_console(r, p->account);
  remove_policy(r, p);
  return "";
}

static const char *act_instance(struct req *r, void *thing, const char *verb, const cJSON *body) {
  struct instance *i = thing;
  (void)r;
  (void)body;
  if (strcmp(verb, "delete") && strcmp(verb, "restore"))
    return NULL;
  i->deleted = *verb == 'd';
  return "";
}

static const struct subject subjects[] = {
    {"key", find_key, act_key},
    {"service_id", find_service_id, act_service_id},
    {"identity", find_identity, act_identity},
    {"policy", find_policy, act_policy},
    {"instance", find_instance, act_instance}, // last: it is also a member of "identity"
};

// A misspelt member would do something else than the test means.
static const char *unknown_member(const cJSON *body) {
  static const char *const more[] = {"do", "action", "role"};
  const cJSON *item;
  cJSON_ArrayForEach(item, body) {
    bool known = false;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
      known |= !strcmp(subjects[i].name, item->string);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
      known |= !strcmp(more[i], item->string);
    if (!known || !cJSON_IsString(item))
      return item->string;
  }
  return NULL;
}

static void act(struct req *r, const struct subject *s, const cJSON *body) {
  const char *verb = json_text(body, "do");
  void *thing = s->find(r->emu->model, json_text(body, s->name));
  const char *why = thing && verb ? s->act(r, thing, verb, body) : NULL;
  if (!thing) {
    control_error(r, 404, "no such thing");
  } else if (!why || *why) {
    control_error(r, 400, why ? why : "no such \"do\" for this");
  } else {
    control_ok(r);
  }
}

void control_hand(struct req *r) {
  cJSON *body = req_json(r);
  const char *unknown = unknown_member(body);
  const struct subject *s = NULL;
  for (size_t i = 0; !s && i < sizeof subjects / sizeof *subjects; i++) {
    if (json_text(body, subjects[i].name))
      s = &subjects[i];
  }
  if (unknown)
    control_error(r, 400, unknown);
  else if (!s)
    control_error(r, 400, "key, service_id, identity, policy or instance is required");
  else
    act(r, s, body);
  cJSON_Delete(body);
}

// {"key_id": id}: the key was found in public; its action_when_leaked is carried out.
void control_leak(struct req *r) {
  cJSON *body = req_json(r);
  const char *id = json_text(body, "key_id");
  struct key *k = id ? find_key(r->emu->model, id) : NULL;
  if (!k) {
    control_error(r, 404, "no such key");
  } else {
    leak_key(r, k, NULL);
    control_ok(r);
  }
  cJSON_Delete(body);
}
