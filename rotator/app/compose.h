// From configuration to objects: the only place that knows which store, transport and client stand
// behind the interfaces.
//
// A `bound` is one configured target with everything the engine needs of it. It is made cheaply
// (compose_bound opens nothing); compose_bind finds out which identity is meant – the one thing
// that may need IAM, and the run record usually knows it – and opens its stores. Each worker of a
// fleet has one transport of its own, made when it is first used.
#ifndef ROTATOR_APP_COMPOSE_H
#define ROTATOR_APP_COMPOSE_H

#include "rotator/app/config.h"
#include "rotator/app/record.h"
#include "rotator/engine/fleet.h"
#include "rotator/engine/memory.h"
#include "rotator/http/transport.h"

struct compose;

// What the watcher saw of a target in this run; drive.c fills it in.
struct told {
  bool looked; // a command read it; then what it saw:
  enum working working;
  char current_id[IAM_ID_MAX];
  bool acted;                 // something was changed
  bool promoted, retired;     // in this run
  enum row dropped;           // the row that gave the pending key up; ROW_COUNT: none did
  struct error dropped_error; // … and what was the matter
  char sink[64];              // the sink meant by the last decision
  int64_t until_s;            // … and until when it waits; 0 not known
  char retired_id[IAM_ID_MAX];
};

struct bound {
  struct target target; // first: the engine's pointer leads back here
  const struct config_target *config;
  struct compose *compose;
  struct record record, record_before;
  struct told told;
  bool bound;
  char iam_id[IAM_ID_MAX], binding[TAG_BINDING_MAX];
  char words[256];
  char record_path[512], lock_path[512], mark_path[512], home_path[512];
  struct logs *logs;
  unsigned logs_worker;
  struct memory memory;
};

// ERR_INVALID when the configuration lacks what only shows here (no host id for a local store).
enum err compose_new(const struct config *config, struct env *env, unsigned jobs,
                     struct compose **ret, struct error *e);
struct compose *compose_free(struct compose *c); // always NULL

// The bound of config->targets[i]; made when first asked for. NULL without memory.
struct bound *compose_bound(struct compose *c, size_t i);
static inline struct bound *bound_of(const struct target *t) {
  return (struct bound *)(uintptr_t)t;
}

enum compose_identity {
  IDENTITY_REMEMBERED, // the run record will do
  IDENTITY_ASKED,      // a name is looked up anew (init, check)
  IDENTITY_OFFLINE,    // as remembered, or ERR_MISSING
};
// Finds the identity and opens the stores; once. ERR_MISSING: no service ID of that name.
enum err compose_bind(struct bound *b, unsigned worker, enum compose_identity how, struct error *e);
// The same with an identity that is known already (init has just made it).
enum err compose_bind_to(struct bound *b, const char *iam_id, struct error *e);

// The interfaces of a worker, and the transport of all. They stay compose's.
struct iam *compose_iam(struct bound *b, unsigned worker, struct error *e);
struct transport *compose_transport(const struct compose *c);
// Binds and fills in *ret; made for fleet_options.io (ctx is not used).
bool compose_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                struct error *e);
// Makes the state directory, private to us; before anything is written there.
enum err compose_make_state_dir(struct compose *c, struct error *e);

const struct config *compose_config(const struct compose *c);
struct env *compose_env(const struct compose *c);
// The default home: is it the file below the state directory?
bool bound_home_is_file(const struct bound *b);

#endif
