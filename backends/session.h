// What stores that speak to a server have in common (Vault, Kubernetes).
//
// Opening: how the settings of an item are read, and how a mistake in them is told.
//
// Sessions: one server and one identity, shared by every item and thread that means the same. A
// session is made when an item is opened and contacts nothing before its first request. One that
// was used stays when its last item goes, with its connections and its token, for another item may
// come; session_finish ends it. One that was not used goes with its last item.
#ifndef BACKENDS_SESSION_H
#define BACKENDS_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "backends/store.h"
#include "rotator/http/pool.h"

// --- opening -------------------------------------------------------------------------------------

// The arguments of store_backend.open that every step needs.
struct opening {
  const struct store_setting *settings;
  size_t n;
  int *ret_line;
  struct error *e;
};

// ERR_INVALID with the setting's line (NULL: of no single one) and a text.
#define OPENING_WRONG(o, setting, ...)                                                             \
  (*(o)->ret_line = (setting) ? (setting)->line : 0, error_set((o)->e, ERR_INVALID, __VA_ARGS__))

const struct store_setting *opening_find(const struct opening *o, const char *name);
const char *opening_text(const struct opening *o, const char *name); // NULL: not given
bool opening_is_true(const struct opening *o, const char *name);
// The setting's value as a copy of its own; NULL when it is not given or empty. False without
// memory.
bool opening_keep(const struct opening *o, const char *name, char **dst);
// "client_cert and client_key go together", for the line of the one that is there alone.
enum err opening_check_pair(const struct opening *o, const char *cert, const char *key);

enum server_url {
  SERVER_URL_HTTPS,
  SERVER_URL_LOOPBACK, // http to this host
  SERVER_URL_PLAIN,    // http to another one: not allowed
  SERVER_URL_WRONG,    // none of a server
};
enum server_url server_url_kind(const char *url);

// --- sessions ------------------------------------------------------------------------------------

// First in a store's own session.
struct session {
  struct session *next;
  unsigned refs; // under the registry's lock
  struct env *env;
  struct transport *http;     // a pool
  pthread_mutex_t token_lock; // held while somebody gets a token: the others wait for it
  atomic_bool used;           // set by the store when it sends the first request
};

// One a store. The store's session is `size` bytes, all zero but for the struct session in front
// and, at `server_at`, its own copy of the server's settings.
struct session_registry {
  size_t size, server_at, server_size;
  const size_t *texts; // where in the settings a char * is (NULL: not said), owned by them
  size_t n_texts;
  bool (*same)(const void *a, const void *b);             // what is no text; NULL: nothing
  struct transport *(*make_pool)(const struct session *); // NULL without memory
  void (*forget)(struct session *);                       // frees tokens and the like
  void (*give_back)(struct session *); // at the end, before `forget`; NULL: nothing to be done
  pthread_mutex_t lock;
  struct session *first;
};

// The session of these settings, made when there is none. They are copied. NULL without memory.
// Every get has its put.
void *session_get(struct session_registry *r, const void *server, struct env *env);
void session_put(struct session_registry *r, struct session *s); // NULL allowed
// Gives back what sessions hold, closes connections, frees sessions that no item holds. Nobody may
// be calling meanwhile.
void session_finish(struct session_registry *r);
// Frees the texts of settings and zeroes them.
void session_server_clear(const struct session_registry *r, void *server);

// An answer came, and there was no memory for what it says: of a write it is not known then what
// became of it.
enum err session_unread(bool write, struct error *e);

#endif
