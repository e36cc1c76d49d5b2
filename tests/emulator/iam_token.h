// Issuing tokens, and what the token endpoint thinks of a key.
#ifndef EMU_IAM_TOKEN_H
#define EMU_IAM_TOKEN_H

#include "http.h"
#include "model.h"

struct grant {
  const char *type;           // the grant_type URN, for the claims
  const char *scope, *client; // NULL: the defaults
  const struct identity *who;
  const struct identity *authn; // who stands behind an assumed profile; NULL: the same
  const struct key *key;
  long life_s; // 0: the account's
};

// Drops and retakes the lock. The token is to be freed.
char *token_issue(struct req *r, const struct grant *g, int64_t *ret_iat, int64_t *ret_exp);
struct identity *token_find_profile(struct req *r, const char *id, const char *name,
                                    const char *crn);

enum key_verdict { KEY_ACCEPTED, KEY_UNKNOWN, KEY_DISABLED, KEY_EXPIRED };

enum key_verdict key_verdict(const struct emu *emu, const struct key *k);

#endif
