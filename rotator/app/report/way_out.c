#include "rotator/app/report/way_out.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/identity.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/base/text.h"

void way_out_unlock(const struct managed *m, const char *key_id, const char *then, char *dst,
                    size_t cap) {
  const char *joint = then ? " && " : "";
  // A key of a service ID is named together with it; a user's key stands for itself.
  if (text_starts(m->iam_id, "iam-ServiceId-"))
    snprintf(dst, cap, "ibmcloud iam service-api-key-unlock %s %s --force%s%s", key_id,
             m->iam_id + strlen("iam-"), joint, then ? then : "");
  else
    snprintf(dst, cap, "ibmcloud iam api-key-unlock %s --force%s%s", key_id, joint,
             then ? then : "");
}

static void command(const struct app *a, const struct managed *m, const char *text,
                    struct way_out *ret) {
  report_next(a, text, m->target.name, ret->next, sizeof ret->next);
}

static void for_reason(const struct app *a, const struct managed *m, enum why why,
                       struct way_out *ret) {
  const struct why_words *words = why_words(why);
  command(a, m, words->next ? words->next : "run", ret);
  ret->person = words->person;
}

static bool is_locked(enum why why) {
  return why == WHY_previous_locked || why == WHY_pending_locked || why == WHY_stray_locked;
}

static void unlock(const struct app *a, const struct managed *m, const struct tick_result *r,
                   struct way_out *ret) {
  char run[700];
  report_next(a, "run", m->target.name, run, sizeof run);
  way_out_unlock(m, m->seen.key_id[0] ? m->seen.key_id : r->previous_id, run, ret->next,
                 sizeof ret->next);
  ret->person = "decide: somebody locked the key on purpose; is that reason over?";
}

// The sender's right is granted by one command; what the management identity lacks, by several.
// `then` shows that it helped.
static void grant(const struct app *a, const struct managed *m, bool sender, const char *then,
                  struct way_out *ret) {
  char run[700];
  report_next(a, then, m->target.name, run, sizeof run);
  if (sender && !m->config->own_key && (!m->config->user || m->iam_id[0])) {
    identity_grant_command(m, ret->next, sizeof ret->next);
    size_t n = strlen(ret->next);
    snprintf(ret->next + n, sizeof ret->next - n, " && %s", run);
  } else {
    command(a, m, "init --print-policy", ret);
  }
  ret->person = NULL; // the hint says who lacks what
}

// Consumers lack a key that works: what ends the cause.
static void end_cause(const struct app *a, const struct managed *m, enum cause cause,
                      struct way_out *ret) {
  bool first = m->seen.no_state && cause == CAUSE_empty; // then a run does not help
  command(a, m, first ? "init" : cause_next(cause), ret);
  if (cause == CAUSE_sender_missing)
    grant(a, m, true, "verify", ret);
  if (cause == CAUSE_identity_gone)
    ret->person = "decide: which service ID is to send from now on? Name it in the configuration";
  if (cause == CAUSE_instance_gone)
    ret->person = "decide: bring the instance back, or name another one in the configuration";
}

void way_out_for_consumers(const struct app *a, const struct managed *m, struct way_out *ret) {
  *ret = (struct way_out){.person = NULL};
  end_cause(a, m, m->seen.verdict.cause, ret);
}

void way_out_of(const struct app *a, const struct managed *m, const struct tick_result *r,
                struct way_out *ret) {
  const struct error *e =
      r->error.kind == ERR_OK && m->seen.dropped != ROW_COUNT ? &m->seen.dropped_error : &r->error;
  char hint[REPORT_HINT_MAX];
  *ret = (struct way_out){.person = NULL};
  if (r->end == TICK_BUSY) {
    command(a, m, "status", ret);
  } else if (r->end == TICK_STOPPED) {
    command(a, m, "run", ret);
  } else if (is_locked(r->why)) {
    unlock(a, m, r, ret);
  } else if (!report_is_of_store(r->why) &&
             report_rights(m, report_row_of_rights(r), e, hint, sizeof hint)) {
    bool profile = report_profile(m, e, hint, sizeof hint);
    grant(a, m, !profile && report_is_of_proof(m, report_row_of_rights(r)), "run", ret);
  } else if (report_asks_for_key(r)) {
    end_cause(a, m, r->verdict.cause, ret);
  } else if (r->end == TICK_FAILED) {
    command(a, m, "check", ret);
  } else if (r->why == WHY_none) {
    command(a, m, "run", ret);
    ret->person = "mend what was refused; the next run goes on from there";
  } else {
    for_reason(a, m, r->why, ret);
    if (r->error.kind == ERR_THROTTLED)
      ret->person = "nothing is to be mended: too much was asked in too short a time; the next run "
                    "goes on by itself";
  }
}

void way_out_after(const struct app *a, const struct managed *m, const struct tick_result *r,
                   const struct outcome *o, struct way_out *ret) {
  way_out_of(a, m, r, ret);
  if (o->watch.text[0]) {
    text_copy(ret->next, sizeof ret->next, o->watch.next);
    ret->person = NULL;
  }
  if (m->seen.next)
    report_next(a, m->seen.next, m->target.name, ret->next, sizeof ret->next);
}
