// Inside the Vault store. vault_options.c is the table of options; vault_open.c makes an item from
// settings and environment, vault_kv2.c and vault_kv1.c read and write the two engines,
// vault_fields.c lays a record out in a secret, vault_check.c looks before anything is changed,
// vault_item.c asks which engine a mount is. Requests go through vault_session.h.
#ifndef BACKENDS_VAULT_VAULT_H
#define BACKENDS_VAULT_VAULT_H

#include "backends/store.h"
#include "backends/vault/vault_session.h"

#define VAULT_PATH_MAX 1024              // of mount and path, percent-encoded
#define VAULT_FIELD_MAX 128              // bytes of a field's name
#define VAULT_DATA_MAX (2 * 1024 * 1024) // of a secret as JSON
#define VAULT_LONGEST_MS 90000           // how long the server works on a request at most
#define VAULT_LAG_MS 10000               // how long a lagging node is waited for

enum vault_field { FIELD_VALUE, FIELD_ID, FIELD_NAME, FIELD_CREATED, FIELD_STAMP, FIELD_COUNT };

struct vault_item {
  struct store_item item; // first: the engine's pointer is ours
  struct vault_session *session;
  struct env *env;
  char mount[256], path[400]; // as configured, without slashes around
  char mount_url[VAULT_PATH_MAX], path_url[VAULT_PATH_MAX];
  char field[FIELD_COUNT][VAULT_FIELD_MAX + 1]; // "": not kept
  bool destroy_old;
  bool ask_mount;   // kv_version auto: before the first use
  bool mount_known; // its version was seen to be the configured one
  uint64_t seen;    // KV 2: the highest version number seen
};

static inline struct vault_item *vault_item_of(struct store_item *it) {
  return (struct vault_item *)it;
}

extern const struct store_ops vault_kv2_ops, vault_kv1_ops;

// vault_open.c
enum err vault_open(const struct store_context *ctx, enum store_kind kind,
                    const struct store_setting *settings, size_t n, struct store_item **ret,
                    int *ret_line, struct error *e);

// vault_env.c: BAO_X where it is set, be it empty, else VAULT_X; NULL: neither, or empty.
const char *vault_env(const char *name);
// Where configuration is silent: completes *s from the environment. ERR_INVALID for what cannot be
// honoured.
enum err vault_env_complete(struct vault_server *s, struct error *e);

// vault_fields.c: the record of a secret's fields. ERR_MISSING: the value is absent or empty.
enum err vault_fields_read(const struct vault_item *v, const cJSON *data, struct store_record *ret,
                           struct error *e);
// Puts the record into an object; foreign fields stay. `stamp`: text of the stamp's field.
enum err vault_fields_write(const struct vault_item *v, const struct store_record *r,
                            const char *stamp, cJSON *data, struct error *e);
// Are all foreign numbers kept when the object is written again?
enum err vault_fields_keepable(const cJSON *data, struct error *e);

// vault_item.c
void vault_item_free(struct store_item *it);
// ERR_OK when the mount is of the item's version or the server cannot say; asked
// once. ERR_REFUSED and what to write instead otherwise.
enum err vault_mount_check(struct vault_item *v, struct error *e);

// When a version deletes itself or was deleted, by its metadata or by the answer to its write, made
// printable. False, and "": never.
bool vault_deletion_time(const cJSON *meta, char ret[40]);
// `kind` with what to do about a version that will delete itself.
enum err vault_dying(const struct vault_item *v, enum err kind, int64_t number, const char *when,
                     struct error *e);
// How a version that is deleted comes back: ERR_MISSING for a sink, ERR_REFUSED for a home, which
// is not given up while it can be had.
enum err vault_deleted(const struct vault_item *v, int64_t number, const char *when,
                       struct error *e);

// vault_check.c
enum err vault_check(struct store_item *it, struct error *e);

// A path of the item's mount: "secret/data/logs/edge". `part` NULL: none (KV 1).
void vault_path(const struct vault_item *v, const char *part, const char *query, char *dst,
                size_t cap);

#endif
