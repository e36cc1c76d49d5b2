// From the end of a tick to what a person reads and to the object in the JSON answer.
#include <stdio.h>
#include <string.h>

#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/report.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

static const char *end_name(enum tick_end end) {
  static const char *const names[] = {
      [TICK_REST] = "rest", [TICK_WAIT] = "wait",       [TICK_ATTENTION] = "attention",
      [TICK_BUSY] = "busy", [TICK_STOPPED] = "stopped", [TICK_FAILED] = "failed",
  };
  return (unsigned)end < sizeof names / sizeof *names ? names[end] : "failed";
}

// The clause for what happened: the reason's words, or, where an effect was refused for good, the
// act's own.
static void clause(const struct managed *m, const struct tick_result *r, const struct outcome *o,
                   char *dst, size_t cap) {
  const char *sink = m->seen.sink;
  bool named = sink[0] && (r->why == WHY_sink_silent || r->why == WHY_sink_refused ||
                           r->why == WHY_sink_foreign || r->why == WHY_sink_drift ||
                           r->why == WHY_sink_corrupt || r->why == WHY_sink_moved ||
                           r->why == WHY_sink_rewritten || r->why == WHY_moved_often);
  if (o->watch.text[0])
    text_copy(dst, cap, o->watch.text);
  else if (r->end == TICK_BUSY)
    text_copy(dst, cap, "another run works on this target now");
  else if (r->end == TICK_STOPPED)
    text_copy(dst, cap, "stopped before the end, as asked; running again goes on from here");
  else if (m->seen.dropped != ROW_COUNT && r->why == WHY_failures)
    snprintf(dst, cap, "%s (%s)", why_words(r->why)->text, row_words(m->seen.dropped)->done);
  else if (outcome_is_refusal(r))
    text_copy(dst, cap, r->why == WHY_iam_silent ? "IAM refused" : "the store refused");
  else if (r->why == WHY_none && r->error.kind != ERR_OK)
    snprintf(dst, cap, "%s failed", row_words(r->row)->doing);
  else
    snprintf(dst, cap, "%s%s%s%s", why_words(r->why)->text, named ? " (" : "", named ? sink : "",
             named ? ")" : "");
}

static void describe(cJSON *x, const struct managed *m, const struct tick_result *r,
                     const struct outcome *o, const struct way_out *out) {
  char until[32], text[800];
  cJSON_AddStringToObject(x, "end", end_name(r->end));
  answer_add_text(x, "phase", r->phase < PHASE_COUNT ? phase_name(r->phase) : "");
  bool decided = r->end != TICK_FAILED && r->end != TICK_BUSY && r->end != TICK_STOPPED;
  clause(m, r, o, text, sizeof text);
  answer_add_text(x, "row", decided ? row_name(r->row) : "");
  answer_add_text(x, "why", decided ? why_name(r->why) : "");
  cJSON_AddStringToObject(x, "text", r->end == TICK_FAILED ? r->error.text : text);
  answer_add_identity(x, m);
  answer_add_consumers(x, m);
  cJSON_AddBoolToObject(x, "changed", m->seen.acted);
  answer_add_text(x, "current", r->current_id);
  answer_add_text(x, "previous", r->previous_id);
  json_add_u64_text(x, "generation", r->generation);
  json_add_u64_text(x, "epoch", r->epoch);
  text_format_time(until, sizeof until, m->seen.until_s);
  answer_add_text(x, "until", m->seen.until_s > 0 ? until : "");
  answer_add_error(x, &r->error);
  if (m->seen.asks)
    cJSON_AddBoolToObject(x, "asked_for", m->seen.asked);
  answer_add_text(x, "person", out && out->person ? out->person : "");
  answer_add_end(x, o->exit, out ? out->next : "");
}

static void answer(struct app *a, const struct managed *m, const struct tick_result *r,
                   const struct outcome *o, const struct way_out *out) {
  cJSON *x = answer_target(a, m->target.name);
  if (x)
    describe(x, m, r, o, out);
}

// A tick that never came to a row, or was stopped in between, has none to name.
static const char *step_name(const struct tick_result *r) {
  if (r->end == TICK_STOPPED)
    return "stop";
  if (r->end == TICK_BUSY)
    return "lock";
  return r->end == TICK_FAILED && r->row == ROW_unreadable ? "start" : row_name(r->row);
}

static void print_error(struct app *a, const struct managed *m, const struct tick_result *r,
                        const struct outcome *o, const struct way_out *out) {
  char text[800], hint[WAY_OUT_HINT_MAX];
  const struct error *e = &r->error;
  if (e->kind == ERR_OK && m->seen.dropped != ROW_COUNT)
    e = &m->seen.dropped_error;
  clause(m, r, o, text, sizeof text);
  bool rights = !way_out_is_of_store(r->why) &&
                way_out_rights(m, way_out_row_of_rights(r), e, hint, sizeof hint);
  struct trouble t = {.target = m->target.name,
                      .working = r->working,
                      .verdict = &r->verdict,
                      .step = o->watch.text[0] ? "restart" : step_name(r),
                      .text = r->end == TICK_FAILED ? NULL : text,
                      .error = e,
                      .hint = rights ? hint : out->person,
                      .note = m->seen.note,
                      .next = out->next};
  report_trouble(a, &t);
}

void report_describe(struct app *a, struct managed *m, const struct tick_result *r,
                     const struct outcome *o, cJSON *x) {
  struct way_out out;
  way_out_after(a, m, r, o, &out);
  describe(x, m, r, o, o->silent ? NULL : &out);
}

void report_result(struct app *a, struct managed *m, const struct tick_result *r,
                   const struct outcome *o) {
  struct way_out out;
  way_out_after(a, m, r, o, &out);
  answer(a, m, r, o, o->silent ? NULL : &out);
  if (!o->silent)
    print_error(a, m, r, o, &out);
  else if (o->fault)
    log_line(LOG_LEVEL_NOTICE, m->target.name, row_name(r->row), "%s: %s", why_words(r->why)->text,
             r->error.text);
}

// Consumers without a key come before what the command failed with.
static bool is_of_cause(const struct managed *m, const struct tick_result *r,
                        const struct error *e) {
  return !m->seen.next && r->working == WORKING_NO &&
         !(e->kind == ERR_MISSING && !r->current_id[0]);
}

static const char *next_after_failure(const struct managed *m, const struct tick_result *r,
                                      const struct error *e) {
  char hint[WAY_OUT_HINT_MAX];
  if (m->seen.next)
    return m->seen.next;
  if (r->end == TICK_BUSY)
    return "status";
  if (e->kind == ERR_MISSING && !r->current_id[0])
    return "init";
  if (way_out_rights(m, ROW_COUNT, e, hint, sizeof hint))
    return "init --print-policy";
  return e->kind == ERR_REFUSED ? "status" : "check";
}

void report_stand_by(const struct managed *m, struct tick_result *r) {
  if (m->seen.observed) {
    r->verdict = m->seen.verdict;
    r->working = verdict_working(&r->verdict);
  }
  text_copy(r->current_id, sizeof r->current_id, m->seen.current_id);
}

// What there is to say of a target that could not be read.
static void describe_failure(struct app *a, struct managed *m, const struct error *e,
                             struct tick_result *r, struct way_out *ret) {
  *r = tick_result(NULL, NULL, e);
  *ret = (struct way_out){.person = NULL};
  if (e->kind == ERR_BUSY)
    r->end = TICK_BUSY;
  report_stand_by(m, r);
  if (is_of_cause(m, r, e))
    way_out_for_consumers(a, m, ret);
  else
    report_next(a, next_after_failure(m, r, e), m->target.name, ret->next, sizeof ret->next);
}

void report_failure_next(struct app *a, struct managed *m, const struct error *e, char *dst,
                         size_t cap) {
  struct tick_result r;
  struct way_out out;
  describe_failure(a, m, e, &r, &out);
  text_copy(dst, cap, out.next);
}

int report_failure(struct app *a, struct managed *m, const char *step, const struct error *e) {
  struct tick_result r;
  struct outcome o;
  struct way_out out;
  char hint[WAY_OUT_HINT_MAX];
  describe_failure(a, m, e, &r, &out);
  outcome_of(&r, GOAL_MISSED, 0, 0, 0, &o);
  answer(a, m, &r, &o, &out);
  bool rights = way_out_rights(m, ROW_COUNT, e, hint, sizeof hint);
  struct trouble t = {.target = m->target.name,
                      .working = r.working,
                      .verdict = &r.verdict,
                      .step = step,
                      .error = e,
                      .hint = rights ? hint : NULL,
                      .note = m->seen.note,
                      .next = out.next};
  report_trouble(a, &t);
  return o.exit;
}
