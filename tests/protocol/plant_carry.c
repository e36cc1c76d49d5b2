// Planted: what is carried too far. Looks (rule 13): each of these rows asks IAM for itself; here
// one of them goes on with the look of an earlier turn. And the span of a proof (section 5).
#include <string.h>

#include "rotator/engine/memory.h"
#include "rotator/engine/turn.h"
#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

void __real_decide(const struct view *v, struct action *ret);
void __real_turn_carry_look(struct turn *u, struct target *t, const struct engine_io *io);
void __wrap_turn_carry_look(struct turn *u, struct target *t, const struct engine_io *io);
void __real_carry_drop(struct memory *m);
void __wrap_carry_drop(struct memory *m);
void __real_carry_on(struct target *t, const struct action *a, enum err err);
void __wrap_carry_on(struct target *t, const struct action *a, enum err err);
bool __real_carry_is_fit(const struct turn *u, const struct target *t, int64_t now_ms);
bool __wrap_carry_is_fit(const struct turn *u, const struct target *t, int64_t now_ms);

bool __real_passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms);
bool __wrap_passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms);

static struct sim *sim;

void plant_carry_enter(struct sim *s) {
  sim = s;
}

static const struct {
  enum plant plant;
  enum row row;
} too_far[] = {{PLANT_CARRY_ADOPT, ROW_adopt},   {PLANT_CARRY_STRAY, ROW_stray},
               {PLANT_CARRY_RETIRE, ROW_retire}, {PLANT_CARRY_DISABLE, ROW_disable},
               {PLANT_CARRY_DELETE, ROW_delete}, {PLANT_CARRY_ABSENCE, ROW_retired}};

// None of these rows ever meets a carried look: it is dropped before. With one of them planted it
// lasts, over other acts and ticks.
static bool look_lasts(void) {
  for (size_t i = 0; sim && i < sizeof too_far / sizeof *too_far; i++)
    if (planted(sim, too_far[i].plant))
      return true;
  return false;
}

void __wrap_carry_drop(struct memory *m) {
  if (!look_lasts())
    __real_carry_drop(m);
}

void __wrap_carry_on(struct target *t, const struct action *a, enum err err) {
  if (!look_lasts())
    __real_carry_on(t, a, err);
}

bool __wrap_carry_is_fit(const struct turn *u, const struct target *t, int64_t now_ms) {
  if (!look_lasts())
    return __real_carry_is_fit(u, t, now_ms);
  bool state = u->view.home == HOME_OK || planted(sim, PLANT_CARRY_ADOPT);
  return state && t->memory->carried.is;
}

// The key that an earlier turn could have adopted.
void __wrap_turn_carry_look(struct turn *u, struct target *t, const struct engine_io *io) {
  int key = sim->sinks[0].key;
  __real_turn_carry_look(u, t, io);
  if (!planted(sim, PLANT_CARRY_ADOPT) || u->view.state || key < 0)
    return;
  memcpy(u->adoptable.id, sim->keys[key].id, sizeof u->adoptable.id);
  u->view.adoptable = &u->adoptable;
}

bool plant_goes_too_far(const struct view *v, struct action *ret) {
  struct view fresh = *v;
  struct slot_view *previous = &fresh.slots[SLOT_PREVIOUS];
  if (planted(sim, PLANT_CARRY_ABSENCE) && previous->key == KEY_ABSENT)
    previous->key = KEY_GONE;
  fresh.carried = false;
  for (size_t i = 0; i < sizeof too_far / sizeof *too_far; i++) {
    if (!planted(sim, too_far[i].plant))
      continue;
    __real_decide(&fresh, ret);
    return ret->row == too_far[i].row;
  }
  return false;
}

bool __wrap_passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms) {
  bool at_once = sim && planted(sim, PLANT_SETTLE_AT_ONCE);
  return at_once || __real_passing_spans(m, print, span_ms);
}
