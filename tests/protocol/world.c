// One run: a world is made from its seed, rotates with faults until it has rotated often enough,
// then the faults stop, and within some weeks it must have come to rest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

static void begin_sinks(struct sim *s) {
  for (int i = 0; i < SIM_SINKS; i++) {
    struct sim_sink *sink = &s->sinks[i];
    *sink = (struct sim_sink){
        .class = s->p.sink_class[i], .key = SINK_NOTHING, .consumer_key = SINK_NOTHING};
    snprintf(sink->name, sizeof sink->name, "sink%d", i);
    snprintf(sink->other_name, sizeof sink->other_name, "also%d", i);
    sink->called = sink->name;
    sink->configured = i == 0 || s->p.config_per_100d == 0 || rng_chance(&s->rng, 7000);
    for (int k = 0; k < SIM_KEYS; k++)
      sink->held_ms[k] = sink->flipped_ms[k] = -1;
  }
}

// The key that a person made long ago, and put into some of the sinks.
static void begin_key(struct sim *s) {
  struct key_spec k = {.owner = SIM_IDENTITY, .name = "by hand", .description = "made long ago"};
  int i = key_make(s, &k);
  s->keys[i].past[0].from_ms = -100 * DAY_MS;
  s->keys[i].created_ms = sim_server_ms(s) - (rng_chance(&s->rng, 5000) ? DAY_MS : 400 * DAY_MS);
  for (unsigned j = 0; j < s->p.sinks; j++)
    if (s->sinks[j].configured && (j == 0 || rng_chance(&s->rng, 8000))) {
      sink_edit(s, (int)j, s->keys[i].value);
      s->sinks[j].by_hand = false;
      s->sinks[j].consumed = true;
    }
}

static bool begin(struct sim *s, uint64_t seed, const char *scenario) {
  state_clear(&s->state);
  struct sim keep = *s;
  memset(s, 0, sizeof *s);
  s->totals = keep.totals;
  s->dir = keep.dir;
  s->plant = keep.plant;
  s->tracing = keep.tracing;
  s->queue = keep.queue;
  s->cap_queue = keep.cap_queue;
  s->chosen = keep.chosen;
  s->n_chosen = keep.n_chosen;
  s->seed = seed;
  s->rng.x = seed * 0x9e3779b97f4a7c15u + 12345;
  rng_next(&s->rng);
  s->rng.given = s->chosen;
  s->rng.n_given = s->n_chosen;
  s->wish_grace_s = -1;
  s->faults = true;
  s->now_ms = 400 * DAY_MS;
  if (!scenario_draw(s, scenario))
    return false;
  s->server_offset_ms = 1700000000000 + rng_between(&s->rng, 0, 60000);
  stores_open(s);
  begin_sinks(s);
  if (!s->p.first_key)
    begin_key(s);
  if (s->p.earlier_state)
    earlier_state(s);
  return true;
}

static int64_t longest_run_ms(const struct sim *s) {
  const struct policy *p = &s->p.policy;
  return s->p.rotations * (p->rotate_every_s + p->grace_s + 2 * 86400) * 2000;
}

static void end_faults(struct sim *s) {
  s->faults = false;
  s->rights = SHOWN_NONE;
  s->iam_down_ms = s->logs_down_ms = s->store_down_ms = s->complaining_ms = s->endpoint_open_ms = 0;
  s->hiding_ms = 0;
  s->faults_end_ms = s->now_ms;
  // No rotation comes due any more, those under way end.
  s->p.policy.rotate_every_s = s->p.policy.max_age_s = 4000 * (int64_t)86400;
  s->p.policy.on_still_used = POLICY_STILL_USED_STOP;
  sim_note(s, "the faults stop");
  procs_kill(s);
}

static void run_until(struct sim *s, int64_t until_ms) {
  while (!s->over && s->n_queue > 0 && s->queue[0].at_ms <= until_ms)
    sim_step(s);
  if (!s->over)
    s->now_ms = until_ms;
}

static void rotate(struct sim *s) {
  int64_t end = s->now_ms + longest_run_ms(s);
  while (!s->over && s->rotations < s->p.rotations && s->now_ms < end && s->n_procs < SIM_PROCS / 4)
    if (!sim_step(s))
      break;
}

// Every host says so by then, with the time that a process takes.
static void check_said(struct sim *s, int64_t within_ms, enum working wanted, const char *what) {
  run_until(s, s->now_ms + within_ms + s->p.timer_ms + 5 * MINUTE_MS);
  for (unsigned h = 0; h < (s->one_host ? 1 : s->p.hosts) && !s->over; h++)
    if (s->said[h] != wanted)
      sim_violate(s, "S8", "%s: host %u does not say so within %lld h", what, h,
                  (long long)((within_ms + s->p.timer_ms) / HOUR_MS));
}

// At rest, with no fault left, nothing but a probe shows that the Sender is gone, or given back.
static void lose_sender(struct sim *s) {
  int64_t probe_ms = s->p.policy.probe_every_s * 1000, look_ms = s->p.policy.look_every_s * 1000;
  if (probe_ms == 0)
    return;
  rights_take(s, rng_chance(&s->rng, 5000) ? SHOWN_NO_SENDER : SHOWN_NO_INSTANCE);
  check_said(s, probe_ms + look_ms, WORKING_NO, "a lost Sender");
  rights_take(s, SHOWN_NONE);
  // Without an instance it is the right to manage that was gone, and a process that goes on asking
  // for that may have run ahead, by all its ticks.
  int64_t ahead_ms = s->p.own_alone ? 6 * (int64_t)HOUR_MS : 0;
  check_said(s, look_ms + ahead_ms, WORKING_YES, "a Sender given back");
}

// Requests under way land for some days; then it must come to rest, and stay so for a day.
static void come_to_rest(struct sim *s) {
  char why[128] = "";
  int64_t from = s->now_ms;
  run_until(s, from + 3 * DAY_MS);
  for (int day = 4; !s->over && day < 40; day++) {
    run_until(s, from + day * DAY_MS);
    if (check_end(s, why, sizeof why)) {
      lose_sender(s);
      return;
    }
  }
  if (!s->over)
    sim_violate(s, "L1", "weeks after the faults stopped: %s; last tick: row %s, why %s, phase %s",
                why, row_name(s->last.row), why_name(s->last.why), phase_name(s->state.phase));
}

bool sim_run(struct sim *s, uint64_t seed, const char *scenario) {
  if (!begin(s, seed, scenario)) {
    snprintf(s->violation, sizeof s->violation, "no such scenario; there are:%s", scenario_names());
    return false;
  }
  s->totals->runs++;
  sim_note(s, "seed %llu, scenario %s, %u hosts, %u sinks, origin %s", (unsigned long long)seed,
           s->p.scenario, s->p.hosts, s->p.sinks,
           s->p.policy.origin == POLICY_ORIGIN_IAM ? "iam" : "rotator");
  hosts_begin(s);
  person_begin(s);
  hands_begin(s);
  consumers_begin(s);
  rotate(s);
  if (!s->over) {
    end_faults(s);
    come_to_rest(s);
  }
  s->over = true;
  procs_kill(s);
  sim_forget(s);
  stores_close(s);
  state_clear(&s->state);
  return !s->violated;
}

void sim_end(struct sim *s) {
  free(s->queue);
  co_drop_stacks();
  decoded_forget();
}
