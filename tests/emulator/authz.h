// Who may do what. Rights come from policies alone (seeded ones included), plus the few rules the
// vendor states: owners may do all, users manage their own keys, creators what they created.
#ifndef EMU_AUTHZ_H
#define EMU_AUTHZ_H

#include "http.h"
#include "model.h"

// Looks at the Authorization header; sets token_state, session, who, key_id. First half without
// the lock (signatures), second half with it (is the identity still there, the clock).
void authz_read_token(struct req *r);
void authz_settle_token(struct req *r);

struct identity *authz_caller(const struct req *r); // NULL unless the token is good

// "apikey.create" and so on, on a service ID (or a user) as target; NULL: the whole account.
bool authz_identity(const struct req *r, const char *action, const struct identity *target,
                    const struct account *account);
bool authz_send(const struct emu *emu, const struct identity *who, const struct instance *to);
bool authz_query(const struct emu *emu, const struct identity *who, const struct instance *to);
// A secret group of a Secrets Manager instance; group NULL: the whole instance, where any right on
// a group of it is enough.
struct secrets_place {
  const char *guid, *region, *group;
};
bool authz_secrets(const struct req *r, const char *action, const struct account *account,
                   const struct secrets_place *at);
bool authz_policy_read(const struct req *r, const struct policy *p);
bool authz_policy_write(const struct req *r, const struct policy *p);
// Whether the creator of p holds what p grants; a policy of one who does not confers nothing.
bool authz_can_confer(const struct emu *emu, const struct identity *granter,
                      const struct policy *p);
const char *role_name(const char *role_crn); // "Sender"

#endif
