// Access tokens: RS256 JWTs under one key made at start. Signing and checking need no lock held.
//
// A token's jti ends in the emulator's reset count and the serial of the key behind it; clients
// take it for opaque, the log of arrived lines names the presenting key by it.
#ifndef EMU_JWT_H
#define EMU_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

enum token_state { TOKEN_NONE, TOKEN_BAD, TOKEN_EXPIRED, TOKEN_GOOD };

struct session {
  char iam_id[128];
  char account[64];
  unsigned epoch;
  unsigned long key_serial; // 0: no API key behind it
  int64_t iat, exp;         // seconds
};

struct jwt;

struct jwt *jwt_new(void);
void jwt_free(struct jwt *jwt);
char *jwt_sign(struct jwt *jwt, const cJSON *claims); // to be freed
// True when the signature is ours and the claims can be read. Verified tokens are remembered by
// their SHA-256, so a second look costs one hash.
bool jwt_check(struct jwt *jwt, const char *token, struct session *ret_session);
// The claims of anybody's token, whose signature is not looked at. NULL: it is none.
cJSON *jwt_claims(const char *token);
cJSON *jwt_jwks(const struct jwt *jwt);

#endif
