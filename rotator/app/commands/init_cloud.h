// What `init` finds and makes in IBM Cloud, apart from keys: the service ID, and Sender on the
// instance. Finding changes nothing, and what is found missing is the plan of what is made.
#ifndef ROTATOR_APP_COMMANDS_INIT_CLOUD_H
#define ROTATOR_APP_COMMANDS_INIT_CLOUD_H

#include "rotator/app/commands/common.h"

struct init_cloud {
  struct iam *iam;          // compose's
  struct iam_service_id id; // as found or made; of a user, iam_id alone
  bool make_id;             // there is none of that name
  bool grant;               // Sender is not seen
  // How long the instance may refuse logs because a policy is on its way; 0: none is.
  int64_t policy_may_take_s;
  char granter[IAM_ID_MAX]; // the management identity
};

// ERR_MISSING: the service ID is named by its id, and is not there. ERR_REFUSED: another account's.
enum err init_cloud_find(struct managed *m, struct init_cloud *ret, struct error *e);
enum err init_cloud_make_id(struct app *a, struct managed *m, struct init_cloud *c,
                            struct error *e);
// ERR_OK also when Sender could not be granted (said on standard error): it may come from an access
// group, and the proof of the first key will tell.
enum err init_cloud_grant(struct app *a, struct managed *m, struct init_cloud *c, struct error *e);

// Whose keys do the sinks hold? Sentences for people, and the worst of what IAM shows: a key that
// it names is not proven, and one that it does not know is not judged. True: each sink holds an
// active key, whoever's.
bool init_cloud_name_keys(struct managed *m, struct iam *iam, char *text, size_t cap,
                          struct verdict *ret);

#endif
