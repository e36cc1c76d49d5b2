// The command `keys`: what its three parts share. keys_change.c says what a key is to us and
// changes one by hand, keys_create.c makes one outside the rotation; keys.c lists, describes, and
// calls both.
#ifndef ROTATOR_APP_COMMANDS_KEYS_H
#define ROTATOR_APP_COMMANDS_KEYS_H

#include "rotator/app/commands/common.h"

struct listing {
  struct app *app;
  struct managed *managed;
  struct observed observed;
  struct iam_key_list list;
  int64_t now_s;
};

// What a key is to us.
enum key_role {
  KEY_CURRENT,
  KEY_PREVIOUS,
  KEY_PENDING,
  KEY_IN_SINKS, // there is no state, and consumers read it
  KEY_STRAY,    // ours, and in no slot
  KEY_OURS,     // likewise, of a generation that is not there yet
  KEY_OTHER,    // of another lineage
  KEY_UNKNOWN,
};
enum key_role keys_role(const struct listing *l, const struct iam_key *k);
const char *keys_role_name(enum key_role role);

// A definite no of ours, reported with `why`. Returns EXIT_USAGE.
int keys_refuse(struct listing *l, const char *id, const char *why);

// Is a change of a key asked for?
bool keys_change_is_asked(const struct cli *c);
int keys_change(struct listing *l);
int keys_create(struct listing *l);

#endif
