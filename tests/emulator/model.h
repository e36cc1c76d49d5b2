// What exists: accounts, identities with their keys, policies, Cloud Logs instances. Plain data
// with indexes; no rights, no HTTP. Deleted keys and policies stay as tombstones, so that lags can
// show them a little longer and tests can ask what became of them.
#ifndef EMU_MODEL_H
#define EMU_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "map.h"
#include "settings.h"

struct list {
  void **items;
  size_t count, cap;
};

void list_add(struct list *l, void *item);

// "3-<32 hex>": the first part counts revisions.
struct tag {
  unsigned revision;
  char text[48];
};

void tag_bump(struct tag *t);

struct account {
  char *id;
  long token_life_s;
  long key_limit;
  struct list identities, keys, policies, roles, groups; // in order of creation, with tombstones
};

enum identity_kind { IDENTITY_SERVICE, IDENTITY_USER, IDENTITY_PROFILE };
enum downgrant { DOWNGRANT_AUTO, DOWNGRANT_ALWAYS, DOWNGRANT_NEVER };

struct identity {
  enum identity_kind kind;
  char *id, *iam_id; // ServiceId-<uuid> and iam-ServiceId-<uuid>; the same for a user
  struct account *account;
  char *name, *description;
  char *group_id; // NULL: the default group
  cJSON *instance_crns;
  struct tag tag;
  bool locked, deleted;
  bool owner;               // account owner: may do everything
  enum downgrant downgrant; // whether its grants of Sender confer anything
  int64_t created_ms, modified_ms, last_authn_ms;
  unsigned long authn_count;
  char *created_by;
  struct list keys, policies;
  cJSON *history;
  // Of a trusted profile: who may become it. Compute resource tokens; service accounts of clusters
  // ("NAMESPACE:NAME"); identities (NULL: all of the account); whether no virtual server may.
  cJSON *cr_tokens, *service_accounts, *assumed_by;
  bool unlinked;
};

enum key_view { VIEW_TOKEN, VIEW_LIST, VIEW_GET, VIEW_COUNT };

struct key {
  unsigned long serial; // from 1, never used again
  char id[48];
  char *value;
  char *name, *description, *action_when_leaked, *created_by;
  struct identity *owner;
  struct tag tag;
  bool locked, disabled, deleted, store_value, support_sessions;
  int64_t created_ms, modified_ms, expires_ms, deleted_ms, disabled_ms, last_authn_ms;
  long new_lag[VIEW_COUNT], deleted_lag[VIEW_COUNT], disabled_lag;
  unsigned long authn_count;
  cJSON *history;
};

struct policy {
  char id[40];
  struct account *account;
  char *subject_key, *subject; // "iam_id" or "access_group_id", and its value
  char *type, *description;
  struct list roles; // char *: role CRNs
  cJSON *attributes; // [{key, operator, value}], the v2 spelling
  cJSON *tags;       // of the resource, spelt like attributes; NULL: none
  cJSON *extra;      // v2 pattern and rule, kept as given
  struct tag tag;
  bool confers; // false: the granter lacked the right, so it is an empty shell
  bool deleted;
  int64_t created_ms, modified_ms, deleted_ms;
  long get_lag, enforce_lag, removed_lag;
  char *created_by, *modified_by;
};

// A custom role.
struct role {
  char id[37];
  char *crn, *name, *display_name, *description, *service, *created_by;
  struct account *account;
  cJSON *actions;
  struct tag tag;
  bool deleted;
  int64_t created_ms, modified_ms;
};

// A group of service IDs; see iam_groups.h.
struct group {
  char *id, *name, *description, *created_by;
  struct account *account;
  struct tag tag;
  bool deleted;
  int64_t created_ms, modified_ms;
};

struct instance {
  char *guid, *region;
  struct account *account;
  struct list logs;        // struct log_line *
  int64_t query_times[32]; // for the per-minute limiter
  size_t query_next;
  bool deleted; // its hosts answer 404
};

struct log_line {
  char *application, *subsystem, *text; // text: JSON of the user data
  int severity;
  int64_t timestamp_ms, arrived_ms, visible_ms;
  bool hidden;
  cJSON *labels; // the optional string members as sent
  char *iam_id;
  char key_id[48], id[37];
};

struct model {
  struct map accounts, identities, keys_by_id, keys_by_value, policies, instances, roles, groups;
  struct list account_list, identity_list, key_list, policy_list, instance_list, role_list,
      group_list, secrets_list; // the last: see secrets.h
};

struct model *model_new(void);
void model_free(struct model *m);

struct account *model_account(const struct model *m, const char *id);
struct account *model_account_add(struct model *m, const char *id);
struct identity *model_identity(const struct model *m, const char *id); // either spelling; alive
struct identity *model_identity_add(struct model *m, struct account *a, enum identity_kind kind,
                                    const char *id, const char *name, int64_t now);
struct key *model_key(const struct model *m, const char *id);
struct key *model_key_by_value(const struct model *m, const char *value);
struct key *model_key_by_serial(const struct model *m, unsigned long serial);
// A NULL value is made up: 44 URL-safe characters, as the service does.
struct key *model_key_add(struct model *m, struct identity *owner, const char *id,
                          const char *value, const char *name, int64_t now);
struct policy *model_policy_add(struct model *m, struct account *a, const char *subject,
                                int64_t now);
struct policy *model_policy(const struct model *m, const char *id);
struct role *model_role(const struct model *m, const char *crn);
struct role *model_role_add(struct model *m, struct account *a, const char *crn, const char *name,
                            const char *service);
struct group *model_group(const struct model *m, const char *id); // deleted ones too
// A NULL id is made up.
struct group *model_group_add(struct model *m, struct account *a, const char *id, const char *name,
                              int64_t now);
struct instance *model_instance(const struct model *m, const char *guid);
struct instance *model_instance_add(struct model *m, struct account *a, const char *guid,
                                    const char *region);

bool key_visible(const struct key *k, enum key_view view, int64_t now, long stale_ms);
void key_new_lags(struct key *k, const long lags[LAG_COUNT]);
void key_delete(struct key *k, int64_t now, const long lags[LAG_COUNT]);
// Expired keys go for good when expiry and last change are both this long past.
#define KEY_EXPIRED_KEPT_MS (90 * 24 * 3600 * INT64_C(1000))
void model_sweep_expired(struct model *m, int64_t now);
size_t identity_live_keys(const struct identity *i);
void policy_delete(struct policy *p, int64_t now);
void policy_clear_roles(struct policy *p);
bool policy_visible(const struct policy *p, int64_t now);
bool policy_in_force(const struct policy *p, int64_t now);
const char *policy_attribute(const struct policy *p, const char *key); // NULL: not restricted
void history_add(cJSON **history, int64_t now, const char *iam_id, const char *account,
                 const char *action, const char *message);
void text_set(char **text, const char *value); // frees the old one

#endif
