// What kind of world a seed makes. Each named scenario bends a common draw; `any` draws the
// scenario too.
#include <stdio.h>
#include <string.h>

#include "tests/protocol/sim.h"

static unsigned some(struct rng *r, unsigned most) {
  return (unsigned)rng_below(r, most + 1);
}

static void draw_policy(struct sim *s) {
  struct rng *r = &s->rng;
  struct policy *p = &s->p.policy;
  static const int64_t graces[] = {0, 3600, 86400, 86400};
  *p = POLICY_DEFAULT;
  p->grace_s = graces[rng_below(r, 4)];
  p->reload_within_s = p->grace_s / (1 + some(r, 3));
  p->quarantine_s = rng_chance(r, 3000) ? 0 : 3900;
  p->rotate_every_s = p->grace_s + 6 * 3600 + (int64_t)some(r, 86400);
  p->rotate_jitter_s = rng_chance(r, 5000) ? 3600 : 0;
  p->look_every_s = 3600 * (1 + (int64_t)some(r, 11));
  static const int64_t probes[] = {0, 3600, 6 * 3600};
  p->probe_every_s = probes[rng_below(r, 3)];
  p->proof_count = 2 + some(r, 1);
  p->proof_span_s = rng_chance(r, 3000) ? 0 : 10;
  p->on_still_used = rng_chance(r, 5000) ? POLICY_STILL_USED_STOP : POLICY_STILL_USED_CONTINUE;
  p->still_used_limit_s = 7200;
  p->origin = rng_chance(r, 2500) ? POLICY_ORIGIN_IAM : POLICY_ORIGIN_ROTATOR;
  s->p.reload_ms = p->reload_within_s > 0 ? p->reload_within_s * 1000 : 4 * HOUR_MS;
  s->p.timer_ms = rng_between(r, 2, 9) * HOUR_MS;
}

static void draw_stores(struct sim *s) {
  struct rng *r = &s->rng;
  bool all_a = rng_chance(r, 6500);
  s->p.sinks = 1 + some(r, SIM_SINKS - 1);
  s->p.home_class = all_a ? STORE_CLASS_A : (enum store_class)rng_below(r, 3);
  for (int i = 0; i < SIM_SINKS; i++)
    s->p.sink_class[i] = all_a ? STORE_CLASS_A : (enum store_class)rng_below(r, 3);
  s->p.stale_home = s->p.home_class == STORE_CLASS_A && rng_chance(r, 4000);
  s->p.stale = s->p.stale_home ? 200 + some(r, 1500) : 0;
}

static void draw_faults(struct sim *s) {
  struct rng *r = &s->rng;
  struct params *p = &s->p;
  unsigned level = 1 + some(r, 3); // 1 … 4
  p->crash = some(r, 40 * level);
  p->pause = some(r, 30 * level);
  p->slow = some(r, 400 * level);
  p->stop = some(r, 8 * level);
  p->unsent = some(r, 60 * level);
  p->throttled = some(r, 60 * level);
  p->lost = some(r, 150 * level);
  p->late = some(r, 150 * level);
  p->twice = some(r, 200 * level);
  p->outage = some(r, 30 * level);
  p->list_lag_ms = (int64_t)some(r, 9000);
  p->token_lag_ms = (int64_t)some(r, 9000);
  if (rng_chance(r, 2000)) // slower than its propagation budget, now and then
    p->token_lag_ms = rng_chance(r, 5000) ? 40 * 1000 : 150 * 1000;
}

static void draw_common(struct sim *s) {
  struct rng *r = &s->rng;
  struct params *p = &s->p;
  *p = (struct params){.scenario = "base", .rotations = 4 + some(r, 8)};
  p->hosts = 1 + some(r, SIM_HOSTS - 1);
  p->several_ticks = rng_chance(r, 3000);
  p->has_hook = rng_chance(r, 4000);
  p->first_key = rng_chance(r, 2500);
  p->other_lineage = !p->first_key && rng_chance(r, 1000);
  p->tight_limit = rng_chance(r, 5000);
  draw_policy(s);
  draw_stores(s);
  draw_faults(s);
  if (rng_chance(r, 5000))
    p->wishes_per_100d = 50 + some(r, 300);
  if (rng_chance(r, 5000))
    p->looks_per_100d = 50 + some(r, 300);
}

// ---- the named ones ----

static void calm(struct sim *s) {
  struct params *p = &s->p;
  p->crash = p->pause = p->slow = p->stop = p->unsent = p->throttled = p->lost = p->late =
      p->twice = p->stale = 0;
  p->outage = p->wishes_per_100d = p->looks_per_100d = 0;
}
static void base(struct sim *s) {
  (void)s;
}
static void wishes(struct sim *s) {
  s->p.wishes_per_100d = 300 + some(&s->rng, 600);
  s->p.eager_wishes = true;
}
static void hands(struct sim *s) {
  s->p.hands_per_100d = 30 + some(&s->rng, 120);
  s->p.rights_per_100d = some(&s->rng, 120);
  s->p.eager_hands = rng_chance(&s->rng, 5000);
  s->p.eager_wishes = rng_chance(&s->rng, 5000);
}
static void edits(struct sim *s) {
  s->p.edits_per_100d = 30 + some(&s->rng, 200);
  s->p.eager_edits = rng_chance(&s->rng, 5000);
}
static void config(struct sim *s) {
  s->p.sinks = 2 + some(&s->rng, 1);
  s->p.config_per_100d = 20 + some(&s->rng, 60);
}
static void strangers(struct sim *s) {
  s->p.policy.origin = POLICY_ORIGIN_ROTATOR;
  s->p.strangers = true;
  s->p.hidden_values = rng_chance(&s->rng, 3000);
}
static void stale(struct sim *s) {
  s->p.home_class = STORE_CLASS_A;
  s->p.stale_home = true;
  s->p.stale = 1000 + some(&s->rng, 2500);
  s->p.wishes_per_100d = 200 + some(&s->rng, 600);
  s->p.eager_wishes = true;
  if (rng_chance(&s->rng,
                 5000)) { // what an old reading makes of a sink that was emptied or put back
    s->p.stale = 3000 + some(&s->rng, 3000);
    s->p.edits_per_100d = 100 + some(&s->rng, 400);
    s->p.eager_edits = true;
  }
}
static void ignored(struct sim *s) {
  s->p.disabled_ignored = true;
}
static void local(struct sim *s) {
  for (int i = 0; i < SIM_SINKS; i++)
    s->p.sink_class[i] = rng_chance(&s->rng, 5000) ? STORE_CLASS_B : STORE_CLASS_C;
  s->p.home_class = rng_chance(&s->rng, 5000) ? STORE_CLASS_B : STORE_CLASS_C;
  s->p.stale_home = false;
  s->p.eager_wishes = rng_chance(&s->rng, 5000);
}
static void origin_iam(struct sim *s) {
  s->p.policy.origin = POLICY_ORIGIN_IAM;
}
static void first(struct sim *s) {
  s->p.first_key = true;
  s->p.other_lineage = false;
}
// Rotators that meet: paused again and again between reading and acting, with rollbacks in between.
static void races(struct sim *s) {
  s->p.hosts = 2 + some(&s->rng, 1);
  for (int i = 0; i < SIM_SINKS; i++)
    s->p.sink_class[i] = STORE_CLASS_A;
  s->p.home_class = STORE_CLASS_A;
  s->p.pause = 200 + some(&s->rng, 400);
  s->p.slow = 2000;
  s->p.crash = some(&s->rng, 30);
  s->p.timer_ms = 2 * HOUR_MS;
  s->p.wishes_per_100d = 300 + some(&s->rng, 900);
  s->p.eager_wishes = true;
  if (rng_chance(&s->rng, 6000))
    s->p.policy.grace_s = s->p.policy.reload_within_s = s->p.policy.quarantine_s = 0;
}
// Graces that a person ends, and sinks that are edited around that.
static void endings(struct sim *s) {
  s->p.policy.grace_s = 86400;
  s->p.policy.reload_within_s = 3600;
  s->p.wishes_per_100d = 100 + some(&s->rng, 200);
  s->p.edits_per_100d = 100 + some(&s->rng, 200);
  s->p.eager_wishes = s->p.eager_edits = s->p.eager_retire = true;
}
// Files in /etc: linked each night by a backup, written anew as they are by a configuration tool,
// and now and then with the old key for a while.
static void files(struct sim *s) {
  local(s);
  s->p.policy.grace_s = 86400;
  s->p.policy.reload_within_s = 3600 * (1 + (int64_t)some(&s->rng, 3));
  s->p.timer_ms = HOUR_MS * (1 + some(&s->rng, 3));
  s->p.snapshot_ms = rng_between(&s->rng, 2 * HOUR_MS, 23 * HOUR_MS);
  s->p.restore_ms = rng_chance(&s->rng, 4000) ? rng_between(&s->rng, 20 * MINUTE_MS, DAY_MS) : 0;
  s->p.flips_per_100d = 200 + some(&s->rng, 1000);
}
// The brake: one consumer exchanges every few hours and reads its sink when it is started, or is
// gone; the others, if any, move over in time. One host, so that all exchanges of ours are known.
static void brake(struct sim *s) {
  calm(s);
  s->p.hosts = 1;
  s->p.crash = some(&s->rng, 40);
  s->p.unsent = some(&s->rng, 200);
  s->p.outage = some(&s->rng, 60);
  s->p.policy.grace_s = 86400;
  s->p.policy.reload_within_s = 3600 * (1 + (int64_t)some(&s->rng, 1));
  s->p.policy.rotate_every_s = 2 * 86400;
  s->p.policy.on_still_used = POLICY_STILL_USED_STOP;
  s->p.policy.still_used_limit_s = 0;
  s->p.reload_ms = s->p.policy.reload_within_s * 1000;
  s->p.timer_ms = HOUR_MS * (1 + some(&s->rng, 1));
  s->p.rare_ms = rng_between(&s->rng, HOUR_MS, 8 * HOUR_MS);
}
// The service ID is in a group, and its lists are asked for without it: they are empty. So is what
// is left of an earlier state, while there is none.
static void groups(struct sim *s) {
  s->p.other_lineage = false;
  s->p.tight_limit = true; // the count of keys is told: it is all there is before the first key
  s->p.hides = 1000 + some(&s->rng, 5000);
  s->p.earlier_state = rng_chance(&s->rng, 7000);
  s->hiding_ms = s->now_ms + rng_between(&s->rng, 0, 2 * DAY_MS);
}
// The key of the target is the rotators' own: what they are authenticated with is what they read in
// the first sink, or in what follows it.
static void self(struct sim *s) {
  struct params *p = &s->p;
  p->first_key = p->other_lineage = false;
  p->own = (enum own)(OWN_PLACE + some(&s->rng, 2));
  p->own_lag_ms = rng_between(&s->rng, 1000, rng_chance(&s->rng, 5000) ? 40 * 1000 : 30 * HOUR_MS);
  p->own_alone = rng_chance(&s->rng, 5000);
  p->own_unsaid = rng_chance(&s->rng, 2000);
  p->several_ticks = rng_chance(&s->rng, 5000);
  if (rng_chance(&s->rng, 5000)) {
    p->wishes_per_100d = 200 + some(&s->rng, 600);
    p->eager_wishes = true;
  }
  if (!p->own_unsaid && rng_chance(&s->rng, 4000)) {
    p->hands_per_100d = 20 + some(&s->rng, 80);
    p->eager_hands = rng_chance(&s->rng, 5000);
  }
  if (!p->own_unsaid && rng_chance(&s->rng, 4000)) {
    p->edits_per_100d = 20 + some(&s->rng, 120);
    p->eager_edits = rng_chance(&s->rng, 5000);
  }
  if (rng_chance(&s->rng, 3000))
    p->rights_per_100d = 20 + some(&s->rng, 60);
}
// A new key's test log is looked for; some are lost. In half of the worlds it must be found.
static void arrival(struct sim *s) {
  struct policy *p = &s->p.policy;
  p->arrival_within_s = 60 + (int64_t)some(&s->rng, 540);
  p->arrival_required = rng_chance(&s->rng, 5000);
  s->p.wishes_per_100d = some(&s->rng, 300);
}
static void all(struct sim *s) {
  s->p.wishes_per_100d = some(&s->rng, 500);
  s->p.hands_per_100d = some(&s->rng, 60);
  s->p.edits_per_100d = some(&s->rng, 80);
  s->p.rights_per_100d = some(&s->rng, 60);
  s->p.config_per_100d = some(&s->rng, 20);
  s->p.strangers = rng_chance(&s->rng, 3000);
  s->p.eager_wishes = s->p.eager_hands = s->p.eager_edits = rng_chance(&s->rng, 5000);
}

static const struct scenario {
  const char *name;
  void (*bend)(struct sim *s);
} scenarios[] = {
    {"base", base},     {"wishes", wishes},       {"hands", hands},     {"edits", edits},
    {"config", config}, {"strangers", strangers}, {"stale", stale},     {"ignored", ignored},
    {"local", local},   {"iam", origin_iam},      {"first", first},     {"races", races},
    {"all", all},       {"calm", calm},           {"endings", endings}, {"files", files},
    {"brake", brake},   {"groups", groups},       {"self", self},       {"arrival", arrival}};
// Those that are drawn when none is named; one that came later is named, so that the worlds of the
// seeds stay what they are.
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios, DRAWN = 17 };

const char *scenario_names(void) {
  static char text[256];
  text[0] = '\0';
  for (int i = 0; i < SCENARIOS; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), " %s", scenarios[i].name);
  return text;
}

bool scenario_draw(struct sim *s, const char *name) {
  draw_common(s);
  size_t i = (size_t)rng_below(&s->rng, DRAWN);
  for (size_t j = 0; name && j <= SCENARIOS; j++) {
    if (j == SCENARIOS)
      return false;
    if (strcmp(scenarios[j].name, name) == 0) {
      i = j;
      break;
    }
  }
  s->p.scenario = scenarios[i].name;
  scenarios[i].bend(s);
  s->p.modified_stands = s->seed % 2 == 0; // no draw, so that the other facts of a seed stay
  return true;
}
