// The error bodies: each family of paths has its own shape (token endpoint flat, identity and
// policy with an errors array that differs, Cloud Logs ApiError). error_reply() picks by r->family.
#ifndef EMU_ERRORS_H
#define EMU_ERRORS_H

#include "http.h"

struct error {
  int status;
  const char *code;         // identity and policy families: errors[0].code
  const char *message_code; // BXNIM....E; the token endpoint's errorCode
  const char *message;
  const char *details; // may be NULL
};

void error_reply(struct req *r, const struct error *e);

// The usual ones. `what` names the action or thing.
void error_unauthorized(struct req *r);
void error_forbidden(struct req *r, const char *action);
void error_bad_request(struct req *r, const char *message);
// A body that cannot be unpacked (400), or is coded in a way that is not taken (415).
void error_coding(struct req *r, int status);
void error_not_found(struct req *r, const char *type, const char *id);
void error_gateway_not_found(struct req *r);

// "context" of success and error bodies of the identity API.
cJSON *error_identity_context(const struct req *r);

#endif
