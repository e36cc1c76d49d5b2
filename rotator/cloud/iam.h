// IAM as the engine sees it: tokens, API keys, service IDs, policies. iam_http.h makes one that
// talks to IBM Cloud; the simulator has another. Facts about the service: the vendor's SDKs and
// documentation, see rotator/cloud/README.md.
//
// One object serves one thread at a time. Calls that need a bearer token take it from the
// authenticator given at birth (cached there); when IAM answers 401 the token is exchanged anew
// once.
#ifndef ROTATOR_CLOUD_IAM_H
#define ROTATOR_CLOUD_IAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

#define IAM_ID_MAX 64 // "ApiKey-<uuid>", "iam-ServiceId-<uuid>", 32 hex account
#define IAM_NAME_MAX 256
#define IAM_DESC_MAX 512

struct iam_token {
  struct secret *bearer;   // the access token without "Bearer "
  int64_t expires_at_ms;   // env_mono_ms of its end, 10 s early; from expires_in
  int64_t expires_in_s;    // as answered
  char iam_id[IAM_ID_MAX]; // claims of the token, unverified but fetched over TLS from the issuer
  char account[IAM_ID_MAX];
  char name[IAM_NAME_MAX];
};
void iam_token_clear(struct iam_token *t);

// One of several exchanges of a value that go side by side.
#define IAM_TOGETHER_MAX 8
struct iam_exchanged {
  enum err err; // as exchange says it; ERR_OK: the token, which is to be cleared
  struct iam_token token;
  struct error error;
};

struct iam_key {
  char id[IAM_ID_MAX];
  char iam_id[IAM_ID_MAX];
  char account[IAM_ID_MAX];
  char name[IAM_NAME_MAX];
  char description[IAM_DESC_MAX];
  char entity_tag[96];
  char created_by[IAM_ID_MAX];
  bool disabled, locked;
  bool expired;         // expires_at lies in the past of the server's clock
  int64_t created_s;    // −1: not said. Minute precision
  int64_t modified_s;   // likewise
  int64_t expires_s;    // likewise: never, or not said
  bool has_activity;    // activity was asked for and answered
  int64_t last_authn_s; // −1: never used
  int64_t authn_count;
  struct secret *value; // only in the answer to create with origin iam; else NULL
};
void iam_key_clear(struct iam_key *k);

struct iam_key_list {
  struct iam_key *keys;
  size_t n;
};
void iam_key_list_clear(struct iam_key_list *l);

struct iam_create {
  const char *iam_id, *account, *name, *description;
  const struct secret *value;     // NULL: IAM makes the value (origin: iam)
  bool disabled;                  // always true in the protocol
  const char *action_when_leaked; // "none", "disable", "delete", NULL: service default
  int64_t expires_s;              // 0: never
};

struct iam_service_id {
  char id[IAM_ID_MAX];     // "ServiceId-<uuid>"
  char iam_id[IAM_ID_MAX]; // "iam-ServiceId-<uuid>"
  char account[IAM_ID_MAX];
  char name[IAM_NAME_MAX];
  char description[IAM_DESC_MAX];
  char group[IAM_ID_MAX]; // of service IDs, that it is in; "": the default one, or not said
  bool locked;
};

struct iam_policy {
  char id[IAM_ID_MAX];
  char state[32];    // "active", "deleted"
  bool covers;       // grants Sender, Writer or Manager on the instance asked for (or on all)
  char role[128];    // the role CRN that does
  int64_t changed_s; // when it was changed or made last; −1: not said
};

// What a client's calls are authenticated with, where that is an API key.
struct iam_credential {
  char iam_id[IAM_ID_MAX]; // whose key it is, as the token in use says
  // Filled in only where that is the identity asked about:
  struct secret *gained; // the value that the token in use was gained with
  struct secret *read;   // the value that stands now where the key is read from; NULL: none, or it
                         // can't be read
};
void iam_credential_clear(struct iam_credential *c);

struct iam;

// Every call: ERR_OK, or
//   ERR_DENIED    401 with a fresh token, or 403, or the management key was refused: e->code and
//                 text name what the service said
//   ERR_MISSING   404 with the code "not_found" and nothing else (an HTML 404 is ERR_REFUSED)
//   ERR_CONFLICT  409/412 where a version was given
//   ERR_EXISTS    409 where none was
//   ERR_LIMIT     422 BXNIM0151E
//   ERR_REFUSED   any other 4xx
//   ERR_THROTTLED 429
//   ERR_UNSENT    not sent, also when no management token could be had for the moment
//   ERR_UNSURE    no trustworthy answer, also 408, 5xx and redirects (never followed)
//   ERR_CORRUPT   2xx that does not decode: it may have been applied
//   ERR_INVALID   a value that can't be sent as a key, or a request beyond all limits; not sent
//   ERR_CANCELLED
// e->code is the BXNIM code where the service gave one, else its word ("policy_conflict_error").
struct iam_ops {
  // Exchanges an API key value for a token. fresh: on a connection of its own. ERR_REFUSED: IAM
  // knows no such (live) key; e->code says which (BXNIM0415E not found, BXNIM0462E disabled).
  // Only IAM's own answer counts as that: a 4xx in HTML or without a code is ERR_UNSURE, 403 and
  // BXNIM0430E (address not allowed) are ERR_DENIED. Never cached.
  enum err (*exchange)(struct iam *c, const struct secret *value, bool fresh, struct iam_token *ret,
                       struct error *e);
  // The identity of the management credential (forces a token).
  enum err (*whoami)(struct iam *c, struct iam_token *ret_claims_only, struct error *e);
  // The management credential, for whoever manages the keys of `iam_id` and may be authenticated
  // with one of them. The place that it is read from is read anew only when it is a key of that
  // identity. Forces a token. ERR_MISSING: no API key stands behind this client.
  enum err (*credential)(struct iam *c, const char *iam_id, struct iam_credential *ret,
                         struct error *e);
  // A client of the same service whose calls bear this token and no other; the management
  // credential is not used. To be freed before *c. NULL without memory.
  struct iam *(*bearing)(struct iam *c, const struct secret *bearer);
  // Creates a key. Never repeated by the transport. The value is not echoed except with origin iam.
  // An answer that shows another value than ours is ERR_CORRUPT. ret->disabled is as answered:
  // look.
  enum err (*create)(struct iam *c, const struct iam_create *spec, struct iam_key *ret,
                     struct error *e);
  // All keys of an identity, all pages, de-duplicated by id, in whichever group of service IDs it
  // is. That there are none is said only where its group is known: ERR_DENIED where that can't be
  // read. Of a user: all that this person has, and only for the person's own management key; with
  // another one ERR_DENIED, which names both.
  enum err (*list)(struct iam *c, const char *account, const char *iam_id, struct iam_key_list *ret,
                   struct error *e);
  enum err (*get)(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                  struct error *e);
  // Which key accepts this value? ERR_MISSING also for 400 with a not-found code, and for a value
  // that can't be a key's at all (iam_value_check).
  enum err (*find_by_value)(struct iam *c, const struct secret *value, struct iam_key *ret,
                            struct error *e);
  enum err (*describe)(struct iam *c, const char *id, const char *entity_tag, const char *name,
                       const char *description, struct error *e);
  // Done already (409) is ERR_OK. Replay-safe. A locked key: ERR_LOCKED (after a look showed
  // locked).
  enum err (*enable)(struct iam *c, const char *id, struct error *e);
  enum err (*disable)(struct iam *c, const char *id, struct error *e);
  // A locked key can be neither changed nor deleted, by anybody. So already is ERR_OK. Replay-safe.
  enum err (*lock)(struct iam *c, const char *id, struct error *e);
  enum err (*unlock)(struct iam *c, const char *id, struct error *e);
  // Gone already (404 not_found) is ERR_OK. Replay-safe. A locked key: ERR_LOCKED (after a look
  // showed locked). Another 409 is ERR_CONFLICT: look again.
  enum err (*remove)(struct iam *c, const char *id, struct error *e);
  // Service IDs. find: by exact name in all groups, or by "ServiceId-…"; *ret_n counts matches of a
  // name (names are not unique), *ret is the first. None: ERR_MISSING, or ERR_DENIED where the
  // account's groups can't be listed.
  enum err (*find_service_id)(struct iam *c, const char *account, const char *name_or_id,
                              struct iam_service_id *ret, size_t *ret_n, struct error *e);
  enum err (*create_service_id)(struct iam *c, const char *account, const char *name,
                                const char *description, struct iam_service_id *ret,
                                struct error *e);
  // Policies v2. find: an active policy of the identity that lets it send to the instance;
  // ERR_MISSING when none is seen (which proves nothing for a caller without read rights).
  enum err (*find_sender)(struct iam *c, const char *account, const char *iam_id,
                          const char *instance_guid, struct iam_policy *ret, struct error *e);
  // Grants Sender on one instance. 409 whose conflicting policy covers it: ERR_OK with that policy.
  // A 409 without one that is seen to cover it: ERR_EXISTS. What a grant made is as answered: look
  // at ret->covers.
  enum err (*grant_sender)(struct iam *c, const char *account, const char *iam_id,
                           const char *instance_guid, struct iam_policy *ret, struct error *e);
  // covers: it has one of the roles for logs, whoever and whichever instance it is for.
  enum err (*get_policy)(struct iam *c, const char *id, struct iam_policy *ret, struct error *e);
  // limit and count of keys of the identity; ERR_DENIED or ERR_MISSING where the call is not
  // available.
  enum err (*key_limit)(struct iam *c, const char *account, const char *iam_id, int64_t *ret_limit,
                        int64_t *ret_count, struct error *e);
  // Exchanges a value n times (1 … IAM_TOGETHER_MAX), side by side, each on its own connection.
  // ret[0 … n) is written in any case. NULL: this client cannot.
  void (*exchange_each)(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                        size_t n);
  // The server's clock, seconds, moved on by our monotonic clock since the last answer; −1 before
  // the first answer.
  int64_t (*server_time_s)(struct iam *c);
  void (*free)(struct iam *c);
};

struct iam {
  const struct iam_ops *ops;
};

void iam_free(struct iam *c); // NULL allowed
// exchange_each, or where the client cannot, one after the other.
void iam_exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                       size_t n);

// A value for a new key in the shape of IAM's own: 33 random bytes in base64url, 44 characters.
// NULL without memory, or where the system gives no random bytes.
struct env;
struct secret *iam_value_new(struct env *env);
// The token with one byte changed in the middle of its signature (the last byte would do nothing:
// padding bits). To be freed by the caller; NULL without memory, or for no token.
struct secret *iam_token_changed(const struct secret *bearer);

// Is it a user's ("IBMid-…", or another identity provider's), and neither a service ID's nor a
// trusted profile's ("iam-ServiceId-…", "iam-Profile-…")?
bool iam_is_user(const char *iam_id);

#endif
