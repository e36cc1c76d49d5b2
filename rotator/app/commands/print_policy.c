// init --print-policy: the ibmcloud commands that make the rotator's own identity, give it its
// least rights and put its key where the rotator reads it. Printed to be read and pasted, in this
// order. Before there is a configuration they speak of variables that a person fills in. A user is
// the rotator's own identity already: then it is the user's rights, and a key made while logged in
// as that user.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/credential.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/profile_words.h"
#include "rotator/base/text.h"

#define KEY_FILE "/etc/rotator/management.key" // rotator.service: LoadCredential=
#define STEPS_MAX 12

struct shell_line {
  bool grants; // also in "policies" of the JSON answer
  const char *why;
  char command[700];
};

struct steps {
  struct shell_line list[STEPS_MAX];
  size_t n;
};

static void add(struct steps *s, bool grants, const char *why, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void add(struct steps *s, bool grants, const char *why, const char *fmt, ...) {
  struct shell_line *step = &s->list[s->n++];
  va_list ap;
  *step = (struct shell_line){.grants = grants, .why = why};
  va_start(ap, fmt);
  vsnprintf(step->command, sizeof step->command, fmt, ap);
  va_end(ap);
}

// --- names ---

struct names {
  char sender[IAM_NAME_MAX + 8];    // the service ID whose keys are rotated, for a shell
  char resource[IAM_NAME_MAX + 64]; // its id
  char instance[64];
  bool sender_is_id;
  const struct config_credential *profile; // the rights are a trusted profile's; NULL: they are not
};

// The ids, as far as they are known without contacting anything.
static void name_all(const struct managed *m, struct names *n) {
  const char *id = m->config->service_id;
  n->sender_is_id = text_starts(id, "ServiceId-");
  snprintf(n->sender, sizeof n->sender, "'%s'", id);
  text_copy(n->instance, sizeof n->instance, m->config->guid);
  if (n->sender_is_id)
    text_copy(n->resource, sizeof n->resource, id);
  else if (text_starts(identity_remembered(m), "iam-"))
    text_copy(n->resource, sizeof n->resource, identity_remembered(m) + strlen("iam-"));
  else
    snprintf(n->resource, sizeof n->resource, "\"$(ibmcloud iam service-id '%s' --uuid)\"", id);
}

static bool is_profile(const struct config_credential *c) {
  const struct iam_profile p = credential_profile(c);
  return c->kind != CONFIG_CREDENTIAL_KEY || iam_profile_is_given(&p);
}

static const struct names unknown = {
    .sender = "\"$SENDER\"",
    .resource = "\"$(ibmcloud iam service-id \"$SENDER\" --uuid)\"",
    .instance = "\"$INSTANCE\"",
};

// --- steps ---

// The trusted profile that holds the rights in place of a service ID; one that is named by its id
// is there already.
static void add_profile(struct steps *s, const struct config_credential *c) {
  const struct iam_profile p = credential_profile(c);
  if (p.name)
    add(s, false, "the rotator's own trusted profile, once; leave it out where there is one",
        "MANAGEMENT='%s'\nibmcloud iam trusted-profile-create \"$MANAGEMENT\" --description "
        "'Rotates keys of Cloud Logs senders'",
        p.name);
  else
    add(s, false, "the rotator's own trusted profile", "MANAGEMENT='%s'",
        iam_profile_is_given(&p) ? iam_profile_name(&p) : "PROFILE");
}

static void add_identities(struct steps *s, const struct managed *m, const struct names *n,
                           const char *target) {
  if (!m)
    add(s, false, "what a configuration would say; put your own names here",
        "SENDER=%s\nINSTANCE=$(ibmcloud resource service-instance NAME-OF-THE-INSTANCE --output "
        "json | jq -r '.[0].guid')",
        target);
  if (n->profile)
    add_profile(s, n->profile);
  else
    add(s, false, "the rotator's own identity, MANAGEMENT, once; leave it out where there is one",
        "MANAGEMENT=rotator\nibmcloud iam service-id-create \"$MANAGEMENT\" --description 'Rotates "
        "keys of Cloud Logs senders'");
  if (!n->sender_is_id)
    add(s, false, "the sender; leave it out where there is one",
        "ibmcloud iam service-id-create %s --description 'Sends logs to Cloud Logs'", n->sender);
}

static void add_policies(struct steps *s, const struct names *n) {
  const char *create = n->profile ? "trusted-profile-policy-create" : "service-policy-create";
  add(s, true, "to rotate: create, enable, disable and delete keys of this one service ID",
      "ibmcloud iam %s \"$MANAGEMENT\" --service-name iam-identity "
      "--roles Operator --resource-type serviceid --resource %s",
      create, n->resource);
  add(s, true, "the sender's own right; rotator init grants it where it may",
      "ibmcloud iam service-policy-create %s --service-name logs --roles Sender "
      "--service-instance %s",
      n->sender, n->instance);
  add(s, true, "only for rotator init, to grant that right itself; may be taken away afterwards",
      "ibmcloud iam %s \"$MANAGEMENT\" --service-name logs "
      "--roles Administrator,Sender --service-instance %s",
      create, n->instance);
  add(s, true, "only for rotator init, where the account restricts who makes service IDs",
      "ibmcloud iam %s \"$MANAGEMENT\" --service-name iam-identity "
      "--roles 'Service ID creator'",
      create);
}

// Whoever may be the trusted profile.
static void add_link(struct steps *s, const struct config_credential *c) {
  char command[700];
  profile_link_command(c, "\"$MANAGEMENT\"", "\"$(ibmcloud iam service-id rotator --uuid)\"",
                       command, sizeof command);
  if (c->kind == CONFIG_CREDENTIAL_KEY)
    add(s, false, "the identity whose key is kept: it may nothing but be that profile",
        "ibmcloud iam service-id-create rotator --description 'Becomes the trusted profile'\n%s",
        command);
  else
    add(s, false, "who may be that profile: there is no key", "%s", command);
}

// The key goes where the configuration reads it, and never over a screen.
static void add_key(struct steps *s, const struct config_credential *c, const char *create) {
  if (c && c->vault.path)
    add(s, false, "the management key, into Vault",
        "%s --output json | jq -r .apikey | vault kv put -mount='%s' '%s' %s=-", create,
        c->vault.mount, c->vault.path, c->vault.field ? c->vault.field : "api_key");
  else if (c && c->file)
    add(s, false, "the management key, into its file, which then belongs to whom rotator runs as",
        "(umask 077; %s --file '%s')", create, c->file);
  else
    add(s, false,
        "the management key, into its file (as root; rotator.service reads it from there)",
        "(umask 077; %s --file " KEY_FILE ")", create);
}

// A user's keys are made by the user alone, who therefore is the rotator's identity too.
static void add_user(struct steps *s, const struct managed *m) {
  char who[IDENTITY_SHELL_MAX];
  identity_for_shell(m, who);
  if (strcmp(who, "\"$USER_NAME\"") == 0)
    add(s, false, "the name that the user logs in with; put it here", "USER_NAME=name@example.com");
  else
    add(s, false, "the name that the user logs in with", "USER_NAME=%s", who);
  add(s, true, "the right to send; rotator init grants it where the user may grant it",
      "ibmcloud iam user-policy-create \"$USER_NAME\" --service-name logs --roles Sender "
      "--service-instance %s",
      m->config->guid);
  add(s, true, "only where the account restricts who makes keys of users",
      "ibmcloud iam user-policy-create \"$USER_NAME\" --service-name iam-identity "
      "--roles 'User API key creator'");
  add(s, false, "from here on as that user: nobody else can make the user's keys",
      "ibmcloud login");
}

// The rotator's own service ID, which manages its own keys.
static void add_own(struct steps *s, const struct names *n) {
  if (!n->sender_is_id)
    add(s, false, "the rotator's own identity, once; leave it out where there is one",
        "ibmcloud iam service-id-create %s --description 'Rotates keys of Cloud Logs senders'",
        n->sender);
  add(s, true, "to rotate its own key: create, enable, disable and delete keys of itself",
      "ibmcloud iam service-policy-create %s --service-name iam-identity --roles Operator "
      "--resource-type serviceid --resource %s",
      n->sender, n->resource);
}

// --- printing ---

static void add_to_json(cJSON *list, const struct shell_line *s) {
  cJSON *x = cJSON_CreateObject();
  cJSON_AddStringToObject(x, "why", s->why);
  cJSON_AddStringToObject(x, "command", s->command);
  json_append(list, x);
}

int print_policy(struct app *a, const struct managed *m, const char *target) {
  struct steps s = {0};
  struct names names = unknown;
  if (m && m->config->user) {
    add_user(&s, m);
    add_key(&s, &a->config->management, "ibmcloud iam api-key-create rotator");
  } else if (m && m->config->own_key) {
    char create[IAM_NAME_MAX + 80];
    name_all(m, &names);
    add_own(&s, &names);
    snprintf(create, sizeof create, "ibmcloud iam service-api-key-create rotator %s", names.sender);
    add_key(&s, &a->config->management, create);
  } else {
    if (m)
      name_all(m, &names);
    if (m && is_profile(&a->config->management))
      names.profile = &a->config->management;
    add_identities(&s, m, &names, target);
    add_policies(&s, &names);
    if (names.profile)
      add_link(&s, names.profile);
    if (!names.profile || names.profile->kind == CONFIG_CREDENTIAL_KEY)
      add_key(&s, m ? &a->config->management : NULL,
              names.profile ? "ibmcloud iam service-api-key-create rotator rotator"
                            : "ibmcloud iam service-api-key-create rotator \"$MANAGEMENT\"");
  }
  cJSON *o = answer_target(a, target);
  cJSON *policies = o ? cJSON_AddArrayToObject(o, "policies") : NULL;
  cJSON *commands = o ? cJSON_AddArrayToObject(o, "commands") : NULL;
  for (size_t i = 0; i < s.n; i++) {
    out_line("%s# %s\n%s", i ? "\n" : "", s.list[i].why, s.list[i].command);
    add_to_json(commands, &s.list[i]);
    if (s.list[i].grants)
      add_to_json(policies, &s.list[i]);
  }
  return EXIT_FINE;
}
