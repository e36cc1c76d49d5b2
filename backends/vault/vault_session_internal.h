// Shared by vault_session.c (registry, pool), vault_token.c (the token's life) and vault_client.c
// (requests).
#ifndef BACKENDS_VAULT_VAULT_SESSION_INTERNAL_H
#define BACKENDS_VAULT_VAULT_SESSION_INTERNAL_H

#include <pthread.h>

#include "backends/vault/vault_session.h"

struct vault_session {
  struct vault_session *next;
  struct vault_server server;
  struct env *env;
  unsigned refs; // under the registry's lock

  pthread_mutex_t pool_lock;
  struct transport **idle;
  size_t n_idle, idle_cap;

  pthread_mutex_t token_lock; // held while somebody logs in: the others wait for the result
  struct vault_login login;   // token NULL: none
  struct secret *kept;        // of the method
  int64_t login_ms;           // monotonic: when the token was got or renewed
  int64_t got_ms;             // … and when it was got
  bool useless_again;         // another login did not help: not tried any more
  char index[1024];           // X-Vault-Index of the last write, under token_lock
};

// vault_session.c
struct transport *vault_pool_take(struct vault_session *s, struct error *e);
void vault_pool_put(struct vault_session *s, struct transport *t);

// vault_token.c: a copy of the session's token, got or renewed when that is due.
enum err vault_token_get(struct vault_session *s, struct secret **ret, struct error *e);
// The server did not take `token`: gets another, unless somebody else has done so. *ret_other says
// whether there is another now; if not, the refusal is about rights.
enum err vault_token_refused(struct vault_session *s, const struct secret *token, bool *ret_other,
                             struct error *e);
// Another token was refused as well.
void vault_token_no_help(struct vault_session *s);
// Gives back what a login gave, and forgets it.
void vault_token_drop(struct vault_session *s);

// vault_reply.c
void vault_reply_read(const struct http_response *h, const cJSON *sent, const struct secret *token,
                      struct vault_reply *ret);

#endif
