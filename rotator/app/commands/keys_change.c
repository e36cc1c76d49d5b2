// A key changed by hand: renamed, locked, unlocked, enabled, disabled, deleted.
//
// Nothing here is a part of a rotation, and the rotation's own rules hold all the same: what would
// cut off consumers, or what the protocol does in its own order, is refused; what can be taken back
// is asked, with what it breaks; a key that rotator did not make is touched with --foreign only.
//
// After an answer that is not plain success the key is asked for: it may be so all the same (a lost
// answer), it may be locked, or somebody else was faster.
//
// What a key is to us (keys_role) is worked out here, because what is refused follows from it.
#include "rotator/app/commands/keys.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/report/answers.h"
#include "rotator/app/report/history.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text.h"
#include "rotator/engine/tag.h"

// --- what a key is to us -------------------------------------------------------------------------

enum key_role keys_role(const struct listing *l, const struct iam_key *k) {
  static const enum key_role of_slot[SLOT_COUNT] = {
      [SLOT_CURRENT] = KEY_CURRENT, [SLOT_PREVIOUS] = KEY_PREVIOUS, [SLOT_PENDING] = KEY_PENDING};
  const struct state *s = l->observed.view.state;
  struct tag tag;
  for (int i = 0; s && i < SLOT_COUNT; i++)
    if (s->slots[i].used && strcmp(s->slots[i].key_id, k->id) == 0)
      return of_slot[i];
  if (!s && l->observed.view.adoptable && strcmp(l->observed.view.adoptable->id, k->id) == 0)
    return KEY_IN_SINKS;
  if (!tag_parse(k->description, &tag) || strcmp(tag.binding, l->managed->binding) != 0)
    return KEY_UNKNOWN;
  if (!s || strcmp(tag.lineage, s->lineage) != 0)
    return KEY_OTHER;
  return tag.generation <= s->generation ? KEY_STRAY : KEY_OURS;
}

const char *keys_role_name(enum key_role role) {
  static const char *const names[] = {
      [KEY_CURRENT] = "current",       [KEY_PREVIOUS] = "previous", [KEY_PENDING] = "pending",
      [KEY_IN_SINKS] = "in the sinks", [KEY_STRAY] = "stray",       [KEY_OURS] = "ours",
      [KEY_OTHER] = "other lineage",   [KEY_UNKNOWN] = "unknown",
  };
  return names[role];
}

// --- what is asked for ---------------------------------------------------------------------------

enum change {
  CHANGE_RENAME,
  CHANGE_LOCK,
  CHANGE_UNLOCK,
  CHANGE_ENABLE,
  CHANGE_DISABLE,
  CHANGE_DELETE
};
#define CHANGES (CHANGE_DELETE + 1)

static const struct {
  const char *option, *ask, *done;
  size_t field;
} words[CHANGES] = {
    [CHANGE_RENAME] = {"rename", "Rename", "renamed", offsetof(struct cli, rename_id)},
    [CHANGE_LOCK] = {"lock", "Lock", "locked", offsetof(struct cli, lock_id)},
    [CHANGE_UNLOCK] = {"unlock", "Unlock", "unlocked", offsetof(struct cli, unlock_id)},
    [CHANGE_ENABLE] = {"enable", "Enable", "enabled", offsetof(struct cli, enable_id)},
    [CHANGE_DISABLE] = {"disable", "Disable", "disabled", offsetof(struct cli, disable_id)},
    [CHANGE_DELETE] = {"delete", "Delete", "deleted", offsetof(struct cli, delete_id)},
};

struct job {
  struct listing *l;
  enum change change;
  const struct iam_key *key;
  enum key_role role;
};

static const char *id_of(const struct cli *c, enum change change) {
  return *(const char *const *)(const void *)((const char *)c + words[change].field);
}

bool keys_change_is_asked(const struct cli *c) {
  for (int i = 0; i < CHANGES; i++)
    if (id_of(c, (enum change)i))
      return true;
  return false;
}

static bool is_foreign(enum key_role role) {
  return role == KEY_UNKNOWN || role == KEY_OTHER;
}

static bool ends_a_key(enum change change) {
  return change == CHANGE_DISABLE || change == CHANGE_DELETE;
}

// --- what is refused -----------------------------------------------------------------------------

int keys_refuse(struct listing *l, const char *id, const char *why) {
  char text[400], next[700];
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

// Why it is not done, by what the key is; NULL: it may be.
static const char *no_by_role(const struct job *j) {
  bool beyond = j->l->observed.view.state && j->l->observed.view.state->phase == PHASE_RETIRING;
  if (ends_a_key(j->change) && (j->role == KEY_CURRENT || j->role == KEY_IN_SINKS))
    return "it is the key that consumers use; rotate first";
  if (j->role == KEY_PENDING && (ends_a_key(j->change) || j->change == CHANGE_LOCK))
    return "it is the new key of a rotation under way; roll back first";
  if (j->role == KEY_PENDING && j->change == CHANGE_ENABLE)
    return "the rotation under way enables it by itself, in its order";
  if (j->role == KEY_PREVIOUS && j->change == CHANGE_DELETE && !beyond)
    return "it is the previous key, which consumers may still use: it is deleted after its grace"
           " ('rotator retire' ends that sooner)";
  if (j->role == KEY_PREVIOUS && j->change == CHANGE_ENABLE && beyond)
    return "it is past the point of no return: a key that was taken from consumers never comes "
           "back";
  return NULL;
}

static const char *no_of(const struct job *j) {
  const struct cli *c = &j->l->app->cli;
  const char *no = no_by_role(j);
  if (no)
    return no;
  if (j->role == KEY_OTHER && !c->foreign)
    return "another host or an earlier state made it, and may have it in use: give --foreign if it"
           " is meant all the same";
  if (j->role == KEY_UNKNOWN && !c->foreign)
    return "rotator did not make it, and somebody may use it: give --foreign if it is meant all the"
           " same";
  if (j->change == CHANGE_RENAME && c->description && !is_foreign(j->role))
    return "rotator knows its own keys by their description: --name alone";
  return NULL;
}

// The key of this value, or "".
static void id_of_value(struct iam *iam, const struct secret *value, char id[IAM_ID_MAX]) {
  struct iam_key k = {0};
  id[0] = '\0';
  if (value && iam->ops->find_by_value(iam, value, &k, NULL) == ERR_OK)
    text_copy(id, IAM_ID_MAX, k.id);
  iam_key_clear(&k);
}

// Is it the key that the rotator itself works with, or will work with? Without it nothing here
// could be mended. No API key stands behind a trusted profile.
static enum err is_our_own(const struct job *j, bool *ret, struct error *e) {
  struct iam_credential c = {0};
  char gained[IAM_ID_MAX], read[IAM_ID_MAX];
  struct iam *iam = j->l->observed.io.iam;
  *ret = false;
  enum err err = iam->ops->credential(iam, j->l->managed->iam_id, &c, e);
  if (err != ERR_OK)
    return err == ERR_MISSING ? ERR_OK : err;
  id_of_value(iam, c.gained, gained);
  id_of_value(iam, c.read, read);
  *ret = strcmp(gained, j->key->id) == 0 || strcmp(read, j->key->id) == 0;
  iam_credential_clear(&c);
  return ERR_OK;
}

// --- what is asked -------------------------------------------------------------------------------

// What the change breaks, or may.
static const char *breaks(const struct job *j) {
  bool in_state = j->role == KEY_CURRENT || j->role == KEY_PREVIOUS || j->role == KEY_IN_SINKS;
  if (j->role == KEY_PREVIOUS && j->change == CHANGE_DISABLE)
    return " Consumers that have not read the new key yet still use it, and are cut off until it is"
           " enabled again.";
  if (in_state && j->change == CHANGE_LOCK)
    return " A rotation cannot end a key that is locked: it waits for a person then.";
  if (j->change == CHANGE_ENABLE)
    return " It was disabled by somebody, or because it leaked.";
  if (j->change == CHANGE_UNLOCK)
    return " Somebody locked it on purpose.";
  if (j->role == KEY_UNKNOWN)
    return " rotator did not make it: somebody may use it.";
  return j->role == KEY_OTHER ? " Another host or an earlier state made it, and may have it in use."
                              : "";
}

static void command_of(const struct job *j, char *dst, size_t cap) {
  snprintf(dst, cap, "keys --%s %s%s", words[j->change].option, j->key->id,
           j->l->app->cli.foreign ? " --foreign" : "");
}

// A name is nothing that anything depends on.
static bool is_agreed(const struct job *j) {
  char question[600], command[200];
  if (j->change == CHANGE_RENAME)
    return true;
  snprintf(question, sizeof question, "%s %s (%s, %s)?%s", words[j->change].ask, j->key->id,
           j->key->name, keys_role_name(j->role), breaks(j));
  command_of(j, command, sizeof command);
  return confirm(j->l->app, command, question);
}

// --- doing it ------------------------------------------------------------------------------------

static const char *new_name(const struct job *j) {
  return j->l->app->cli.name ? j->l->app->cli.name : j->key->name;
}

static const char *new_description(const struct job *j) {
  return j->l->app->cli.description ? j->l->app->cli.description : j->key->description;
}

static enum err send(const struct job *j, struct error *e) {
  struct iam *iam = j->l->observed.io.iam;
  const char *id = j->key->id;
  switch (j->change) {
  case CHANGE_RENAME:
    return iam->ops->describe(iam, id, j->key->entity_tag, new_name(j), new_description(j), e);
  case CHANGE_LOCK:
    return iam->ops->lock(iam, id, e);
  case CHANGE_UNLOCK:
    return iam->ops->unlock(iam, id, e);
  case CHANGE_ENABLE:
    return iam->ops->enable(iam, id, e);
  case CHANGE_DISABLE:
    return iam->ops->disable(iam, id, e);
  case CHANGE_DELETE:
    return iam->ops->remove(iam, id, e);
  }
  return error_set(e, ERR_INTERNAL, "no such change");
}

static bool is_so(const struct job *j, const struct iam_key *now) {
  switch (j->change) {
  case CHANGE_RENAME:
    return strcmp(now->name, new_name(j)) == 0 && strcmp(now->description, new_description(j)) == 0;
  case CHANGE_LOCK:
    return now->locked;
  case CHANGE_UNLOCK:
    return !now->locked;
  case CHANGE_ENABLE:
    return !now->disabled;
  case CHANGE_DISABLE:
    return now->disabled;
  case CHANGE_DELETE:
    return false;
  }
  return false;
}

// What asking for the key makes of an answer that was not success.
static enum err judge(const struct job *j, enum err answer, struct error *e) {
  struct iam_key now = {0};
  struct iam *iam = j->l->observed.io.iam;
  enum err err = iam->ops->get(iam, j->key->id, false, &now, NULL);
  bool unsure = answer == ERR_UNSURE || answer == ERR_CORRUPT;
  bool so = err == ERR_OK && is_so(j, &now);
  bool gone = err == ERR_MISSING && j->change == CHANGE_DELETE;
  bool locked = err == ERR_OK && now.locked;
  iam_key_clear(&now);
  // A conflict may be with our own first try, whose answer was lost.
  if (gone || (so && (unsure || answer == ERR_CONFLICT)))
    return ERR_OK;
  if (locked && j->change == CHANGE_RENAME && !unsure) {
    error_wrap(e, "the API key is locked");
    return e->kind = ERR_LOCKED;
  }
  if (answer == ERR_CONFLICT)
    return error_set(e, answer,
                     "somebody else changed the key meanwhile; look at it, and say it again");
  if (unsure)
    error_wrap(e, "no answer, and the key is as it was: it may still be done; look again");
  return answer;
}

// --- what is told --------------------------------------------------------------------------------

// A lock in IAM is lifted by whoever may, and by nobody else: no run of ours is in the way.
static int say_locked(const struct job *j, const struct error *e) {
  char command[200], with[210], again[700], next[1000];
  struct listing *l = j->l;
  const char *target = l->managed->target.name;
  command_of(j, command, sizeof command);
  snprintf(with, sizeof with, "%s --yes", command);
  report_next(l->app, j->change == CHANGE_RENAME ? "keys" : with, target, again, sizeof again);
  way_out_unlock(l->managed, j->key->id, again, next, sizeof next);
  struct trouble t = {.target = target,
                      .working = view_working(&l->observed.view),
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

static int tell_done(const struct job *j) {
  char text[64];
  const char *target = j->l->managed->target.name, *done = words[j->change].done;
  snprintf(text, sizeof text, "%s by hand", done);
  history_command(j->l->managed, "keys", text, j->key->id);
  out_line("%s: %s %s", target, done, j->key->id);
  cJSON *o = answer_target(j->l->app, target);
  if (o)
    cJSON_AddStringToObject(o, done, j->key->id);
  return EXIT_FINE;
}

static int do_job(const struct job *j) {
  struct error e = {0};
  const char *no = no_of(j);
  if (no)
    return keys_refuse(j->l, j->key->id, no);
  bool own = false;
  if (ends_a_key(j->change) && is_our_own(j, &own, &e) != ERR_OK)
    return report_no_success(j->l->app, j->l->managed, words[j->change].option, &e);
  if (own)
    return keys_refuse(j->l, j->key->id, "it is the key that rotator itself works with");
  if (!is_agreed(j))
    return EXIT_USAGE;
  enum err err = send(j, &e);
  if (err != ERR_OK && err != ERR_LOCKED && err != ERR_UNSENT && err != ERR_CANCELLED)
    err = judge(j, err, &e);
  if (err == ERR_LOCKED)
    return say_locked(j, &e);
  if (err != ERR_OK)
    return report_no_success(j->l->app, j->l->managed, words[j->change].option, &e);
  return tell_done(j);
}

int keys_change(struct listing *l) {
  const struct cli *c = &l->app->cli;
  struct job j = {.l = l};
  while (!id_of(c, j.change))
    j.change++;
  const char *id = id_of(c, j.change);
  for (size_t i = 0; i < l->list.n && !j.key; i++)
    if (strcmp(l->list.keys[i].id, id) == 0)
      j.key = &l->list.keys[i];
  if (!j.key)
    return keys_refuse(l, id, "the identity has no such key");
  j.role = keys_role(l, j.key);
  return do_job(&j);
}
