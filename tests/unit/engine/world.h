// A view written down: a state with slots, sinks that serve it, IAM that answered. Tests change
// what they are about.
#ifndef TESTS_UNIT_ENGINE_WORLD_H
#define TESTS_UNIT_ENGINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rotator/base/text.h"
#include "rotator/engine/decide.h"
#include "rotator/engine/transition.h"

#define NOW 1800000000
#define DAY 86400

struct world {
  struct state state;
  struct sink_view sinks[2];
  struct view view;
  struct policy policy;
  struct iam_key adoptable;
};

static inline void fill_slot(struct world *w, enum slot_name name, const char *value,
                             const char *id, uint64_t generation) {
  struct slot *s = &w->state.slots[name];
  *s = (struct slot){.used = true,
                     .value = secret_copy_text(value),
                     .generation = generation,
                     .since_s = NOW - DAY};
  text_copy(s->key_id, sizeof s->key_id, id);
  w->view.slots[name].key = KEY_ACTIVE;
  w->view.slots[name].modified_s = NOW - DAY;
}

// Phase `phase` with the slots that belong to it, every sink serving current, all keys active,
// nothing due, IAM asked.
static inline struct world world(enum phase phase) {
  struct world w = {.policy = POLICY_DEFAULT};
  w.state = (struct state){.seq = 10,
                           .phase = phase,
                           .generation = 3,
                           .epoch = 7,
                           .hook_epoch = 7,
                           .grace_s = -1,
                           .quarantine_s = -1,
                           .phase_since_s = NOW - 60};
  strcpy(w.state.lineage, "0123456789abcdef");
  strcpy(w.state.account, "a");
  strcpy(w.state.iam_id, "iam-ServiceId-x");
  strcpy(w.state.instance, "g");
  fill_slot(&w, SLOT_CURRENT, "current-value", "ApiKey-current",
            phase == PHASE_STAGED || phase == PHASE_IDLE ? 2 : 3);
  if (phase == PHASE_STAGED)
    fill_slot(&w, SLOT_PENDING, "pending-value", "ApiKey-pending", 3);
  else if (phase != PHASE_IDLE)
    fill_slot(&w, SLOT_PREVIOUS, "previous-value", "ApiKey-previous", 2);
  for (int i = 0; i < 2; i++)
    w.sinks[i] = (struct sink_view){.name = i ? "two" : "one",
                                    .value = SINK_CURRENT,
                                    .class = STORE_CLASS_A,
                                    .stamped = true,
                                    .noted = true,
                                    .listed = true};
  w.view.now_s = NOW;
  w.view.home = HOME_OK;
  w.view.n_sinks = 2;
  w.view.iam_asked = w.view.iam_answered = true;
  w.view.window_open = true;
  w.view.due_s = NOW + 20 * DAY;
  w.view.previous_used_s = -1;
  return w;
}

// No state; sinks as given, IAM asked.
static inline struct world nothing(enum sink_value value) {
  struct world w = world(PHASE_IDLE);
  state_clear(&w.state);
  w.view.home = HOME_ABSENT;
  for (int i = 0; i < 2; i++)
    w.sinks[i] =
        (struct sink_view){.name = i ? "two" : "one", .value = value, .class = STORE_CLASS_A};
  return w;
}

// The view's pointers to the rest of the world, which is copied about.
static inline const struct view *view_of_world(struct world *w) {
  w->view.policy = &w->policy;
  w->view.sinks = w->sinks;
  w->view.state = w->view.home == HOME_ABSENT ? NULL : &w->state;
  return &w->view;
}

static inline struct action decided(struct world *w) {
  struct action a;
  decide(view_of_world(w), &a);
  state_clear(&w->state);
  return a;
}

#define assert_row(given, expected_row, expected_kind)                                             \
  do {                                                                                             \
    struct action assert_a = (given);                                                              \
    assert_string_equal(row_name(assert_a.row), row_name(ROW_##expected_row));                     \
    assert_int_equal(assert_a.kind, expected_kind);                                                \
  } while (0)

#endif
