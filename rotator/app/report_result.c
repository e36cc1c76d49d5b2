// From the end of a tick to what a person reads and to the object in the JSON answer.
#include <stdio.h>
#include <string.h>

#include "rotator/app/report.h"
#include "rotator/app/report_rights.h"
#include "rotator/app/report_words.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

void report_add_error(cJSON *o, const struct error *e) {
  if (e->kind == ERR_OK) {
    cJSON_AddNullToObject(o, "error");
    return;
  }
  cJSON *x = cJSON_AddObjectToObject(o, "error");
  cJSON_AddStringToObject(x, "kind", err_name(e->kind));
  cJSON_AddStringToObject(x, "text", e->text);
  cJSON_AddNumberToObject(x, "status", e->status);
  cJSON_AddStringToObject(x, "code", e->code);
  cJSON_AddStringToObject(x, "transaction", e->trace);
}

static void add_id(cJSON *o, const char *name, const char *id) {
  if (id[0])
    cJSON_AddStringToObject(o, name, id);
  else
    cJSON_AddNullToObject(o, name);
}

static const char *end_name(enum tick_end end) {
  static const char *const names[] = {
      [TICK_REST] = "rest", [TICK_WAIT] = "wait",       [TICK_ATTENTION] = "attention",
      [TICK_BUSY] = "busy", [TICK_STOPPED] = "stopped", [TICK_FAILED] = "failed",
  };
  return (unsigned)end < sizeof names / sizeof *names ? names[end] : "failed";
}

static const char *working_name(enum working w) {
  return w == WORKING_YES ? "yes" : w == WORKING_NO ? "no" : "unknown";
}

// The clause for what happened: the reason's words, or, where an effect was refused for good, the
// act's own.
static void clause(const struct bound *b, const struct tick_result *r, char *dst, size_t cap) {
  const char *sink = b->told.sink;
  bool named = sink[0] && (r->why == WHY_sink_silent || r->why == WHY_sink_refused ||
                           r->why == WHY_sink_foreign || r->why == WHY_sink_drift);
  if (r->end == TICK_BUSY)
    text_copy(dst, cap, "another run works on this target now");
  else if (r->end == TICK_STOPPED)
    text_copy(dst, cap, "stopped before the end, as asked; running again goes on from here");
  else if (b->told.dropped != ROW_COUNT && r->why == WHY_failures)
    snprintf(dst, cap, "%s (%s)", report_why(r->why)->text, report_row(b->told.dropped)->done);
  else if (outcome_is_refusal(r))
    text_copy(dst, cap, r->why == WHY_iam_silent ? "IAM refused" : "the store refused");
  else if (r->why == WHY_none && r->error.kind != ERR_OK)
    snprintf(dst, cap, "%s failed", report_row(r->row)->doing);
  else
    snprintf(dst, cap, "%s%s%s%s", report_why(r->why)->text, named ? " (" : "", named ? sink : "",
             named ? ")" : "");
}

static void answer(struct app *a, const struct bound *b, const struct tick_result *r,
                   const struct outcome *o, const char *next) {
  char until[32], text[512];
  cJSON *x = app_answer_target(a, b->target.name);
  if (!x)
    return;
  cJSON_AddNumberToObject(x, "exit", o->exit);
  cJSON_AddStringToObject(x, "end", end_name(r->end));
  add_id(x, "phase", r->phase < PHASE_COUNT ? phase_name(r->phase) : "");
  bool decided = r->end != TICK_FAILED && r->end != TICK_BUSY && r->end != TICK_STOPPED;
  clause(b, r, text, sizeof text);
  add_id(x, "row", decided ? row_name(r->row) : "");
  add_id(x, "why", decided ? why_name(r->why) : "");
  cJSON_AddStringToObject(x, "text", r->end == TICK_FAILED ? r->error.text : text);
  cJSON_AddStringToObject(x, "working", working_name(r->working));
  cJSON_AddBoolToObject(x, "attention", r->attention || r->end == TICK_ATTENTION);
  cJSON_AddBoolToObject(x, "changed", b->told.acted);
  add_id(x, "current", r->current_id);
  add_id(x, "previous", r->previous_id);
  json_add_u64_text(x, "generation", r->generation);
  json_add_u64_text(x, "epoch", r->epoch);
  text_format_time(until, sizeof until, b->told.until_s);
  add_id(x, "until", b->told.until_s > 0 ? until : "");
  report_add_error(x, &r->error);
  add_id(x, "next", next ? next : "");
}

static const char *next_command(const struct tick_result *r) {
  if (r->end == TICK_BUSY)
    return "status";
  if (r->end == TICK_STOPPED)
    return "run";
  if (r->why == WHY_none)
    return "check";
  const char *next = report_why(r->why)->next;
  return next ? next : "status";
}

// A tick that never came to a row, or was stopped in between, has none to name.
static const char *step_name(const struct tick_result *r) {
  if (r->end == TICK_STOPPED)
    return "stop";
  if (r->end == TICK_BUSY)
    return "lock";
  return r->end == TICK_FAILED && r->row == ROW_unreadable ? "start" : row_name(r->row);
}

static void tell_error(struct app *a, const struct bound *b, const struct tick_result *r,
                       const char *next) {
  char text[400], hint[400];
  const struct error *e = &r->error;
  if (e->kind == ERR_OK && b->told.dropped != ROW_COUNT)
    e = &b->told.dropped_error;
  clause(b, r, text, sizeof text);
  // What a store refuses is no matter of IBM Cloud's rights.
  bool by_store = r->why == WHY_home_silent || r->why == WHY_sink_silent ||
                  r->why == WHY_sink_refused || r->why == WHY_sink_drift;
  bool rights = !by_store && report_rights(b, r->row, e, hint, sizeof hint);
  struct trouble t = {.target = b->target.name,
                      .working = r->working,
                      .key_id = r->current_id,
                      .step = step_name(r),
                      .text = r->end == TICK_FAILED ? NULL : text,
                      .error = e,
                      .hint = rights ? hint : NULL,
                      .next = next};
  report_trouble(a, &t);
}

void report_result(struct app *a, struct bound *b, const struct tick_result *r,
                   const struct outcome *o) {
  char next[700];
  report_next(a, next_command(r), b->target.name, next, sizeof next);
  answer(a, b, r, o, o->silent ? NULL : next);
  if (!o->silent)
    tell_error(a, b, r, next);
  else if (o->fault)
    log_line(LOG_LEVEL_NOTICE, b->target.name, row_name(r->row), "%s: %s", report_why(r->why)->text,
             r->error.text);
}

int report_failure(struct app *a, struct bound *b, const char *step, const struct error *e) {
  struct tick_result r = tick_result(NULL, NULL, e);
  struct outcome o;
  char next[700], hint[400];
  if (e->kind == ERR_LOCKED)
    r.end = TICK_BUSY;
  if (b->told.looked)
    r.working = b->told.working;
  text_copy(r.current_id, sizeof r.current_id, b->told.current_id);
  outcome_of(&r, GOAL_MISSED, 0, 0, 0, &o);
  const char *command = r.end == TICK_BUSY       ? "status"
                        : e->kind == ERR_MISSING ? "init"
                        : e->kind == ERR_REFUSED ? "status"
                                                 : "check";
  report_next(a, command, b->target.name, next, sizeof next);
  answer(a, b, &r, &o, next);
  bool rights = report_rights(b, ROW_COUNT, e, hint, sizeof hint);
  struct trouble t = {.target = b->target.name,
                      .working = r.working,
                      .key_id = r.current_id,
                      .step = step,
                      .error = e,
                      .hint = rights ? hint : NULL,
                      .next = next};
  report_trouble(a, &t);
  return o.exit;
}
