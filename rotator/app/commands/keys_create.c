// One more key of the identity, made by hand and outside the rotation, into a file: JSON as
// `ibmcloud iam service-api-key-create --file` writes it, which management.file reads as well.
//
//   1. The file's place is looked at: an existing file is left alone unless --overwrite is given.
//   2. The key is made disabled, with a value of ours. A lost answer is looked up by that value.
//   3. The value goes into the file, 0600, whole or not at all.
//   4. The key is enabled, and lives.
//
// So an end in between leaves a disabled key at most, which nobody can use and `keys` shows; never
// a live one whose value is nowhere. The value is on no other output.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/commands/keys.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/base/atomic_file.h"
#include "rotator/base/json.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define PLACES_OF_A_ROTATION 2

static const struct file_rules rules = {
    .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true};

// --- the file ------------------------------------------------------------------------------------

// Before a key is made: would the directory take a file?
static enum err check_dir(const char *path, struct error *e) {
  char dir[4096] = "/";
  size_t len = (size_t)(strrchr(path, '/') - path); // it is absolute
  if (len >= sizeof dir)
    return error_set(e, ERR_REFUSED, "the path is too long");
  if (len > 0)
    snprintf(dir, sizeof dir, "%.*s", (int)len, path);
  if (access(dir, W_OK | X_OK) != 0)
    return error_set(e, ERR_REFUSED, "no file can be made in %s: %s", dir, strerror(errno));
  return ERR_OK;
}

static enum err check_place(const struct cli *c, struct file_version *ret_expect, struct error *e) {
  struct secret *old = NULL;
  *ret_expect = (struct file_version){0};
  enum err err = check_dir(c->file, e);
  if (err == ERR_OK)
    err = file_read(c->file, &rules, &old, ret_expect, e);
  secret_free(old);
  if (err == ERR_MISSING)
    return ERR_OK;
  if (err == ERR_OK && !c->overwrite)
    return error_set(e, ERR_REFUSED, "%s is there already; --overwrite replaces it", c->file);
  return err;
}

// NULL without memory.
static struct secret *file_text(const struct iam_key *k, const char *description,
                                const struct secret *value) {
  char created[32] = "";
  SECRET_AUTO text = NULL;
  JSON_AUTO o = cJSON_CreateObject();
  if (k->created_s > 0)
    text_format_time(created, sizeof created, k->created_s);
  bool good = o && json_add_text(o, "id", k->id) && json_add_text(o, "name", k->name) &&
              json_add_text(o, "description", description) &&
              json_add_text(o, "createdAt", created[0] ? created : NULL) &&
              cJSON_AddFalseToObject(o, "locked") &&
              json_add_text(o, "apikey", secret_bytes(value));
  if (!good || json_print(o, 16384, &text) != ERR_OK)
    return NULL;
  struct secret *whole = secret_new(secret_len(text) + 1);
  if (!whole || secret_append(whole, secret_bytes(text), secret_len(text)) != ERR_OK ||
      secret_append(whole, "\n", 1) != ERR_OK)
    return secret_free(whole);
  return whole;
}

// --- the key -------------------------------------------------------------------------------------

static enum err make(struct listing *l, const char *description, const struct secret *value,
                     struct iam_key *ret, struct error *e) {
  struct iam *iam = l->observed.io.iam;
  const struct iam_create spec = {.iam_id = l->managed->iam_id,
                                  .account = l->managed->target.account,
                                  .name = l->app->cli.create_name,
                                  .description = description,
                                  .value = value,
                                  .disabled = true,
                                  .action_when_leaked = l->managed->target.action_when_leaked};
  enum err err = iam->ops->create(iam, &spec, ret, e);
  if (err != ERR_UNSURE && err != ERR_CORRUPT)
    return err;
  if (iam->ops->find_by_value(iam, value, ret, NULL) == ERR_OK)
    return ERR_OK;
  error_wrap(e, "no answer, and no such key is seen: it may still come, disabled, and of no use to"
                " anybody");
  return err;
}

// A rotation needs two free places; whoever takes the last ones should know.
static void warn_of_places(const struct listing *l) {
  int64_t limit = 0, count = 0;
  struct iam *iam = l->observed.io.iam;
  if (iam->ops->key_limit(iam, l->managed->target.account, l->managed->iam_id, &limit, &count,
                          NULL) == ERR_OK &&
      limit - count < PLACES_OF_A_ROTATION)
    log_line(LOG_LEVEL_WARN, l->managed->target.name, "keys",
             "the identity has %d of %d keys now: a rotation needs two free places, and will not"
             " begin",
             (int)count, (int)limit);
}

// A key whose value could not be kept is of no use: it goes again, which nobody can miss.
static void take_back(struct listing *l, const struct iam_key *k, struct error *e) {
  struct iam *iam = l->observed.io.iam;
  if (iam->ops->remove(iam, k->id, NULL) == ERR_OK)
    error_wrap(e, "the key was deleted again, for its file could not be written");
  else
    error_wrap(e, "%s stays, disabled, for its file could not be written", k->id);
}

static enum err keep(struct listing *l, const struct iam_key *k, const char *description,
                     const struct secret *value, const struct file_version *expect,
                     struct error *e) {
  struct iam *iam = l->observed.io.iam;
  SECRET_AUTO text = file_text(k, description, value);
  enum err err =
      text ? file_replace(l->app->cli.file, &rules, text, expect, NULL, e) : error_no_memory(e);
  if (err != ERR_OK && err != ERR_UNSURE) {
    take_back(l, k, e);
    return err;
  }
  err = iam->ops->enable(iam, k->id, e);
  if (err != ERR_OK)
    error_wrap(e, "%s is in %s, and still disabled (keys --enable)", k->id, l->app->cli.file);
  return err;
}

static int tell_done(struct listing *l, const struct iam_key *k) {
  const char *target = l->managed->target.name, *file = l->app->cli.file;
  history_command(l->managed, "keys", "created by hand", k->id);
  out_line("%s: created %s, in %s", target, k->id, file);
  cJSON *o = answer_target(l->app, target);
  if (o) {
    cJSON_AddStringToObject(o, "created", k->id);
    cJSON_AddStringToObject(o, "file", file);
  }
  warn_of_places(l);
  return EXIT_FINE;
}

int keys_create(struct listing *l) {
  const struct cli *c = &l->app->cli;
  char by_default[200], who[128];
  struct file_version expect;
  struct iam_key k = {0};
  struct error e = {0};
  who_asks(who, sizeof who);
  snprintf(by_default, sizeof by_default, "made by hand by %s (rotator keys --create)", who);
  const char *description = c->description ? c->description : by_default;
  if (check_place(c, &expect, &e) != ERR_OK)
    return keys_refuse(l, c->create_name, e.text);
  SECRET_AUTO value = iam_value_new(l->app->env);
  enum err err = value ? make(l, description, value, &k, &e)
                       : error_set(&e, ERR_INTERNAL, "the system gave no random bytes");
  if (err == ERR_OK)
    err = keep(l, &k, description, value, &expect, &e);
  int status =
      err == ERR_OK ? tell_done(l, &k) : report_no_success(l->app, l->managed, "create", &e);
  iam_key_clear(&k);
  return status;
}
