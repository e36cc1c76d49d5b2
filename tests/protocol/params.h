// What kind of world is simulated: scenario.c draws it from the seed. All times are milliseconds of
// true time unless a name says otherwise.
#ifndef TESTS_PROTOCOL_PARAMS_H
#define TESTS_PROTOCOL_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/store.h"
#include "rotator/engine/policy.h"

enum { SIM_SINKS = 3 };
enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };
#define DAY_MS (24 * (int64_t)HOUR_MS)

// Where rotators read their own credential from, when it is the key of the target: sink 0, or …
enum own {
  OWN_NOT,   // it is none
  OWN_PLACE, // the sink itself
  OWN_COPY,  // a copy of it that is made when a process starts (systemd)
  OWN_LAGS   // a copy that is so and so old (a replica, an agent)
};

// Chances are per 10,000 calls (or as said).
struct params {
  const char *scenario;
  unsigned hosts, sinks;
  enum store_class home_class, sink_class[SIM_SINKS];
  bool first_key;        // starts with nothing, by init; else with a key to adopt
  bool stale_home;       // the home store may serve old readings
  bool disabled_ignored; // IAM makes keys active whatever was asked
  bool has_hook, several_ticks, strangers, tight_limit, hidden_values, other_lineage;
  struct policy policy;
  unsigned rotations;                                           // that make a run
  unsigned crash, pause, slow, stop;                            // at each switch point
  unsigned unsent, throttled, lost, late, twice, stale, outage; // of each request
  unsigned hands_per_100d, wishes_per_100d, edits_per_100d, config_per_100d;
  unsigned rights_per_100d, looks_per_100d; // taken away; looks by hand
  // class B, C: how often sinks get other metadata, or the same content anew; 0: never
  int64_t snapshot_ms, restore_ms;
  // a consumer of the first sink exchanges so seldom, and reads at its start; 0: none
  int64_t rare_ms;
  unsigned flips_per_100d; // the old key in a sink for a while
  unsigned hides;          // lists that show no key, as one of another group does
  bool earlier_state;      // the identity has a key of an earlier state, until a person deletes it
  bool modified_stands;    // IAM does not move modified_at when a key is disabled or enabled
  // people act on a change of phase, at once
  bool eager_wishes, eager_hands, eager_edits, eager_retire;
  enum own own;
  bool own_alone;  // … and there is no Cloud Logs instance
  bool own_unsaid; // … and the configuration does not say so
  int64_t own_lag_ms;
  int64_t list_lag_ms, token_lag_ms;
  int64_t timer_ms, reload_ms; // how often a host runs; how often a consumer reads
};

#endif
