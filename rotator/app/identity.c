#include "rotator/app/identity.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"

// The user's IAM id, as far as it is known; "" not yet.
static const char *user_id(const struct managed *m) {
  if (m->iam_id[0])
    return m->iam_id;
  return strcmp(m->config->user, "me") != 0 ? m->config->user : identity_remembered(m);
}

void identity_words(const struct managed *m, char dst[IDENTITY_WORDS_MAX]) {
  if (!m->config->user)
    snprintf(dst, IDENTITY_WORDS_MAX, "service ID '%s'", m->config->service_id);
  else if (user_id(m)[0])
    snprintf(dst, IDENTITY_WORDS_MAX, "user %s", user_id(m));
  else
    text_copy(dst, IDENTITY_WORDS_MAX, "the user of the management key");
}

void identity_configured(const struct config_target *t, char dst[IAM_NAME_MAX]) {
  memset(dst, 0, IAM_NAME_MAX);
  snprintf(dst, IAM_NAME_MAX, "%s%s", t->user ? "user " : "", t->user ? t->user : t->service_id);
}

const char *identity_remembered(const struct managed *m) {
  const struct last_run *last = &m->last_run;
  char now[IAM_NAME_MAX];
  identity_configured(m->config, now);
  // (a service ID may be called "user me")
  bool same =
      strcmp(last->service_id, now) == 0 && iam_is_user(last->iam_id) == (m->config->user != NULL);
  return same ? last->iam_id : "";
}

enum err identity_is_me(const struct managed *m, const struct iam_token *me, char ret[IAM_ID_MAX],
                        struct error *e) {
  const char *user = m->config->user;
  bool myself = strcmp(user, "me") == 0;
  if (iam_is_user(me->iam_id) && (myself || strcmp(user, me->iam_id) == 0)) {
    memcpy(ret, me->iam_id, IAM_ID_MAX);
    return ERR_OK;
  }
  return error_set(
      e, ERR_INVALID,
      "%s:%d: user: %s, and the management key is one of %s. A user's keys can be made by that "
      "user alone: put a key of %s where `management` reads it, or let the target be of %s",
      m->config->file, m->config->line, user, me->iam_id, myself ? "a user" : "that user",
      iam_is_user(me->iam_id) ? "user: me"
                              : "a service ID (service_id), which is better for agents");
}

enum err identity_look_up(const struct managed *m, struct iam *iam, struct iam_service_id *ret,
                          struct error *e) {
  const struct config_target *t = m->config;
  size_t n = 0;
  enum err err = iam->ops->find_service_id(iam, t->account, t->service_id, ret, &n, e);
  if (err == ERR_OK && n > 1)
    return error_set(e, ERR_INVALID,
                     "%zu service IDs are named '%s', one of them %s: write the id instead of the "
                     "name (%s:%d)",
                     n, t->service_id, ret->id, t->file, t->line);
  return err;
}

static enum err ask_user(const struct managed *m, struct iam *iam, char ret[IAM_ID_MAX],
                         struct error *e) {
  struct iam_token me = {0};
  enum err err = iam->ops->whoami(iam, &me, e);
  if (err == ERR_OK)
    err = identity_is_me(m, &me, ret, e);
  iam_token_clear(&me);
  return err;
}

enum err identity_ask(const struct managed *m, struct iam *iam, char ret[IAM_ID_MAX],
                      struct error *e) {
  struct iam_service_id found = {0};
  if (m->config->user)
    return ask_user(m, iam, ret, e);
  enum err err = identity_look_up(m, iam, &found, e);
  if (err == ERR_OK)
    memcpy(ret, found.iam_id, IAM_ID_MAX);
  else
    error_wrap(e, "service ID '%s'", m->config->service_id);
  return err;
}

// The configuration has been checked: a service ID is a name, or ServiceId- and a UUID; a user is
// "me" or an IAM id.
bool identity_is_known(const struct managed *m, enum compose_identity how, char ret[IAM_ID_MAX]) {
  const char *service = m->config->service_id, *user = m->config->user;
  if (service && text_starts(service, "ServiceId-"))
    snprintf(ret, IAM_ID_MAX, "iam-%s", service);
  else if (how != IDENTITY_ASKED && user && strcmp(user, "me") != 0)
    text_copy(ret, IAM_ID_MAX, user);
  else if (how != IDENTITY_ASKED)
    text_copy(ret, IAM_ID_MAX, identity_remembered(m));
  return ret[0] != '\0';
}

void identity_for_shell(const struct managed *m, char dst[IDENTITY_SHELL_MAX]) {
  if (!m->config->user)
    snprintf(dst, IDENTITY_SHELL_MAX, "'%s'", m->config->service_id);
  else if (user_id(m)[0])
    snprintf(dst, IDENTITY_SHELL_MAX,
             "\"$(ibmcloud account users --output json | jq -r '.[] | select(.ibmUniqueId == "
             "\"%s\") | .userId')\"",
             user_id(m));
  else
    text_copy(dst, IDENTITY_SHELL_MAX, "\"$USER_NAME\"");
}

void identity_grant_command(const struct managed *m, char *dst, size_t cap) {
  char who[IDENTITY_SHELL_MAX];
  identity_for_shell(m, who);
  snprintf(dst, cap,
           "ibmcloud iam %s-policy-create %s --service-name logs --roles Sender "
           "--service-instance %s",
           m->config->user ? "user" : "service", who, m->config->guid);
}
