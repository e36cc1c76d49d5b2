// Inside the store of IBM Cloud Secrets Manager. sm_open.c makes an item from settings,
// ibm_secrets_manager.c reads and writes it, sm_item.c finds the secret and its newest version,
// sm_record.c lays a record out in a version, sm_check.c looks before anything is changed,
// sm_reply.c says what an answer means. Requests go through sm_session.h.
#ifndef BACKENDS_IBM_SECRETS_MANAGER_SM_H
#define BACKENDS_IBM_SECRETS_MANAGER_SM_H

#include "backends/ibm-secrets-manager/sm_session.h"
#include "backends/store.h"

#define SM_LONGEST_MS 90000 // how long a write without an answer may still take effect: our guess
#define SM_LAG_MS 10000     // how long a reading that lags behind our own write is waited for
#define SM_NAME_MAX 256
#define SM_FIELD_MAX 128
#define SM_ID_MAX 64

enum sm_field { SM_VALUE, SM_KEY_ID, SM_KEY_NAME, SM_CREATED, SM_FIELD_COUNT };

struct sm_item {
  struct store_item item; // first: the engine's pointer is ours
  struct sm_session *session;
  struct env *env;
  bool kv;                                          // a kv secret; else an arbitrary one
  char guid[40];                                    // of the instance
  char group[SM_NAME_MAX + 1], group_id[SM_ID_MAX]; // its name; its id, "" not known
  char name[SM_NAME_MAX + 1];
  char field[SM_FIELD_COUNT][SM_FIELD_MAX + 1]; // kv: "" not kept
  char id[SM_ID_MAX];                           // of the secret, once it was found
  char replaced[SM_ID_MAX]; // the version that our last write took the place of; "" none
};

static inline struct sm_item *sm_item_of(struct store_item *it) {
  return (struct sm_item *)it;
}
static inline const char *sm_type(const struct sm_item *k) {
  return k->kv ? "kv" : "arbitrary";
}

extern const struct store_ops sm_ops;

// sm_item.c
// A request of the item, and what its answer means; errors are those of store.h. ERR_MISSING: the
// service itself says that there is no such thing. `what` names the step.
enum err sm_ask(const struct sm_item *k, const char *what, const struct sm_request *q,
                struct sm_reply *ret, struct error *e);
// The newest version with its value, of the secret that is found by its name (k->id then).
// ERR_MISSING: there is no such secret, and the service's list does not show it either.
enum err sm_current(struct sm_item *k, cJSON **ret, struct error *e);
// The member "id" of an answer, which goes into URLs. ERR_UNSURE: it has none.
enum err sm_id_of(const cJSON *o, char dst[SM_ID_MAX], struct error *e);
// Sleeps, longer each time, unless SM_LAG_MS are over. {0} at first.
struct sm_patience {
  int64_t waited_ms, next_ms;
};
bool sm_wait(const struct sm_item *k, struct sm_patience *p);
// Does the service keep the value of this secret or version? ERR_REFUSED: it has an expiration
// date, at which the service destroys it, and consumers would lose the key.
enum err sm_stays(const cJSON *o, struct error *e);
// Can a secret that is not there be made? ERR_REFUSED: its group's id is not known.
enum err sm_may_make(const struct sm_item *k, struct error *e);

// sm_record.c: the record of a version. ERR_MISSING: it has no value; *ret is zeroed before.
enum err sm_record_read(const struct sm_item *k, const cJSON *version, struct store_record *ret,
                        struct error *e);
// The body of a request that puts the record there; `current` is the version whose foreign fields
// stay (kv), or NULL: a new secret is made. *ret_mark: the number by which this write is known.
enum err sm_record_write(const struct sm_item *k, const struct store_record *r,
                         const cJSON *current, char ret_mark[20], cJSON **ret, struct error *e);
// Was this version made by that write?
bool sm_record_is_marked(const cJSON *version, const char *mark);

// sm_check.c
enum err sm_check(struct store_item *it, struct error *e);

#endif
