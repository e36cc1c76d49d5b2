// The switches for everything the vendor does not publish, or that a test wants otherwise, and the
// lags that imitate replication. Read and written by name over /_control/settings.
#ifndef EMU_SETTINGS_H
#define EMU_SETTINGS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

enum lag_kind {
  LAG_NEW_KEY_TOKEN,      // a new key is unknown at the token endpoint
  LAG_NEW_KEY_LIST,       // ... is missing from lists
  LAG_NEW_KEY_GET,        // ... answers 404 by id and by value
  LAG_DELETED_KEY_TOKEN,  // a deleted key still exchanges
  LAG_DELETED_KEY_LIST,   // ... is still listed
  LAG_DELETED_KEY_GET,    // ... is still readable by id and by value
  LAG_DISABLED_KEY_TOKEN, // a disabled key still exchanges
  LAG_POLICY_GET,         // a new policy answers 404 and is not listed
  LAG_POLICY_ENFORCE,     // a new policy confers nothing yet
  LAG_POLICY_REMOVED,     // a deleted policy still confers
  LAG_COUNT
};

extern const char *const lag_names[LAG_COUNT]; // "new_key_token_ms", ...

struct settings {
  int ingress_unauthorized_status; // bad or missing token at ingress: 403 or 401
  int ingress_status;              // of an accepted batch
  char ingress_body[512];
  int ingress_soft_limit; // bytes, unpacked; 0: only the hard 10 MiB
  int query_visible_ms;   // ingest to search
  int query_archive_ms;   // ... to search in the archive
  int query_per_minute;
  int locked_status;          // change or delete of a locked entity
  int stale_tag_status;       // If-Match that does not match
  int already_status;         // lock of a locked, disable of a disabled: 409 or 204
  int duplicate_value_status; // own key value that exists
  int disabled_key_status;    // token endpoint, BXNIM0462E
  int expired_key_status;     // token endpoint, past expires_at
  char expired_key_code[64];
  bool string_status_code; // "status_code":"404" as the schema says, not 404 as seen
  bool empty_apikey;       // reads carry "apikey":"", as the SDK models require; or no member
  bool self_rotation;      // a service ID without any policy may manage its own keys
  bool creator_manages;    // who created a service ID may manage it and its keys
  bool operator_may_lock;
  bool echo_apikey;           // BXNIM0415E repeats the offered value in errorDetails
  bool query_limit_in_stream; // too many queries: an error inside a 200, not a 429
  bool query_frequent;        // the instance keeps logs for frequent search
  bool query_archive;         // ... and in an archive
  bool ingress_drops;         // an accepted batch is dropped, as when the quota is used up
  bool restrict_service_ids;  // only a ServiceIdCreator may create service IDs
  bool restrict_user_keys;    // users make keys only with UserApiKeyCreator
  int restricted_user_key_status;
  bool list_needs_account;    // a list of service IDs without account_id or pagetoken is refused
  bool default_group_only;    // lists without group_id: the default group, or all groups
  bool group_id_on_request;   // service IDs carry group_id only with show_group_id=true, or always
  char default_group_id[64];  // the default group's id; "": it has none
  int unknown_group_status;   // a list of a group that is not there; 200: an empty list
  int duplicate_group_status; // a name that another group has
  int full_group_status;      // delete of a group with service IDs; 204: they stay in no group
  bool accept_gzip;           // compressed request bodies; or 415
  char service_leak_action[16]; // action_when_leaked of a service ID's key that names none
  char user_leak_action[16];    // ... of a user's key
  bool disable_moves_modified_at, disable_moves_entity_tag; // disable, enable, leak
  bool lock_moves_modified_at, lock_moves_entity_tag;       // lock, unlock
  long lags[LAG_COUNT];
  long latency_ms; // set over /_control/latency
};

void settings_default(struct settings *s);
// Applies every member of `patch`. False: an unknown name or a wrong type, named in ret_error
// (to be freed); the settings are then unchanged.
bool settings_apply(struct settings *s, const cJSON *patch, char **ret_error);
cJSON *settings_json(const struct settings *s);
// Reads {"new_key_token_ms":500, ...} into lags; false on an unknown name.
bool settings_parse_lags(const cJSON *object, long lags[LAG_COUNT]);

#endif
