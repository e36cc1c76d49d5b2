// What several settings of a target say together: defaults that depend on other settings, and
// contradictions.
//
// A contradiction within `defaults` is told there, once; in a target only if the target says one of
// the two itself.
#include <string.h>

#include "rotator/base/text_time.h"
#include "rotator/config/internal.h"
#include "rotator/config/window.h"
#include "rotator/engine/policy.h"

#define HOUR 3600
#define DAY (24 * HOUR)

static bool is_base(const struct config_loader *l, const struct config_target *t) {
  return t == &l->base;
}

// Where this place gives the option, or NULL.
static const yaml_mark_t *own(const struct config_slots *s, const char *name) {
  return config_slot_mark(s, name);
}

// Does this place, or `defaults`, give it?
static bool given(const struct config_loader *l, const struct config_slots *s, const char *name) {
  const struct config_option *o = config_option_find(name, CONFIG_DEFAULTS);
  return own(s, name) || (o && l->base_given[o - config_options]);
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}
static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

// Told at whichever of the two stands here; nothing if neither does.
static void tell_pair(struct config_loader *l, const struct config_slots *s,
                      const char *const names[2], const int64_t values[2]) {
  const yaml_mark_t *at = own(s, names[0]) ? own(s, names[0]) : own(s, names[1]);
  char small[32], large[32];
  text_format_duration(large, sizeof large, values[0]);
  text_format_duration(small, sizeof small, values[1]);
  if (at)
    config_wrong(l, at, NULL, "%s (%s) is longer than %s (%s)", names[0], large, names[1], small);
}

static void settle_jitter(struct config_loader *l, struct policy *p, const struct config_slots *s) {
  if (!given(l, s, "rotate_jitter"))
    p->rotate_jitter_s = smaller(3 * DAY, p->rotate_every_s / 10);
  if (p->rotate_jitter_s > p->rotate_every_s)
    tell_pair(l, s, (const char *const[]){"rotate_jitter", "rotate_every"},
              (const int64_t[]){p->rotate_jitter_s, p->rotate_every_s});
}

static void settle_reload(struct config_loader *l, struct policy *p, const struct config_slots *s) {
  // With grace 0 nobody is waited for.
  if (!given(l, s, "reload_within") || p->grace_s == 0)
    p->reload_within_s =
        smaller(given(l, s, "reload_within") ? p->reload_within_s : 2 * HOUR, p->grace_s);
  if (p->reload_within_s > p->grace_s)
    tell_pair(l, s, (const char *const[]){"reload_within", "grace"},
              (const int64_t[]){p->reload_within_s, p->grace_s});
}

// A consumer exchanges its key when its token ends: sooner, use shows nothing.
static void check_token_life(struct config_loader *l, const struct policy *p,
                             const struct config_slots *s) {
  char wait[32];
  bool reload = p->grace_s >= POLICY_TOKEN_LIFE_S;
  const yaml_mark_t *at = own(s, reload ? "reload_within" : "grace");
  int64_t wait_s = reload ? p->reload_within_s : p->grace_s;
  if (!at || p->grace_s == 0 || wait_s >= POLICY_TOKEN_LIFE_S)
    return;
  text_format_duration(wait, sizeof wait, wait_s);
  config_warn(l, at, NULL,
              "%s (%s) is shorter than a token lives (1h): a consumer exchanges its key only when "
              "its token ends, so that nothing shows by then whether it still holds the old one",
              reload ? "reload_within" : "grace", wait);
}

static void settle_probe(struct config_loader *l, const struct policy *p,
                         const struct config_slots *s) {
  const yaml_mark_t *at = own(s, "probe_every");
  if (at && p->probe_every_s > 0 && p->probe_every_s < 60)
    config_wrong(l, at, NULL, "probe_every is 0 (never) or at least 1m");
}

static void settle_max_age(struct config_loader *l, struct policy *p,
                           const struct config_slots *s) {
  char wait[32], age[32];
  if (!given(l, s, "max_age"))
    p->max_age_s = larger(90 * DAY, 3 * p->rotate_every_s);
  int64_t latest_s = p->rotate_every_s + window_longest_gap_s(&p->window);
  const yaml_mark_t *at = own(s, "max_age");
  at = at ? at : own(s, "rotate_every");
  at = at ? at : own(s, "window");
  if (p->max_age_s > latest_s || !at)
    return;
  text_format_duration(wait, sizeof wait, latest_s);
  text_format_duration(age, sizeof age, p->max_age_s);
  config_warn(l, at, NULL,
              "max_age (%s) is not longer than rotate_every and the longest time for which the "
              "window is shut "
              "(together %s): each key will ask for attention",
              age, wait);
}

static void check_length(struct config_loader *l, const struct policy *p,
                         const struct config_slots *s) {
  const yaml_mark_t *at = own(s, "rotate_every");
  char whole[32];
  at = at ? at : own(s, "grace");
  at = at ? at : own(s, "quarantine");
  if (!at || p->rotate_every_s >= p->grace_s + p->quarantine_s)
    return;
  text_format_duration(whole, sizeof whole, p->grace_s + p->quarantine_s);
  config_warn(l, at, NULL,
              "rotate_every is shorter than one rotation takes (grace and quarantine, together "
              "%s); it will "
              "wait for the one before",
              whole);
}

static void settle_hook(struct config_loader *l, struct config_target *t,
                        const struct config_slots *s) {
  const yaml_mark_t *at = own(s, "after_publish.run");
  struct config_hook *h = &t->after_publish;
  if (at)
    h->line = h->argv ? (int)at->line + 1 : 0;
  if (at && h->argv && l->changers[0])
    config_wrong(l, at, NULL, "after_publish.run: %s must not name a program to run", l->changers);
  if (!h->argv && (at = own(s, "after_publish.timeout")) && !is_base(l, t))
    config_warn(l, at, NULL, "after_publish.timeout without after_publish.run has no effect");
}

void config_policy_settle(struct config_loader *l, struct config_target *t,
                          const struct config_slots *s) {
  struct policy *p = &t->policy;
  settle_jitter(l, p, s);
  settle_probe(l, p, s);
  settle_reload(l, p, s);
  check_token_life(l, p, s);
  settle_max_age(l, p, s);
  check_length(l, p, s);
  settle_hook(l, t, s);
}
