// The rotator's own key as a target (own_key): the key that `management` reads.
//
// It has no instance, so the account is written down, and CONFIG_NO_INSTANCE stands where others
// have the GUID of theirs. Its sink is the place that `management` reads: taken from there, unless
// it is a credential of systemd, which is a copy that the rotator cannot write. Then the file that
// the credential is loaded from must be named.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

static void tell_missing(struct config_loader *l, const char *name, const yaml_mark_t *at) {
  config_wrong(l, at, NULL, "%s is missing. %s", name,
               config_option_find(name, CONFIG_TARGET)->help);
}

static void check_others(struct config_loader *l, const struct config_slots *s,
                         const yaml_mark_t *at) {
  if (!config_slot_mark(s, "instance"))
    tell_missing(l, "instance", at);
  if (config_slot_mark(s, "account"))
    config_wrong(l, config_slot_mark(s, "account"), NULL,
                 "account: stands with own_key alone; here the instance says it");
}

static void read_account(struct config_loader *l, struct config_target *t,
                         const struct config_slots *s, const yaml_mark_t *at) {
  const yaml_mark_t *mark = config_slot_mark(s, "account");
  if (!mark)
    tell_missing(l, "account", at);
  else if (t->own_account && !text_is_hex(t->own_account, 32))
    config_wrong(l, mark, NULL, "account: expected 32 hexadecimal digits");
  else if (t->own_account)
    text_copy(t->account, sizeof t->account, t->own_account);
}

// What else cannot be meant.
static void check_own(struct config_loader *l, const struct config_slots *s) {
  const struct config_credential *c = &l->config->management;
  const yaml_mark_t *at = config_slot_mark(s, "own_key"), *user = config_slot_mark(s, "user"),
                    *instance = config_slot_mark(s, "instance");
  if (user)
    config_wrong(l, user, NULL,
                 "user: own_key is for the key of a service ID; a target with user: me and an "
                 "instance rotates the key of a user, management's own included");
  if (instance)
    config_wrong(l, instance, NULL,
                 "instance: own_key has none. A key that sends logs as well is a target like any "
                 "other, without own_key: that it is the rotator's own is seen");
  if (c->kind != CONFIG_CREDENTIAL_KEY && c->line > 0)
    config_wrong(l, at, NULL, "own_key: management is no API key, so there is none to rotate");
  else if (c->assume.id || c->assume.name || c->assume.crn)
    config_wrong(l, at, NULL,
                 "own_key: the key of management assumes a trusted profile, and cannot be proven "
                 "to manage keys itself");
}

void config_own_read(struct config_loader *l, struct config_target *t, const struct config_slots *s,
                     const yaml_mark_t *at) {
  if (!t->own_key) {
    check_others(l, s, at);
    return;
  }
  size_t wrong = l->n_wrong;
  check_own(l, s);
  read_account(l, t, s, at);
  if (l->n_wrong > wrong)
    return;
  text_copy(t->guid, sizeof t->guid, CONFIG_NO_INSTANCE);
  config_endpoints_resolve(l, t, at);
}

static bool is_setting(const struct config_store *s, const char *name, const char *value) {
  const struct store_setting *x = store_setting_find(s->settings, s->n_settings, name);
  return x && value && strcmp(x->value, value) == 0;
}

// Is one of the sinks where management reads the key?
static bool holds_place(const struct config_target *t, const struct config_credential *c) {
  for (size_t i = 0; i < t->n_sinks; i++) {
    const struct config_store *s = &t->sinks[i];
    if (!s->backend)
      return true; // told already
    bool file = c->file && strcmp(s->backend->name, "file") == 0 && is_setting(s, "path", c->file);
    bool vault = c->store && s->backend == c->store->backend &&
                 is_setting(s, "path", c->vault.path) && is_setting(s, "mount", c->vault.mount);
    if (file || vault)
      return true;
  }
  return false;
}

void config_own_settle(struct config_loader *l, struct config_target *t,
                       const struct config_slots *s, const yaml_mark_t *at) {
  const struct config_credential *c = &l->config->management;
  const yaml_mark_t *sinks = config_slot_mark(s, "sinks");
  if (!t->own_key) {
    if (!sinks)
      tell_missing(l, "sinks", at);
    return;
  }
  if (sinks) {
    if ((c->file || c->store) && t->n_sinks > 0 && !holds_place(t, c))
      config_wrong(l, sinks, NULL, "sinks: none of them is where management reads the key (%.200s)",
                   c->file ? c->file : c->vault.path);
    return;
  }
  t->sinks = config_alloc(l, sizeof *t->sinks);
  if (!t->sinks)
    return;
  if (config_key_sink(l, c, config_slot_mark(s, "own_key"), t->sinks))
    t->n_sinks = 1;
  else if (c->kind == CONFIG_CREDENTIAL_KEY)
    config_wrong(l, at, NULL,
                 "sinks is missing: management is a credential of systemd, so name the file that "
                 "LoadCredential= loads it from");
}
