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
