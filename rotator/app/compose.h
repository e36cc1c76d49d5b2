// From configuration to objects: the only place that knows which store, transport and client stand
// behind the interfaces.
//
// A target under management is what is configured, the engine's target made of it, and what this
// process knows of it. Making one (compose_target) opens nothing. Binding it (compose_bind) finds
// out which identity is meant – the one thing that may need IAM, and what the last run left usually
// says it – and opens its stores. Each worker of a fleet has one transport of its own, made when it
// is first used.
#ifndef ROTATOR_APP_COMPOSE_H
#define ROTATOR_APP_COMPOSE_H

#include "rotator/app/audit_client.h"
#include "rotator/app/hook.h"
#include "rotator/app/last_run.h"
#include "rotator/app/request_budget.h"
#include "rotator/config/config.h"
#include "rotator/engine/fleet.h"
#include "rotator/engine/memory.h"
#include "rotator/http/transport.h"

struct compose;

// What was seen of a target in this run: by a command that observed it, and by the steps of the
// engine.
struct seen {
  bool observed;          // it was read; then what was found the last time:
  bool no_state;          // there is no state of it: never set up, or lost
  struct verdict verdict; // the worst of the sinks'
  struct {
    enum sink_value value;
    struct verdict verdict;
  } sinks[STATE_SINKS_MAX]; // as configured
  char current_id[IAM_ID_MAX];
  int64_t current_since_s, due_s, phase_since_s; // 0: none, not known
  unsigned requests;                             // to IAM and Cloud Logs, each try of its own
  unsigned failures[ERR_COUNT];                  // steps that failed, by why
  uint64_t failed_rows[ERR_COUNT];               // … and at which rows: bits 1 << row
  bool begun, unwell;                            // counted for whoever watches
  bool held_back;                                // it is due, and the breaker was open
  bool acted;                                    // something was changed
  bool promoted, retired;                        // in this run
  enum row dropped;           // the row that gave the pending key up; ROW_COUNT: none did
  struct error dropped_error; // … and what was the matter
  char sink[64];              // the sink meant by the last decision
  int64_t until_s;            // … and until when it waits; 0 not known
  char retired_id[IAM_ID_MAX];
  char key_id[IAM_ID_MAX]; // the key that the last decision was about
  // Decided without asking IAM, and from files alone: it rests from … to before … (our clock; 0: no
  // such thing), by this state and these sinks. When the tick began.
  int64_t rests_from_s, rests_until_s;
  struct file_version rests_on[STATE_SINKS_MAX + 1];
  int64_t ticked_ms;
  char back_to[IAM_ID_MAX]; // went back to this key, or a person asked for it; "" neither
  // What became of a wish, for commands that make one: is it in the state? And the same in words,
  // one more line where the command does not end well (NULL: none).
  bool asks, asked;
  unsigned hinted; // what a person could do was said already (report/waiting.c)
  const char *note;
  const char
      *next; // the command that comes next, where the reason's own would not help; NULL: that
};

struct managed {
  struct target target; // first: the engine's pointer leads back here (managed_of)
  const struct config_target *config;
  struct compose *compose;
  struct last_run last_run; // its evidence is in `memory`
  struct seen seen;
  bool bound; // its identity is known and its stores are open: what follows is filled in
  char iam_id[IAM_ID_MAX], binding[TAG_BINDING_MAX];
  char lock_path[512], mark_path[512], home_path[512];
  // What the pointers in `target` lead to, and the client of its instance.
  char key_words[256], last_run_path[512];
  struct hook hook;
  struct memory memory;
  struct logs *logs;
  unsigned logs_worker;
  struct audit audit;
  struct logs_reader *reader; // NULL: test logs are not looked for
};

// ERR_INVALID when the configuration lacks what only shows here (no host id for a local store).
enum err compose_new(const struct config *config, struct env *env, unsigned jobs,
                     struct compose **ret, struct error *e);
// How long a request may wait for its service's leave, at most, and who hears of it. Before the
// first one.
void compose_waits(struct compose *c, int64_t most_ms, request_wait_notice *notice);
struct compose *compose_free(struct compose *c); // always NULL

// That of config->targets[i]; made when first asked for. NULL without memory.
struct managed *compose_target(struct compose *c, size_t i);
// Gives it back; compose_target makes it anew.
void compose_release(struct managed *m);
static inline struct managed *managed_of(const struct target *t) {
  return (struct managed *)(uintptr_t)t;
}
// Is its state the file of the state directory?
static inline bool managed_is_local(const struct managed *m) {
  return !m->config->home.backend;
}

enum compose_identity {
  IDENTITY_REMEMBERED, // what the last run left (last_run.h) will do
  IDENTITY_ASKED,      // a name is looked up anew, a user is held against the management key
  IDENTITY_OFFLINE,    // as remembered, or ERR_MISSING
};
// Finds the identity and opens the stores; once. ERR_MISSING: no service ID of that name.
// ERR_INVALID: a user's keys cannot be made with this management key.
enum err compose_bind(struct managed *m, unsigned worker, enum compose_identity how,
                      struct error *e);
// The same with an identity that is known already (init has just made it); once for each.
enum err compose_bind_to(struct managed *m, const char *iam_id, struct error *e);

// Opens the sinks alone, for reading, while there is no identity yet. Binding goes on from there.
enum err compose_open_sinks(struct managed *m, struct error *e);

// When (env_mono_ms) the state directory was last found fit to be written, 0 never; for whoever
// looks. NULL: the target's state is kept elsewhere.
int64_t *compose_state_dir_well_ms(struct managed *m);

// The interfaces of a worker, and the transport of all. They stay compose's.
struct iam *compose_iam(struct managed *m, unsigned worker, struct error *e);
struct transport *compose_transport(const struct compose *c);
// Binds and fills in *ret; made for fleet_options.io (ctx is not used).
bool compose_io(void *ctx, unsigned worker, struct target *t, struct engine_io *ret,
                struct error *e);
// Makes the state directory, private to us; before anything is written there.
enum err compose_make_state_dir(struct compose *c, struct error *e);

// Has a path unit of systemd failed that watches one of its files (path_units.h)? systemd is asked
// once in the life of `c`.
struct path_unit_failure;
bool compose_failed_watch(struct compose *c, const struct config_target *t,
                          struct path_unit_failure *ret);

const struct config *compose_config(const struct compose *c);
struct env *compose_env(const struct compose *c);

#endif
