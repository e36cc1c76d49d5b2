// Proof of a value (PROTOCOL.md section 5): it is exchanged for tokens, each on a connection of its
// own, and each token sends a test log to the bound instance. The answer to "does it work" is one
// of three: proven, refuted, unknown; only a definite refusal while another key passes is a
// refutation, and whatever else goes wrong is unknown.
//
// What a round of exchanges says is trial.c's matter. Those that need not be spread are one round,
// and go side by side.
//
// A full proof may be spread over time: then each step does one exchange and says when the next one
// makes sense, so that no worker sleeps for it. What passed so far is kept in memory.h, and is
// worth something only while the state's seq and all sink versions stay what they were.
#include <string.h>

#include "rotator/engine/trial.h"

#define PROBE_FRESH_MS 60000 // "probed well now" is no older than this
#define CONTROL_MINUTE_MS 60000
#define VALUE_TRIES 2 // of a value that is proven by hand: a refusal counts when it is seen twice

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
  return trial_round(&other, s, 1, NULL) == PASSED;
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
static bool is_spanned(const struct prover *p, const struct proof_memory *m, int64_t now_ms) {
  return p->u->state.phase == PHASE_PUBLISHING &&
         passing_spans(&p->t->memory->passing, m->fingerprint, p->t->policy.proof_span_s * 1000,
                       now_ms);
}

static unsigned wanted(const struct prover *p, enum proof_kind kind) {
  return kind == PROOF_FULL && p->t->policy.proof_count > 1 ? p->t->policy.proof_count : 1;
}

// How many exchanges may go side by side now. A key of our own also manages, one after the other.
static unsigned round_size(const struct prover *p, const struct proof_memory *m,
                           enum proof_kind kind) {
  unsigned left = wanted(p, kind) > m->passed ? wanted(p, kind) - m->passed : 1;
  bool spread = p->t->policy.proof_span_s > 0 && !is_spanned(p, m, env_mono_ms(p->io->env));
  if (spread || !p->io->logs || p->u->view.own.is)
    return 1;
  return left < TRIAL_ROUND_MAX ? left : TRIAL_ROUND_MAX;
}

// n exchanges passed side by side. Where they had to be spread after all, they count as one.
static void passed(struct prover *p, struct proof_memory *m, enum proof_kind kind, unsigned n) {
  const struct policy *policy = &p->t->policy;
  int64_t now = env_mono_ms(p->io->env);
  m->refutations = m->unknowns = 0;
  m->next_ms = 0;
  m->done_ms = now;
  passing_enter(&p->t->memory->passing, m->fingerprint, now);
  bool spread = policy->proof_span_s > 0 && !is_spanned(p, m, now);
  m->passed += spread ? 1 : n;
  m->verdict = kind == PROOF_FULL && m->passed >= wanted(p, kind) ? PROOF_PROVEN : PROOF_PROBED;
  if (m->passed < wanted(p, kind) && spread)
    m->next_ms = now + policy->proof_span_s * 1000 / (wanted(p, kind) - 1);
}

// Exchanges that count for the full proof, or the one that is the probe.
static enum outcome try_round(struct prover *p, struct proof_memory *m, const struct slot *slot,
                              enum proof_kind kind) {
  unsigned n = round_size(p, m, kind);
  enum outcome o = trial_round(p, slot, n, kind == PROOF_FULL ? &m->tamper_refused : NULL);
  if (o == PASSED)
    passed(p, m, kind, n);
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
    o = try_round(&p, m, &u->state.slots[a->slot], a->proof);
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
  struct prover p = {.u = u, .t = t, .io = io, .step = "manage", .e = e};
  error_set(e, ERR_OK, "%s", "");
  if (trial_token(&p, slot, ret) == PASSED)
    return ERR_OK;
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
    o = stopped ? STOPPED : try_round(&p, &m, slot, PROOF_FULL);
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
    o = stopped ? STOPPED : trial_round(&p, slot, 1, NULL);
  }
  if (o == STOPPED)
    return error_set(e, ERR_CANCELLED, "stopped while proving");
  if (o == PASSED)
    return ERR_OK;
  *e = why;
  return why.kind != ERR_OK ? why.kind : ERR_UNSURE;
}
