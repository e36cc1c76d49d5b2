// Shared by vault_session.c (the token's life, calls) and vault_client.c (one exchange).
#ifndef BACKENDS_VAULT_VAULT_SESSION_INTERNAL_H
#define BACKENDS_VAULT_VAULT_SESSION_INTERNAL_H

#include "backends/session.h"
#include "backends/vault/vault_session.h"

struct vault_session {
  struct session session; // first
  struct vault_server server;
  // Under session.token_lock:
  struct vault_login login; // token NULL: none
  struct vault_auth_memory kept;
  int64_t login_ms;   // monotonic: when the token was got or renewed
  int64_t got_ms;     // … and when it was got
  bool useless_again; // another login did not help: not tried any more
  char index[1024];   // X-Vault-Index of the last write
};

// vault_client.c: as vault_send, and the answer itself in *h, which the caller clears. `index` says
// which state a read has to see; NULL or "": any.
enum err vault_send_with(struct vault_session *s, const struct secret *token, const char *index,
                         const struct vault_request *q, struct vault_reply *ret,
                         struct http_response *h, struct error *e);

// vault_reply.c. ERR_INTERNAL: there was no memory for what it says.
enum err vault_reply_read(const struct http_response *h, const struct vault_request *q,
                          const struct secret *token, struct vault_reply *ret);

#endif
