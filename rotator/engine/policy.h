// What the configuration wants of one target, in seconds and counts. Pure data.
#ifndef ROTATOR_ENGINE_POLICY_H
#define ROTATOR_ENGINE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// When new rotations may begin: spans of UTC seconds, ascending, worked out once when the
// configuration is read for the coming days (time zones are the configuration's business). No
// spans: always.
struct policy_window {
  struct policy_span {
    int64_t open_s, close_s;
  } spans[32];
  size_t n;
};
bool policy_window_is_open(const struct policy_window *w, int64_t now_s);
// The next opening at or after now; −1 if none is known.
int64_t policy_window_next(const struct policy_window *w, int64_t now_s);

// Where a test log is looked for: among those that can be searched at once, or in the bucket.
enum policy_tier { POLICY_TIER_FREQUENT, POLICY_TIER_ARCHIVE };
enum policy_origin { POLICY_ORIGIN_ROTATOR, POLICY_ORIGIN_IAM }; // who makes the value
enum policy_still_used { POLICY_STILL_USED_STOP, POLICY_STILL_USED_CONTINUE };

#define POLICY_TOKEN_LIFE_S 3600 // a consumer exchanges its key at least once in a token's life

struct policy {
  int64_t rotate_every_s;  // 30d
  int64_t rotate_jitter_s; // 3d: due is earlier by a hash-chosen part of it
  int64_t grace_s;         // 24h: from the entry to `grace` until the old key may go
  int64_t reload_within_s; // 2h, ≤ grace: by then consumers have read the new key
  int64_t quarantine_s;    // 65m: between disable and delete
  int64_t max_age_s;       // 90d: older: attention
  int64_t alert_after_s;   // 6h: waiting longer than this is attention
  int64_t look_every_s;    // 1h: how often IAM is asked about a target at rest
  int64_t probe_every_s;   // 6h: how old the last proof of current may become at rest; 0: any age
  unsigned proof_count;    // 3
  int64_t proof_span_s;    // 10 s
  int64_t absence_apart_s; // 10 s: two looks that show an absence are this far apart
  unsigned refute_count;   // 3
  int64_t propagation_s;   // 60 s from the answer to enable
  int64_t still_used_limit_s; // 0: none; else `continue` after this long past the grace
  unsigned failures_max;      // 3 failed rotations in a row
  int64_t arrival_within_s;   // a new key's test log is looked for so long; 0: it is not
  bool arrival_required;      // … and without it nothing is published
  enum policy_tier arrival_tier;
  enum policy_still_used on_still_used;
  enum policy_origin origin;
  struct policy_window window;
};
#define POLICY_DEFAULT                                                                             \
  ((struct policy){.rotate_every_s = 30 * 86400,                                                   \
                   .rotate_jitter_s = 3 * 86400,                                                   \
                   .grace_s = 86400,                                                               \
                   .reload_within_s = 7200,                                                        \
                   .quarantine_s = 3900,                                                           \
                   .max_age_s = 90 * 86400,                                                        \
                   .alert_after_s = 6 * 3600,                                                      \
                   .look_every_s = 3600,                                                           \
                   .probe_every_s = 6 * 3600,                                                      \
                   .proof_count = 3,                                                               \
                   .proof_span_s = 10,                                                             \
                   .absence_apart_s = 10,                                                          \
                   .refute_count = 3,                                                              \
                   .propagation_s = 60,                                                            \
                   .failures_max = 3})

// When the current key is due: since + rotate_every − jitter, the jitter hash-chosen from binding
// and generation. A key adopted when it was overdue becomes due within one jitter of its adoption.
int64_t policy_due_s(const struct policy *p, const char *binding, uint64_t generation,
                     int64_t since_s, int64_t adopted_s);

#endif
