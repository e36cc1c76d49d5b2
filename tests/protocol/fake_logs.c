// Cloud Logs and the tokens it is shown. A token is "h.KEY-EVENT-END.SIGNATURE": it names its key,
// the exchange it came from and its end, and outlives its key, as IAM's own do. A byte changed
// anywhere makes the signature wrong.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/protocol/sim.h"

enum { TOKEN_LIFE_MS = HOUR_MS };

static void sign(const char *claims, char *dst, size_t cap) {
  uint64_t h = 1469598103934665603u;
  for (const char *c = claims; *c; c++)
    h = (h ^ (unsigned char)*c) * 1099511628211u;
  uint64_t g = h * 0x9e3779b97f4a7c15u ^ h >> 29;
  snprintf(dst, cap, "%016" PRIx64 "%016" PRIx64, h, g);
}

void fake_token_text(const struct sim *s, int key, char *dst, size_t cap) {
  char claims[80], signature[40];
  snprintf(claims, sizeof claims, "h.%d-%" PRIu64 "-%" PRId64, key, s->event,
           s->now_ms + TOKEN_LIFE_MS);
  sign(claims, signature, sizeof signature);
  snprintf(dst, cap, "%s.%s", claims, signature);
}

struct shown_token token_read(const struct secret *bearer) {
  struct shown_token t = {.key = -1};
  char claims[80] = "", signature[40];
  const char *text = secret_bytes(bearer), *dot = strrchr(text, '.');
  if (!dot || (size_t)(dot - text) >= sizeof claims)
    return t;
  memcpy(claims, text, (size_t)(dot - text));
  if (sscanf(claims, "h.%d-%" SCNu64 "-%" SCNd64, &t.key, &t.event, &t.end_ms) != 3)
    return t;
  sign(claims, signature, sizeof signature);
  t.genuine = strcmp(signature, dot + 1) == 0;
  return t;
}

// Evidence for the checks: what this process has really been shown.
void witness_token(struct proc *p, const struct shown_token *t, bool accepted) {
  struct witness *w = &p->seen;
  struct proof_passed seen = {.key = t->key, .event = t->event, .at_ms = p->sim->now_ms};
  if (t->genuine && accepted)
    w->passed[w->n_passed++ % SIM_PROOFS] = seen;
  if (!t->genuine && !accepted && t->key >= 0)
    w->refused[w->n_refused++ % SIM_PROOFS] = seen;
}

static enum logs_verdict verdict(struct proc *p, const struct shown_token *t, struct error *e) {
  struct sim *s = p->sim;
  bool good = t->genuine && s->now_ms < t->end_ms;
  if (!good && s->now_ms >= s->endpoint_open_ms) {
    witness_token(p, t, false);
    error_set(e, ERR_DENIED, "the token is not accepted");
    return LOGS_REFUSED;
  }
  if (good && s->rights != SHOWN_NONE) {
    error_set(e, ERR_DENIED, "not for this identity");
    return s->rights == SHOWN_NO_SENDER ? LOGS_REFUSED : LOGS_NO_INSTANCE;
  }
  if (s->now_ms < s->complaining_ms) {
    s->totals->complaints++;
    error_set(e, ERR_REFUSED, "accepted, and yet: 1 record dropped");
    return LOGS_COMPLAINED;
  }
  witness_token(p, t, true);
  return LOGS_ACCEPTED;
}

// The engine takes a token that ended ten seconds from now for ended.
static bool has_ended(const struct proc *p, const struct shown_token *t) {
  return p->sim->now_ms >= t->end_ms - 10 * 1000;
}

static void show_verdict(struct proc *p, const struct shown_token *t, enum logs_verdict v) {
  if (!t->genuine && v == LOGS_REFUSED)
    return;
  if (has_ended(p, t) || !t->genuine)
    shown_no_verdict(p, t->key);
  else if (v == LOGS_ACCEPTED)
    shown_accepted(p, t->key);
  else if (v == LOGS_REFUSED)
    shown_refused(p, t->key, SHOWN_NO_SENDER);
  else if (v == LOGS_NO_INSTANCE)
    shown_refused(p, t->key, SHOWN_NO_INSTANCE);
  else
    shown_no_verdict(p, t->key);
}

// One log, there and back; what it shows is told by show_verdict.
static enum logs_verdict send_one(struct proc *p, struct logs_sending *x) {
  if (!proc_point(p))
    return error_set(&x->error, ERR_CANCELLED, "stopped"), LOGS_STOPPED;
  struct shown_token t = token_read(x->bearer);
  enum fate f = fate_draw(p->sim, false, p->sim->logs_down_ms);
  enum logs_verdict v = LOGS_OUTAGE;
  if (f == FATE_FINE)
    v = verdict(p, &t, &x->error);
  if (v == LOGS_ACCEPTED && t.key >= 0)
    reader_log_sent(p, t.key, x->record->nonce);
  else if (fate_error(p->sim, f, &x->error) == ERR_THROTTLED)
    v = LOGS_THROTTLED;
  sim_note(p->sim, "%s logs: key %d%s → %s", p->writer, t.key, t.genuine ? "" : " (changed)",
           logs_verdict_name(v));
  if (!proc_point(p))
    return error_set(&x->error, ERR_CANCELLED, "stopped"), LOGS_STOPPED;
  return v;
}

enum part { NO_VERDICT, REFUSAL, PASS, PARTS, NOTHING };

static enum part part_of(const struct proc *p, const struct shown_token *t, enum logs_verdict v) {
  if (v == LOGS_STOPPED || (!t->genuine && v == LOGS_REFUSED))
    return NOTHING;
  if (t->genuine && has_ended(p, t)) // the process slept behind the exchange
    return NO_VERDICT;
  if (v == LOGS_ACCEPTED)
    return PASS;
  return v == LOGS_REFUSED || v == LOGS_NO_INSTANCE ? REFUSAL : NO_VERDICT;
}

// Side by side: which comes first is not known, and the process is shown all of it at once, when
// the last has ended. What failed counts first, and refusals are one: they are not apart.
static void logs_each(struct logs *l, struct logs_sending *each, size_t n) {
  struct proc *p = ((struct fake_logs *)l)->p;
  bool back = p->sim->event % 2;
  for (size_t i = 0; i < n; i++) {
    struct logs_sending *x = &each[back ? n - 1 - i : i];
    x->verdict = send_one(p, x);
  }
  for (enum part part = NO_VERDICT; part < PARTS; part++)
    for (size_t i = 0; i < n; i++) {
      struct shown_token t = token_read(each[i].bearer);
      if (part_of(p, &t, each[i].verdict) != part)
        continue;
      show_verdict(p, &t, each[i].verdict);
      if (part == REFUSAL)
        break;
    }
}

static enum logs_verdict logs_send(struct logs *l, const struct secret *bearer,
                                   const struct logs_record *r, bool fresh, struct error *e) {
  struct logs_sending one = {.bearer = bearer, .record = r};
  (void)fresh;
  logs_each(l, &one, 1);
  if (one.verdict != LOGS_ACCEPTED && e)
    *e = one.error;
  return one.verdict;
}

static void logs_nothing(struct logs *l) {
  (void)l;
}

static const struct logs_ops fake_logs_ops = {
    .send = logs_send, .send_each = logs_each, .free = logs_nothing};

void fake_logs_init(struct proc *p) {
  p->logs = (struct fake_logs){.base = {.ops = &fake_logs_ops}, .p = p};
}
