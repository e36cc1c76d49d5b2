// A round goes in two steps. All tokens are asked for side by side, each on a connection of its
// own; then all logs are sent side by side, and with them one whose token was changed. None needs
// the answer of another in its step, and nothing is seen earlier or later for it than by one after
// the other, only closer together: a round says of the value what its exchanges would say within
// one instant. So refusals in one step count as one, for they are not apart (rule 4).
#include "rotator/engine/trial.h"

#include <stdio.h>
#include <string.h>

#define CODE_DISABLED "BXNIM0462E" // IAM: the key is disabled

_Static_assert(TRIAL_ROUND_MAX <= IAM_TOGETHER_MAX && TRIAL_ROUND_MAX < LOGS_TOGETHER_MAX,
               "a round goes together");

// One exchange of a round, and what became of its token.
struct trial {
  struct iam_token token; // without a bearer: there is none
  enum outcome o;         // what it says of the value
  enum outcome met;       // what a consumer would meet: another identity's key may send as well
  enum cause cause;       // what a refusal was about
  struct error error;     // why it did not pass
  char nonce[EVIDENCE_NONCE_MAX]; // of its test log
};

// --- tokens --------------------------------------------------------------------------------------

static enum outcome judge_exchange(const struct prover *p, enum err err, struct trial *x) {
  if (err == ERR_CANCELLED)
    return STOPPED;
  if (err == ERR_REFUSED) { // ERR_DENIED (an address that is not on the allow-list) is about us,
                            // not about the value
    x->cause = strcmp(x->error.code, CODE_DISABLED) == 0 ? CAUSE_disabled : CAUSE_refused;
    return REFUSED;
  }
  if (err != ERR_OK)
    return UNKNOWN;
  if (strcmp(x->token.iam_id, p->t->iam_id) == 0 && strcmp(x->token.account, p->t->account) == 0)
    return PASSED;
  x->cause = CAUSE_other_identity;
  error_set(&x->error, ERR_REFUSED, "the value is a key of %s in account %s, not of %s",
            x->token.iam_id, x->token.account, p->t->iam_id);
  return REFUSED;
}

static void exchange(const struct prover *p, const struct secret *value, struct trial *x,
                     size_t n) {
  struct iam_exchanged got[TRIAL_ROUND_MAX];
  iam_exchange_each(p->io->iam, value, got, n);
  for (size_t i = 0; i < n; i++) {
    x[i] = (struct trial){.token = got[i].token, .error = got[i].error};
    x[i].o = x[i].met = judge_exchange(p, got[i].err, &x[i]);
  }
}

static bool is_other(const struct trial *x) {
  return x->cause == CAUSE_other_identity;
}

// A process that was suspended between exchange and log showed a token that had ended: its refusal
// says nothing of the key.
static bool has_ended(const struct prover *p, const struct trial *x) {
  return x->token.expires_at_ms > 0 && env_mono_ms(p->io->env) >= x->token.expires_at_ms;
}

// --- management ----------------------------------------------------------------------------------

// A key of our own serves where it can do what we do: the identity's keys are listed with it, and
// it is one of them. Where logs are sent as well, consumers have what they need, and this is about
// us alone.
static enum outcome manage(const struct prover *p, const struct slot *slot, struct trial *x) {
  struct error *e = &x->error;
  bool shown = false;
  enum err err = own_manages(p->t, p->io, x->token.bearer, slot->key_id, &shown, e);
  if (err == ERR_DENIED || err == ERR_REFUSED) {
    error_wrap(e, "management by key %s", slot->key_id);
    x->cause = CAUSE_manager_missing;
    return REFUSED;
  }
  if (err != ERR_OK)
    return err == ERR_CANCELLED ? STOPPED : UNKNOWN;
  if (shown || !slot->key_id[0]) // a value that a person asks about may be of no known key
    return PASSED;
  error_set(e, ERR_UNSURE, "the list of keys that %s was shown does not have it", slot->key_id);
  return UNKNOWN;
}

static enum outcome manage_forged(const struct prover *p, const struct slot *slot,
                                  struct trial *x) {
  SECRET_AUTO wrong = iam_token_changed(x->token.bearer);
  bool shown;
  if (!wrong)
    return UNKNOWN;
  enum err err = own_manages(p->t, p->io, wrong, slot->key_id, &shown, &x->error);
  if (err == ERR_OK)
    error_set(&x->error, ERR_CORRUPT, "IAM listed keys for a forged token: it proves nothing");
  return err == ERR_DENIED ? PASSED : err == ERR_CANCELLED ? STOPPED : UNKNOWN;
}

// Without an instance there is nobody to send a log to: to manage is all the use there is.
static void use_for_management(const struct prover *p, const struct slot *slot, struct trial *x,
                               bool *tamper_refused) {
  struct error whose = x->error;
  x->met = manage(p, slot, x);
  if (x->o != PASSED) { // another identity's
    x->error = whose;
    return;
  }
  if (x->met == PASSED && tamper_refused && !*tamper_refused) {
    x->met = manage_forged(p, slot, x);
    *tamper_refused = x->met == PASSED && !has_ended(p, x);
  }
  x->o = x->met;
}

// --- logs ----------------------------------------------------------------------------------------

static enum outcome outcome_of(enum logs_verdict v, enum cause *cause) {
  switch (v) {
  case LOGS_ACCEPTED:
    return PASSED;
  case LOGS_REFUSED:
    *cause = CAUSE_sender_missing;
    return REFUSED;
  case LOGS_NO_INSTANCE:
    *cause = CAUSE_instance_gone;
    return UNKNOWN;
  case LOGS_STOPPED:
    return STOPPED;
  default:
    return UNKNOWN; // a malformed log or an outage say nothing about the key
  }
}

// The logs of a round.
struct mail {
  char rotation[64];
  struct logs_record records[TRIAL_ROUND_MAX + 1];
  struct logs_sending sendings[TRIAL_ROUND_MAX + 1];
  size_t n;
};

// NULL: it cannot be sent.
static struct logs_sending *add_log(const struct prover *p, const struct slot *slot, struct mail *m,
                                    char *nonce, const struct secret *bearer) {
  if (!bearer || env_random_hex(p->io->env, nonce, EVIDENCE_NONCE_MAX - 1) != ERR_OK)
    return NULL;
  m->records[m->n] = (struct logs_record){.application = p->t->application,
                                          .subsystem = p->t->subsystem,
                                          .severity = p->t->severity,
                                          .computer = p->t->host_id,
                                          .rotation = m->rotation,
                                          .key_id = slot->key_id,
                                          .step = p->step,
                                          .nonce = nonce};
  m->sendings[m->n] = (struct logs_sending){.bearer = bearer, .record = &m->records[m->n]};
  return &m->sendings[m->n++];
}

// A key of another identity is none that we may go on with. What consumers meet with it is another
// matter: the instance may take its logs.
static void take_verdict(struct trial *x, const struct logs_sending *s) {
  x->met = s ? outcome_of(s->verdict, &x->cause) : UNKNOWN;
  if (x->o != PASSED)
    return;
  x->o = x->met;
  if (s && x->o != PASSED)
    x->error = s->error;
}

// An endpoint that takes anything proves nothing.
static void take_forged(const struct prover *p, struct trial *x, const struct logs_sending *s,
                        bool *tamper_refused) {
  enum logs_verdict v = s ? s->verdict : LOGS_OUTAGE;
  *tamper_refused = v == LOGS_REFUSED && !has_ended(p, x);
  if (v == LOGS_REFUSED)
    return;
  x->o = x->met = v == LOGS_STOPPED ? STOPPED : UNKNOWN;
  if (s)
    x->error = s->error;
  if (v == LOGS_ACCEPTED || v == LOGS_COMPLAINED)
    error_set(&x->error, ERR_CORRUPT,
              "the ingestion endpoint took a log with a forged token: it proves nothing");
}

static struct trial *first_passed(struct trial *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (x[i].o == PASSED)
      return &x[i];
  return NULL;
}

static void send_logs(const struct prover *p, const struct slot *slot, struct trial *x, size_t n,
                      bool *tamper_refused) {
  struct mail m = {.n = 0};
  struct logs_sending *of[TRIAL_ROUND_MAX] = {NULL}, *forged = NULL;
  char forged_nonce[EVIDENCE_NONCE_MAX];
  struct trial *shown = tamper_refused && !*tamper_refused ? first_passed(x, n) : NULL;
  SECRET_AUTO wrong = shown ? iam_token_changed(shown->token.bearer) : NULL;
  snprintf(m.rotation, sizeof m.rotation, "%s-%llu", p->u->state.lineage,
           (unsigned long long)p->u->state.generation);
  for (size_t i = 0; i < n; i++)
    if (x[i].token.bearer)
      of[i] = add_log(p, slot, &m, x[i].nonce, x[i].token.bearer);
  forged = add_log(p, slot, &m, forged_nonce, wrong);
  if (m.n > 0)
    logs_send_each(p->io->logs, m.sendings, m.n);
  for (size_t i = 0; i < n; i++) {
    if (!x[i].token.bearer)
      continue;
    take_verdict(&x[i], of[i]);
    if (x[i].o == PASSED && (p->u->verifies || slot == &p->u->state.slots[SLOT_PENDING]))
      arrival_sent(p->u, p->t, p->io, slot, x[i].nonce);
  }
  if (shown && shown->o == PASSED)
    take_forged(p, shown, forged, tamper_refused);
}

// --- what it says --------------------------------------------------------------------------------

enum says { SAYS_NOTHING, SAYS_REFUSED, SAYS_WORKING };

// A refusal by IAM is believed only while IAM answers us, be it with a refusal.
static enum says what_it_says(const struct prover *p, const struct trial *x) {
  const struct view *v = &p->u->view;
  bool by_iam = x->cause != CAUSE_sender_missing && x->cause != CAUSE_instance_gone;
  if (x->met == PASSED)
    return SAYS_WORKING;
  return x->cause != CAUSE_none && (v->iam_answered || v->iam_refused || !by_iam) ? SAYS_REFUSED
                                                                                  : SAYS_NOTHING;
}

// What consumers would meet with this value (evidence.h). Of a pending key, which no consumer reads
// yet, only what passes is noted: it is refused until every replica knows it.
static void enter_evidence(const struct prover *p, const struct slot *slot, const struct trial *x) {
  int64_t now_s = p->u->view.now_s, now_ms = env_mono_ms(p->io->env);
  struct evidence *e = turn_evidence(p->u, p->t, slot->value, slot->key_id);
  enum says says = what_it_says(p, x);
  if (x->met == STOPPED)
    return;
  if (says == SAYS_WORKING)
    evidence_proven(e, p->step, now_s);
  else if (slot == &p->u->state.slots[SLOT_PENDING])
    return;
  else if (says == SAYS_REFUSED)
    evidence_refused(e, x->cause, now_s, now_ms, p->t->policy.absence_apart_s * 1000);
  else
    evidence_unanswered(e, now_s);
}

// After its log: what is left to ask, and what it comes to.
static void finish(const struct prover *p, const struct slot *slot, struct trial *x, bool other) {
  if (other && x->met == UNKNOWN)
    x->cause = CAUSE_none;
  if (x->o == PASSED && p->io->logs && p->u->view.own.is)
    x->o = manage(p, slot, x);
  if (x->met != STOPPED && has_ended(p, x)) {
    x->o = x->met = UNKNOWN;
    x->cause = CAUSE_none;
  }
}

static void use(const struct prover *p, const struct slot *slot, struct trial *x, size_t n,
                bool *tamper_refused) {
  bool other[TRIAL_ROUND_MAX];
  for (size_t i = 0; i < n; i++)
    other[i] = is_other(&x[i]);
  if (p->io->logs)
    send_logs(p, slot, x, n, tamper_refused);
  for (size_t i = 0; i < n; i++) {
    if (!x[i].token.bearer)
      continue;
    if (!p->io->logs)
      use_for_management(p, slot, &x[i], tamper_refused);
    finish(p, slot, &x[i], other[i]);
  }
}

// What one step showed, which came to us at once. What failed counts before what passed, and
// refusals are one: they are not apart.
static void enter_step(const struct prover *p, const struct slot *slot, const struct trial *x,
                       size_t n, bool with_token) {
  for (int part = SAYS_NOTHING; part <= SAYS_WORKING; part++)
    for (size_t i = 0; i < n; i++) {
      if ((x[i].token.bearer != NULL) != with_token || what_it_says(p, &x[i]) != (enum says)part)
        continue;
      enter_evidence(p, slot, &x[i]);
      if (part == SAYS_REFUSED)
        break;
    }
}

static enum outcome sum_up(const struct prover *p, const struct trial *x, size_t n) {
  enum outcome sum = PASSED;
  for (size_t i = 0; i < n; i++) {
    if (x[i].o == STOPPED || x[i].met == STOPPED)
      return STOPPED;
    if (sum == PASSED && x[i].o != PASSED) {
      sum = x[i].o;
      *p->e = x[i].error;
    }
  }
  return sum;
}

enum outcome trial_round(struct prover *p, const struct slot *slot, unsigned n,
                         bool *tamper_refused) {
  struct trial x[TRIAL_ROUND_MAX];
  exchange(p, slot->value, x, n);
  enter_step(p, slot, x, n, false);
  use(p, slot, x, n, tamper_refused);
  enter_step(p, slot, x, n, true);
  enum outcome o = sum_up(p, x, n);
  for (size_t i = 0; i < n; i++)
    iam_token_clear(&x[i].token);
  return o;
}

enum outcome trial_token(struct prover *p, const struct slot *slot, struct iam_token *ret) {
  struct trial x;
  exchange(p, slot->value, &x, 1);
  if (x.o == PASSED) {
    *ret = x.token;
    return PASSED;
  }
  iam_token_clear(&x.token);
  enter_evidence(p, slot, &x);
  *p->e = x.error;
  return x.o;
}
