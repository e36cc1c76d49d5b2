// IBM Cloud Secrets Manager, as far as a rotator's store meets it: arbitrary and kv secrets in
// groups, their versions, and locks on them. secrets.c holds the things themselves and shows them,
// secrets_write.c makes versions, secrets_locks.c hangs locks on them.
//
// A version's value is kept while it is the newest or the one before. A lock hangs on such a
// version; a lock on the one before forbids the next version, and any lock forbids deletion.
#ifndef EMU_SECRETS_H
#define EMU_SECRETS_H

#include "http.h"
#include "model.h"

struct secrets_group {
  char *id, *name;
};

struct secrets_version {
  char id[37];
  int64_t created_ms;
  char *created_by;
  cJSON *value, *metadata; // value: a text, or an object (kv); NULL: gone
  struct list locks;       // cJSON *
  bool downloaded;
};

struct secret {
  char id[37];
  char *name, *description, *created_by;
  char *expires; // RFC 3339; NULL: never
  bool kv;
  const struct secrets_group *group;
  cJSON *custom_metadata, *labels;
  struct list versions; // oldest first
  int64_t created_ms, modified_ms;
};

struct secrets_manager {
  char *guid, *region;
  struct account *account;
  struct list groups, secrets;
};

struct secrets_manager *secrets_add(struct model *m, struct account *a, const char *guid,
                                    const char *region);
void secrets_add_group(struct secrets_manager *s, const char *id, const char *name);
void secrets_manager_free(struct secrets_manager *s);
void secret_free(struct secret *s);
struct secrets_version *secret_at(const struct secret *s, size_t back); // 0: newest; NULL
void version_drop_value(struct secrets_version *v);

// For handlers; each answers with the error when it is NULL or false.
struct secrets_manager *secrets_of(struct req *r);
bool secrets_may(struct req *r, const struct secrets_manager *m, const char *action,
                 const char *group_id);
struct secret *secrets_find(struct req *r, const char *action); // by the id in the path
struct secrets_version *secrets_find_version(struct req *r, const struct secret *s);
void secrets_error(struct req *r, int status, const char *code, const char *message);
cJSON *secret_json(const struct secrets_manager *m, const struct secret *s);
cJSON *version_json(const struct secret *s, struct secrets_version *v, bool with_value);

#endif
