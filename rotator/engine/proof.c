// Proof of a value (PROTOCOL.md section 5): it is exchanged for tokens, each on a connection of its
// own, and each token sends a test log to the bound instance. The answer to "does it work" is one
// of three: proven, refuted, unknown; only a definite refusal while another key passes is a
// refutation, and whatever else goes wrong is unknown.
//
// A full proof may be spread over time: then each step does one exchange and says when the next one
// makes sense, so that no worker sleeps for it. What passed so far is kept in memory.h, and is
// worth something only while the state's seq and all sink versions stay what they were.
#include <stdio.h>
#include <string.h>

#include "rotator/engine/turn.h"

#define PROBE_FRESH_MS 60000 // "probed well now" is no older than this
#define CONTROL_MINUTE_MS 60000
#define VALUE_TRIES 2 // of a value that is proven by hand: a refusal counts when it is seen twice
#define CODE_DISABLED "BXNIM0462E" // IAM: the key is disabled

enum outcome { PASSED, REFUSED, UNKNOWN, STOPPED };

struct prover {
  struct turn *u;
  struct target *t;
  const struct engine_io *io;
  const char *step;
  struct error *e;
  enum cause cause;               // what the last refusal was about
  char nonce[EVIDENCE_NONCE_MAX]; // of the last test log
};

// --- one exchange and one log --------------------------------------------------------------------

static enum outcome exchange(struct prover *p, const struct secret *value, struct iam_token *ret) {
  enum err err = p->io->iam->ops->exchange(p->io->iam, value, true, ret, p->e);
  if (err == ERR_CANCELLED)
    return STOPPED;
  if (err == ERR_REFUSED) { // ERR_DENIED (an address that is not on the allow-list) is about us,
                            // not about the value
    p->cause = strcmp(p->e->code, CODE_DISABLED) == 0 ? CAUSE_disabled : CAUSE_refused;
    return REFUSED;
  }
  if (err != ERR_OK)
    return UNKNOWN;
  if (strcmp(ret->iam_id, p->t->iam_id) == 0 && strcmp(ret->account, p->t->account) == 0)
    return PASSED;
  p->cause = CAUSE_other_identity;
  error_set(p->e, ERR_REFUSED, "the value is a key of %s in account %s, not of %s", ret->iam_id,
            ret->account, p->t->iam_id);
  return REFUSED;
}

static enum logs_verdict send_log(struct prover *p, const struct secret *bearer,
                                  const struct slot *slot) {
  char rotation[64];
  if (env_random_hex(p->io->env, p->nonce, sizeof p->nonce - 1) != ERR_OK)
    return LOGS_OUTAGE;
  snprintf(rotation, sizeof rotation, "%s-%llu", p->u->state.lineage,
           (unsigned long long)p->u->state.generation);
  struct logs_record record = {.application = p->t->application,
                               .subsystem = p->t->subsystem,
                               .severity = p->t->severity,
                               .computer = p->t->host_id,
                               .rotation = rotation,
                               .key_id = slot->key_id,
                               .step = p->step,
                               .nonce = p->nonce};
  return p->io->logs->ops->send(p->io->logs, bearer, &record, false, p->e);
}

static enum outcome outcome_of(struct prover *p, enum logs_verdict v) {
  switch (v) {
  case LOGS_ACCEPTED:
    return PASSED;
  case LOGS_REFUSED:
    p->cause = CAUSE_sender_missing;
    return REFUSED;
  case LOGS_NO_INSTANCE:
    p->cause = CAUSE_instance_gone;
    return UNKNOWN;
  case LOGS_STOPPED:
    return STOPPED;
  default:
    return UNKNOWN; // a malformed log or an outage say nothing about the key
  }
}

// A key of our own serves where it can do what we do: the identity's keys are listed with it, and
// it is one of them. Where logs are sent as well, consumers have what they need, and this is about
// us alone.
static enum outcome manage(struct prover *p, const struct secret *bearer, const struct slot *slot) {
  bool shown = false;
  enum err err = own_manages(p->t, p->io, bearer, slot->key_id, &shown, p->e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    error_wrap(p->e, "management by key %s", slot->key_id);
    p->cause = CAUSE_manager_missing;
    return REFUSED;
  }
  if (err != ERR_OK)
    return err == ERR_CANCELLED ? STOPPED : UNKNOWN;
  if (shown || !slot->key_id[0]) // a value that a person asks about may be of no known key
    return PASSED;
  error_set(p->e, ERR_UNSURE, "the list of keys that %s was shown does not have it", slot->key_id);
  return UNKNOWN;
}

// What consumers of the value do with a token.
static enum outcome use(struct prover *p, const struct secret *bearer, const struct slot *slot) {
  return p->io->logs ? outcome_of(p, send_log(p, bearer, slot)) : manage(p, bearer, slot);
}

static enum outcome check_management(struct prover *p, const struct secret *wrong,
                                     const struct slot *slot) {
  bool shown;
  enum err err = own_manages(p->t, p->io, wrong, slot->key_id, &shown, p->e);
  if (err == ERR_OK)
    error_set(p->e, ERR_CORRUPT, "IAM listed keys for a forged token: it proves nothing");
  return err == ERR_DENIED ? PASSED : err == ERR_CANCELLED ? STOPPED : UNKNOWN;
}

// An endpoint that takes anything proves nothing.
static enum outcome check_endpoint(struct prover *p, const struct secret *bearer,
                                   const struct slot *slot) {
  SECRET_AUTO wrong = iam_token_changed(bearer);
  if (!wrong)
    return UNKNOWN;
  if (!p->io->logs)
    return check_management(p, wrong, slot);
  enum logs_verdict v = send_log(p, wrong, slot);
  if (v == LOGS_REFUSED)
    return PASSED;
  if (v == LOGS_ACCEPTED || v == LOGS_COMPLAINED)
    error_set(p->e, ERR_CORRUPT,
              "the ingestion endpoint took a log with a forged token: it proves nothing");
  return v == LOGS_STOPPED ? STOPPED : UNKNOWN;
}

// A process that was suspended between exchange and log showed a token that had ended: its refusal
// says nothing of the key.
static bool has_ended(const struct prover *p, const struct iam_token *token) {
  return token->expires_at_ms > 0 && env_mono_ms(p->io->env) >= token->expires_at_ms;
}

// What consumers would meet with this value (evidence.h). A refusal by IAM is believed only while
// IAM answers us, be it with a refusal. Of a pending key, which no consumer reads yet, only what
// passes is noted: it is refused until every replica knows it.
static void enter_evidence(struct prover *p, const struct slot *slot, enum outcome o) {
  const struct view *v = &p->u->view;
  struct evidence *e = turn_evidence(p->u, p->t, slot->value, slot->key_id);
  bool by_iam = p->cause != CAUSE_sender_missing && p->cause != CAUSE_instance_gone;
  bool believed = p->cause != CAUSE_none && (v->iam_answered || v->iam_refused || !by_iam);
  if (o == STOPPED)
    return;
  if (o == PASSED)
    evidence_proven(e, p->step, v->now_s);
  else if (slot == &p->u->state.slots[SLOT_PENDING])
    return;
  else if (believed)
    evidence_refused(e, p->cause, v->now_s, env_mono_ms(p->io->env),
                     p->t->policy.absence_apart_s * 1000);
  else
    evidence_unanswered(e, v->now_s);
}

// A key of another identity is none that we may go on with. What consumers meet with it is another
// matter: the instance may take its logs.
static enum outcome send_as_other(struct prover *p, const struct secret *bearer,
                                  const struct slot *slot) {
  struct error whose = *p->e;
  enum outcome o = use(p, bearer, slot);
  *p->e = whose;
  if (o == UNKNOWN)
    p->cause = CAUSE_none;
  return o;
}

static enum outcome try_once(struct prover *p, const struct slot *slot, bool *tamper_refused) {
  struct iam_token token = {0};
  p->cause = CAUSE_none;
  enum outcome o = exchange(p, slot->value, &token), met;
  bool other = p->cause == CAUSE_other_identity;
  if (o == PASSED)
    o = use(p, token.bearer, slot);
  if (o == PASSED && (p->u->verifies || slot == &p->u->state.slots[SLOT_PENDING]))
    arrival_sent(p->u, p->t, p->io, slot, p->nonce);
  if (o == PASSED && tamper_refused && !*tamper_refused) {
    o = check_endpoint(p, token.bearer, slot);
    *tamper_refused = o == PASSED && !has_ended(p, &token);
  }
  met = other ? send_as_other(p, token.bearer, slot) : o;
  if (o == PASSED && p->io->logs && p->u->view.own.is)
    o = manage(p, token.bearer, slot);
  if (met != STOPPED && has_ended(p, &token)) {
    o = met = UNKNOWN;
    p->cause = CAUSE_none;
  }
  iam_token_clear(&token);
  enter_evidence(p, slot, met);
  return met == STOPPED ? STOPPED : o;
}

// --- memory --------------------------------------------------------------------------------------

// What was known is worth nothing for another value, seq or reading of the sinks. The count of
// refutations is about the value alone.
static struct proof_memory *proof_memory(struct turn *u, struct target *t, enum slot_name slot) {
  struct proof_memory *m = &t->memory->proofs[slot];
  char print[STATE_FINGERPRINT_MAX] = "";
  const struct slot *s = &u->state.slots[slot];
  if (!s->used || !s->value || state_fingerprint(&u->state, s->value, print) != ERR_OK ||
      strcmp(m->fingerprint, print) != 0) {
    memset(m, 0, sizeof *m);
    memcpy(m->fingerprint, print, sizeof print);
  }
  if (m->seq != u->state.seq || strcmp(m->versions, u->versions) != 0) {
    m->seq = u->state.seq;
    memcpy(m->versions, u->versions, sizeof m->versions);
    m->passed = 0;
    m->tamper_refused = false;
    m->verdict = PROOF_NONE;
  }
  return m;
}

void proof_recall(struct turn *u, struct target *t, const struct engine_io *io,
                  enum slot_name slot) {
  struct proof_memory *m = proof_memory(u, t, slot);
  struct slot_view *v = &u->view.slots[slot];
  int64_t now = env_mono_ms(io->env);
  bool fresh = m->verdict == PROOF_UNKNOWN || now - m->done_ms <= PROBE_FRESH_MS;
  v->proof = fresh ? m->verdict : PROOF_NONE;
  v->refutations = m->refutations;
  v->prove_again_s = m->next_ms > now ? u->view.now_s + (m->next_ms - now + 999) / 1000 : 0;
}

static bool within_budget(struct target *t, enum slot_name slot, int64_t now_ms) {
  return slot == SLOT_PENDING && now_ms - t->memory->enabled_ms < t->policy.propagation_s * 1000;
}

// --- verdicts ------------------------------------------------------------------------------------

// The other live key, which must pass while this one is refused; else an outage looks like a bad
// key.
static bool control_passes(struct prover *p, enum slot_name slot) {
  enum slot_name control = slot == SLOT_CURRENT ? SLOT_PREVIOUS : SLOT_CURRENT;
  const struct slot *s = &p->u->state.slots[control];
  struct error why = {0};
  struct prover other = *p;
  other.e = &why;
  if (!s->used || !s->value || p->u->state.phase == PHASE_RETIRING ||
      p->u->view.slots[control].dead)
    return false;
  return try_once(&other, s, NULL) == PASSED;
}

static int64_t backoff_ms(unsigned times) {
  return 1000LL << (times > 5 ? 5 : times); // 1, 2, 4 … 32 s
}

static void unknown(struct proof_memory *m, int64_t now, const struct error *e) {
  m->verdict = PROOF_UNKNOWN;
  m->passed = 0;
  m->next_ms = now + error_wait_ms(e, backoff_ms(m->unknowns++));
}

static void refused(struct prover *p, struct proof_memory *m, enum slot_name slot) {
  int64_t before = env_mono_ms(p->io->env);
  bool control = control_passes(p, slot);
  int64_t now = env_mono_ms(p->io->env);
  if (!control || now - before > CONTROL_MINUTE_MS || within_budget(p->t, slot, now)) {
    unknown(m, now, p->e);
    // A refusal that no other key can judge counts when it is seen twice, apart.
    int64_t apart_ms = p->t->policy.absence_apart_s * 1000;
    if (slot != SLOT_PENDING && m->next_ms < now + apart_ms)
      m->next_ms = now + apart_ms;
    return;
  }
  m->passed = 0;
  m->refutations++;
  m->verdict = PROOF_REFUTED;
  m->done_ms = now;
  m->next_ms = now + backoff_ms(m->unknowns++);
}

// What the span is for has been seen already: section 5.
static bool is_spanned(const struct prover *p, const struct proof_memory *m) {
  return p->u->state.phase == PHASE_PUBLISHING &&
         passing_spans(&p->t->memory->passing, m->fingerprint, p->t->policy.proof_span_s * 1000);
}

static void passed(struct prover *p, struct proof_memory *m, enum proof_kind kind) {
  const struct policy *policy = &p->t->policy;
  int64_t now = env_mono_ms(p->io->env);
  unsigned wanted = kind == PROOF_FULL && policy->proof_count > 1 ? policy->proof_count : 1;
  m->passed++;
  m->refutations = m->unknowns = 0;
  m->next_ms = 0;
  m->done_ms = now;
  passing_enter(&p->t->memory->passing, m->fingerprint, now);
  m->verdict = kind == PROOF_FULL && m->passed >= wanted ? PROOF_PROVEN : PROOF_PROBED;
  if (m->passed < wanted && !is_spanned(p, m))
    m->next_ms = now + policy->proof_span_s * 1000 / (wanted - 1);
}

// One exchange that counts for the full proof, or is the probe.
static enum outcome exchange_once(struct prover *p, struct proof_memory *m, const struct slot *slot,
                                  enum proof_kind kind) {
  enum outcome o = try_once(p, slot, kind == PROOF_FULL ? &m->tamper_refused : NULL);
  if (o == PASSED)
    passed(p, m, kind);
  return o;
}

enum err prove_step(struct turn *u, struct target *t, const struct engine_io *io,
                    const struct action *a, struct error *e) {
  struct proof_memory *m = proof_memory(u, t, a->slot);
  struct prover p = {.u = u, .t = t, .io = io, .step = row_name(a->row), .e = e};
  bool full = a->proof == PROOF_FULL;
  enum outcome o;
  error_set(e, ERR_OK, "%s", "");
  do {
    if (env_stopping(io->env))
      return error_set(e, ERR_CANCELLED, "stopped while proving");
    o = exchange_once(&p, m, &u->state.slots[a->slot], a->proof);
  } while (o == PASSED && full && m->verdict != PROOF_PROVEN && m->next_ms <= env_mono_ms(io->env));
  if (o == STOPPED)
    return error_set(e, ERR_CANCELLED, "stopped while proving");
  if (o == PASSED)
    return ERR_OK;
  passing_end(&t->memory->passing);
  if (o == REFUSED)
    refused(&p, m, a->slot);
  else
    unknown(m, env_mono_ms(io->env), e);
  return e->kind != ERR_OK ? e->kind : ERR_UNSURE;
}

enum err prove_token(struct turn *u, struct target *t, const struct engine_io *io,
                     const struct slot *slot, struct iam_token *ret, struct error *e) {
  struct iam_token token = {0};
  struct prover p = {.u = u, .t = t, .io = io, .step = "manage", .e = e};
  error_set(e, ERR_OK, "%s", "");
  enum outcome o = exchange(&p, slot->value, &token);
  if (o == PASSED) {
    *ret = token;
    return ERR_OK;
  }
  iam_token_clear(&token);
  enter_evidence(&p, slot, o);
  return e->kind != ERR_OK ? e->kind : ERR_UNSURE;
}

enum err prove_key(struct turn *u, struct target *t, const struct engine_io *io,
                   const struct slot *slot, struct error *e) {
  struct proof_memory m = {0};
  struct error why = {0};
  struct prover p = {.u = u, .t = t, .io = io, .step = "repair", .e = &why};
  enum outcome o = PASSED;
  while (o == PASSED && m.verdict != PROOF_PROVEN) {
    int64_t left_ms = m.next_ms - env_mono_ms(io->env);
    bool stopped = left_ms > 0 && env_sleep_ms(io->env, left_ms) != ERR_OK;
    o = stopped ? STOPPED : exchange_once(&p, &m, slot, PROOF_FULL);
  }
  if (o == PASSED)
    return ERR_OK;
  if (o == STOPPED)
    return error_set(e, ERR_CANCELLED, "stopped while proving");
  if (why.kind == ERR_OK)
    error_set(&why, o == REFUSED ? ERR_REFUSED : ERR_UNSURE, "the proof of %s gave no verdict",
              slot->key_id);
  if (e)
    *e = why;
  return why.kind;
}

enum err prove_value(struct turn *u, struct target *t, const struct engine_io *io,
                     const struct slot *slot, const char *step, struct error *e) {
  struct error why = {0};
  struct prover p = {.u = u, .t = t, .io = io, .step = step, .e = &why};
  enum outcome o = UNKNOWN;
  for (int i = 0; i < VALUE_TRIES && o != PASSED && o != STOPPED; i++) {
    bool stopped = i > 0 && env_sleep_ms(io->env, t->policy.absence_apart_s * 1000) != ERR_OK;
    o = stopped ? STOPPED : try_once(&p, slot, NULL);
  }
  if (o == STOPPED)
    return error_set(e, ERR_CANCELLED, "stopped while proving");
  if (o == PASSED)
    return ERR_OK;
  *e = why;
  return why.kind != ERR_OK ? why.kind : ERR_UNSURE;
}
