#include "rotator/app/report/way_out.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/identity.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/profile_words.h"
#include "rotator/base/text.h"

// --- rights ---

// Actions and roles: IBM Cloud's own tables of IAM Identity and Cloud Logs.
static const char *action_of(enum row row) {
  switch (row) {
  case ROW_create:
    return "iam-identity.apikey.create";
  case ROW_enable:
  case ROW_disable:
  case ROW_held:
    return "iam-identity.apikey.update";
  case ROW_delete:
  case ROW_stray:
    return "iam-identity.apikey.delete";
  default:
    return "iam-identity.apikey.list, .get";
  }
}

static bool is_about_proof(enum row row) {
  return row == ROW_promote || row == ROW_refute || row == ROW_await || row == ROW_settle ||
         row == ROW_stuck || row == ROW_swap || row == ROW_retire || row == ROW_unsure ||
         row == ROW_probe || row == ROW_rest;
}

// A refusal of the list is no matter of the row that waits for it.
enum row way_out_row_of_rights(const struct tick_result *r) {
  return r->why == WHY_iam_silent ? ROW_COUNT : r->row;
}

bool way_out_is_of_proof(const struct managed *m, enum row row) {
  bool seen_refused = row == ROW_blocked && m->seen.verdict.cause == CAUSE_sender_missing;
  return seen_refused || is_about_proof(row) || m->seen.dropped == ROW_refute;
}

bool way_out_is_of_store(enum why why) {
  return why == WHY_home_silent || why == WHY_sink_silent || why == WHY_sink_refused ||
         why == WHY_sink_drift || why == WHY_sink_corrupt;
}

bool way_out_profile(const struct managed *m, const struct error *e, char *dst, size_t cap) {
  const struct config_credential *own = &compose_config(m->compose)->management,
                                 *reader = &m->config->reader;
  bool of_reader = !profile_is_named(own, e) && profile_is_named(reader, e);
  return profile_words(of_reader ? reader : own, e, dst, cap);
}

// For keys of their own, users need no role. What may be in the way is the account's.
static void user_lacks(const struct managed *m, enum row row, const char *who, char *dst,
                       size_t cap) {
  if (row == ROW_create)
    snprintf(dst, cap,
             "the account may restrict who makes keys of users: %s needs role 'User API key "
             "creator' on IAM Identity then (rotator init --print-policy %s prints the command)",
             who, m->target.name);
  else
    snprintf(dst, cap,
             "a user needs no role for the user's own keys: is the management key one of %s, and "
             "does the account let this address in?",
             who);
}

bool way_out_rights(const struct managed *m, enum row row, const struct error *e, char *dst,
                    size_t cap) {
  // A management key that is not accepted answers 400: that is no matter of rights.
  bool proof = way_out_is_of_proof(m, row) && !m->config->own_key;
  char who[IDENTITY_WORDS_MAX], grant[IDENTITY_COMMAND_MAX];
  if (row == ROW_arrive) // of the reader, and the error says which right
    return false;
  if (way_out_profile(m, e, dst, cap))
    return true;
  if (e->status != 403 && !(proof && e->status == 401))
    return false;
  identity_words(m, who);
  if (proof) {
    identity_grant_command(m, grant, sizeof grant);
    snprintf(
        dst, cap,
        "%s may lack role Sender (logs.data-ingress.send) on instance %s; if it was granted, "
        "whoever granted it may lack Sender too (such a policy is listed and has no effect), or "
        "it was granted minutes ago. It is granted by: %s",
        who, m->config->guid, grant);
    return true;
  }
  if (m->config->user)
    user_lacks(m, row, who, dst, cap);
  else
    snprintf(dst, cap,
             "the management identity lacks %s on %s: role Operator on IAM Identity has it "
             "(rotator init --print-policy %s prints the command)",
             action_of(row), m->config->service_id, m->target.name);
  return true;
}

// --- the command ---

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

// Is there something that only a person ends, whatever becomes of the key?
static bool needs_person(const struct tick_result *r) {
  return r->attention || r->end == TICK_ATTENTION || r->end == TICK_FAILED;
}

// Do consumers lack a key, and is the cause of that what has to be ended (cause_next)?
static bool asks_for_key(const struct tick_result *r) {
  return r->why == WHY_refused || (r->working == WORKING_NO && !needs_person(r));
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
  char hint[WAY_OUT_HINT_MAX];
  *ret = (struct way_out){.person = NULL};
  if (r->end == TICK_BUSY) {
    command(a, m, "status", ret);
  } else if (r->end == TICK_STOPPED) {
    command(a, m, "run", ret);
  } else if (is_locked(r->why)) {
    unlock(a, m, r, ret);
  } else if (!way_out_is_of_store(r->why) &&
             way_out_rights(m, way_out_row_of_rights(r), e, hint, sizeof hint)) {
    bool profile = way_out_profile(m, e, hint, sizeof hint);
    grant(a, m, !profile && way_out_is_of_proof(m, way_out_row_of_rights(r)), "run", ret);
  } else if (asks_for_key(r)) {
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
