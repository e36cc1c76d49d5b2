// Whose key it is: a service ID's or a user's, and where a user's may go.
//
// The key of a user can do all that the user can, and is dead once the user leaves the account. A
// logging agent runs unattended on hosts that others administer, so it should not have one. What an
// agent is, shows in how a sink is named: by the variables and keys that IBM's agent reads, by
// the names that its packages and charts use, or by a hook that restarts it.
#include <ctype.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

#define AGENT_VARIABLE "IAM_API_KEY" // the agent's plugin also looks for it with _OUTPUT behind it

static void lower(char *s) {
  for (; *s; s++)
    *s = (char)tolower((unsigned char)*s);
}

static void claim(struct config_loader *l, const struct config_target *t, const char *option,
                  const yaml_mark_t *at) {
  char key[512], what[400], guid[40];
  const char *id = t->user ? t->user : t->service_id;
  snprintf(guid, sizeof guid, "%s", t->guid);
  lower(guid);
  snprintf(key, sizeof key, "%s %s %s", option, id, guid);
  snprintf(what, sizeof what, "%s: %.256s on this instance", option, id);
  config_claim(l, at, "identity", key, what);
}

// --- agents ---

// What in a text is the agent's; NULL: nothing.
static const char *agents_word(const char *text) {
  static const char *const words[] = {"fluent-bit", "logs-agent", "logger-agent", "ibm-observe",
                                      "iam-api-key-secret"};
  for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
    if (strstr(text, words[i]))
      return words[i];
  return NULL;
}

static bool is_agents_variable(const char *label) {
  size_t len = strlen(AGENT_VARIABLE);
  return label && text_starts(label, AGENT_VARIABLE) && (label[len] == '\0' || label[len] == '_');
}

// Which sink the agent reads, and what tells so. NULL: none.
static const char *agents_sink(const struct config_target *t, const char **ret_sign) {
  for (size_t i = 0; i < t->n_sinks; i++) {
    const struct config_store *s = &t->sinks[i];
    *ret_sign = is_agents_variable(s->label) ? s->label : agents_word(s->place);
    if (*ret_sign && s->name)
      return s->name;
  }
  return NULL;
}

static const char *agents_hook(const struct config_target *t) {
  const char *sign = NULL;
  for (char **arg = t->after_publish.argv; arg && *arg && !sign; arg++)
    sign = agents_word(*arg);
  return sign;
}

static void refuse_agent(struct config_loader *l, const struct config_target *t,
                         const yaml_mark_t *at) {
  static const char why[] =
      "the key of a user can do all that the user can, and dies when the user "
      "leaves the account: give the agent a service ID, or accept it with "
      "accept_user_key: true";
  const char *sign = NULL, *sink = agents_sink(t, &sign);
  if (sink)
    config_wrong(l, at, NULL, "user: the sink %.64s is a logging agent's (%.64s), and %s", sink,
                 sign, why);
  else if ((sign = agents_hook(t)))
    config_wrong(l, at, NULL, "user: after_publish makes a logging agent read the key (%s), and %s",
                 sign, why);
}

// IAM lets a trusted profile manage the keys of service IDs, and make none of a user.
static void refuse_profile(struct config_loader *l, const yaml_mark_t *at) {
  const struct config_credential *c = &l->config->management;
  bool assumes = c->assume.id || c->assume.name || c->assume.crn;
  if (c->kind == CONFIG_CREDENTIAL_COMPUTE || c->kind == CONFIG_CREDENTIAL_METADATA || assumes)
    config_wrong(l, at, NULL,
                 "user: only the user can make such keys, and management makes the rotator a "
                 "trusted profile: it has to be an API key of that user");
}

// --- all of it ---

void config_identity_settle(struct config_loader *l, struct config_target *t,
                            const struct config_slots *s, const yaml_mark_t *at) {
  const yaml_mark_t *user = config_slot_mark(s, "user"),
                    *service = config_slot_mark(s, "service_id"),
                    *accept = config_slot_mark(s, "accept_user_key");
  if (user && service)
    config_wrong(
        l, user, NULL,
        "user: a target is of one identity, and service_id stands on line %zu: take one of "
        "them away",
        service->line + 1);
  else if (!user && !service)
    config_wrong(l, at, NULL, "service_id is missing. %s (Or user: a user whose key is rotated.)",
                 config_option_find("service_id", CONFIG_TARGET)->help);
  if (user && !service && t->user && !t->accept_user_key)
    refuse_agent(l, t, user);
  if (user && !service)
    refuse_profile(l, user);
  if (accept && !user)
    config_warn(l, accept, NULL, "accept_user_key has no effect without user");
  if (!t->guid[0] || (user && service))
    return;
  if (t->user)
    claim(l, t, "user", user);
  else if (t->service_id)
    claim(l, t, "service_id", &config_slot(s, "service_id")->start_mark);
}
