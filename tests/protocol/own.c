// The rotator's own key as the key of the target (PROTOCOL.md section 8). The management token of a
// process is gained from what its credential reads: the first sink, a copy that was made when the
// process started, or one that lags. The old key must never be ended by itself, nor in the run that
// published, nor while a process that starts now would still read it; and there is always a key
// left to be authenticated with.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"
#include "tests/protocol/fake_iam.h"
#include "tests/protocol/plant.h"

enum { TOKEN_LIFE_MS = HOUR_MS };

// ---- the credential ----

// A copy that lags shows what the place held for a while, and holds no more: no reading of it now
// tells that this is still to come.
static bool went_back(const struct sim *s) {
  for (unsigned i = 0; i < s->n_own_past; i++)
    if (s->own_past[i].key == s->sinks[0].key)
      return true;
  return false;
}

void own_place_changed(struct sim *s) {
  if (went_back(s))
    s->own_back_ms = s->now_ms;
  if (s->n_own_past == SIM_OWN_PAST)
    memmove(&s->own_past[0], &s->own_past[1], --s->n_own_past * sizeof s->own_past[0]);
  s->own_past[s->n_own_past++] = (struct own_past){
      .from_ms = s->now_ms, .key = s->sinks[0].key, .by_hand = s->sinks[0].by_hand};
}

static const struct own_past *place_as_of(const struct sim *s, int64_t at_ms) {
  unsigned i = s->n_own_past;
  while (i > 1 && s->own_past[i - 1].from_ms > at_ms)
    i--;
  return i > 0 ? &s->own_past[i - 1] : NULL;
}

// What a process that starts now reads.
static const struct own_past *place_now(const struct sim *s) {
  return place_as_of(s, s->p.own == OWN_LAGS ? s->now_ms - s->p.own_lag_ms : s->now_ms);
}

static int reads(const struct proc *p) {
  const struct own_past *now = place_now(p->sim);
  if (p->sim->p.own == OWN_COPY)
    return p->copied;
  return now ? now->key : SINK_NOTHING;
}

void own_begin(struct proc *p) {
  struct sim *s = p->sim;
  const struct own_past *now = place_now(s);
  p->copied = now ? now->key : SINK_NOTHING;
  p->seen.gained = p->seen.reads = SINK_NOTHING;
}

// ---- tokens ----

static enum err refuse(struct error *e, int status, const char *text) {
  return fake_iam_say(e, ERR_DENIED, status, "", text);
}

static void gain(struct proc *p) {
  struct sim *s = p->sim;
  int key = reads(p);
  struct key_past seen = {0};
  if (key >= 0)
    seen = key_as_of(
        &s->keys[key],
        s->now_ms - (rng_chance(&s->rng, 5000) ? 0 : rng_between(&s->rng, 0, s->p.token_lag_ms)));
  sim_note(s, "%s gains a token with key %d: %s", p->writer, key,
           seen.exists && !seen.disabled ? "ok" : "refused");
  if (!seen.exists || seen.disabled)
    return; // the old one, if any, goes on
  p->seen.gained = key;
  p->token_end_ms = s->now_ms + TOKEN_LIFE_MS;
  s->keys[key].used_ms = sim_server_ms(s);
  s->keys[key].uses++;
}

// A token that other targets had it gain is older than its first look at this one.
bool own_works_elsewhere(struct proc *p) {
  struct sim *s = p->sim;
  if (s->p.own == OWN_NOT || !s->faults || !rng_chance(&s->rng, 2000))
    return true;
  gain(p);
  return proc_wait(p, rng_between(&s->rng, 1, 20 * MINUTE_MS));
}

enum err own_authenticate(struct fake_iam *i, struct error *e) {
  struct proc *p = i->p;
  struct sim *s = p->sim;
  if (s->p.own == OWN_NOT)
    return ERR_OK;
  if (i->bears && (i->key < 0 || s->now_ms >= i->end_ms))
    return refuse(e, 401, "the token is not accepted");
  if (!i->bears && (p->seen.gained < 0 || s->now_ms >= p->token_end_ms - TOKEN_LIFE_MS / 5))
    gain(p);
  if (!i->bears && (p->seen.gained < 0 || s->now_ms >= p->token_end_ms))
    return refuse(e, 400, "the management key is refused");
  if (s->p.own_alone && s->rights != SHOWN_NONE)
    return refuse(e, 403, "not for this identity");
  return ERR_OK;
}

static struct secret *value_of(const struct sim *s, int key) {
  return key >= 0 ? secret_copy_text(s->keys[key].value) : NULL;
}

enum err own_credential(struct iam *c, const char *iam_id, struct iam_credential *ret,
                        struct error *e) {
  struct fake_iam *i = (struct fake_iam *)c;
  struct proc *p = i->p;
  struct sim *s = p->sim;
  if (s->p.own == OWN_NOT)
    return error_set(e, ERR_MISSING, "no key of this identity");
  if (!proc_point(p))
    return fake_iam_cancelled(e);
  enum err err = own_authenticate(i, e);
  if (err != ERR_OK)
    return err;
  p->seen.reads = reads(p);
  p->seen.reads_event = ++s->event;
  *ret = (struct iam_credential){.gained = value_of(s, p->seen.gained),
                                 .read = value_of(s, p->seen.reads)};
  text_copy(ret->iam_id, sizeof ret->iam_id, iam_id);
  sim_note(s, "%s its credential reads key %d, its token is of key %d", p->writer, p->seen.reads,
           p->seen.gained);
  return ERR_OK;
}

struct iam *own_bearing(struct iam *c, const struct secret *bearer) {
  struct fake_iam *made = malloc(sizeof *made);
  struct shown_token t = token_read(bearer);
  if (!made)
    abort();
  *made = (struct fake_iam){.base = {.ops = c->ops},
                            .p = fake_iam_proc(c),
                            .bears = true,
                            .key = t.genuine ? t.key : -1,
                            .end_ms = t.end_ms,
                            .event = t.event};
  if (!t.genuine) // of which key it would be, for the evidence
    made->event = t.key >= 0 ? (uint64_t)t.key : UINT64_MAX;
  return &made->base;
}

bool __real_own_stand_in(struct turn *u, struct target *t, const struct engine_io *io);
bool __wrap_own_stand_in(struct turn *u, struct target *t, const struct engine_io *io);

bool __wrap_own_stand_in(struct turn *u, struct target *t, const struct engine_io *io) {
  struct proc *p = fake_iam_proc(io->iam);
  bool stands_in = !planted(p->sim, PLANT_OWN_NO_STAND_IN) && __real_own_stand_in(u, t, io);
  p->stands_in = stands_in;
  return stands_in;
}

// ---- what was shown ----

static bool is_listed(const struct sim *s, int key, const struct iam_key_list *l) {
  for (size_t k = 0; k < l->n; k++)
    if (strcmp(l->keys[k].id, s->keys[key].id) == 0)
      return true;
  return false;
}

// A list by a token of a value is a proof of it, where there is no instance to send logs to. It has
// to show its key; but of what a hand has put there the id may not be known yet.
static void note_proof(struct fake_iam *i, const struct shown_token *t, bool listed, enum err err) {
  struct proc *p = i->p;
  bool shown = listed || (t->genuine && err == ERR_OK && p->sim->keys[t->key].hand);
  bool ended = p->sim->now_ms >= t->end_ms - 10 * 1000;
  if (!t->genuine) {
    if (err == ERR_DENIED)
      witness_token(p, t, false);
    return;
  }
  if (shown)
    witness_token(p, t, true);
  if (shown && !ended)
    shown_accepted(p, t->key);
  else if (err == ERR_DENIED && !ended)
    shown_refused(p, t->key, SHOWN_NO_SENDER);
  else
    shown_no_verdict(p, t->key);
}

void own_listed(struct fake_iam *i, enum err err, const struct iam_key_list *l) {
  struct witness *w = &i->p->seen;
  struct shown_token t = {
      .key = i->key, .event = i->event, .end_ms = i->end_ms, .genuine = i->key >= 0};
  if (i->key < 0) {
    t.key = i->event == UINT64_MAX ? -1 : (int)i->event;
    t.event = i->p->sim->event;
  }
  bool shown = t.genuine && err == ERR_OK && is_listed(i->p->sim, i->key, l);
  if (shown)
    w->managed[w->n_managed++ % SIM_PROOFS] =
        (struct proof_passed){.key = i->key, .event = i->event, .at_ms = i->p->sim->now_ms};
  if (i->p->sim->p.own_alone && err != ERR_CANCELLED)
    note_proof(i, &t, shown, err);
}

// ---- the promises ----

// Before a request: nothing is ended by itself, and the old key by the new one only.
void own_check_request(const struct fake_iam *i, const char *what, int key) {
  struct sim *s = i->p->sim;
  int by = i->bears ? i->key : i->p->seen.gained;
  bool ends = strcmp(what, "disable") == 0 || strcmp(what, "delete") == 0;
  if (s->p.own == OWN_NOT || i->p->ghost || !ends || key < 0 || s->keys[key].hand)
    return;
  if (by == key)
    sim_violate(s, "own", "%s sends %s of key %d with a token of that very key", i->p->writer, what,
                key);
  // One that is behind may end what is beyond return already, by the key that it thinks current.
  if (s->keys[key].beyond && !s->keys[by].current && !key_spoiled(s, by))
    sim_violate(s, "own", "%s sends %s of key %d with a token of key %d, which was never current",
                i->p->writer, what, key, by);
}

void own_check_promoted(struct sim *s, int key, const struct witness *w, uint64_t since) {
  unsigned kept = w->n_managed < SIM_PROOFS ? w->n_managed : SIM_PROOFS;
  if (s->p.own == OWN_NOT)
    return;
  for (unsigned i = 0; i < kept; i++)
    if (w->managed[i].key == key && w->managed[i].event >= since)
      return;
  sim_violate(s, "own", "key %d goes on without having been seen to manage keys", key);
}

void own_check_retire(struct sim *s, int key, const struct witness *w) {
  if (s->p.own == OWN_NOT)
    return;
  if (w->born < s->phase_event)
    sim_violate(s, "own",
                "key %d is made the only one by a run that began before the sinks settled", key);
  if (w->gained != key)
    sim_violate(s, "own", "key %d is made the only one by a token of key %d", key, w->gained);
  if (w->reads != key || w->reads_event < s->state_event)
    sim_violate(s, "own", "key %d is made the only one while the credential reads key %d", key,
                w->reads);
}

static bool is_left(const struct sim *s, int key) {
  return key >= 0 && (key_alive(&s->keys[key]) || key_spoiled(s, key));
}

// There is a key left for whoever starts now; a hand in it is forgiven.
void own_check_now(struct sim *s) {
  const struct own_past *now = place_now(s);
  if (s->p.own == OWN_NOT || !s->has_state || !now)
    return;
  bool passing = s->p.own == OWN_LAGS && s->now_ms - s->own_back_ms <= s->p.own_lag_ms;
  if (now->by_hand || passing || is_left(s, now->key))
    return;
  sim_violate(s, "own", "what a rotator reads as its own key is key %d, which is dead", now->key);
}

static bool alive(const struct sim *s, int key) {
  return key >= 0 && key_alive(&s->keys[key]);
}

// A person finds that nothing can be authenticated any more, makes a key and puts it there.
bool own_rescue(struct sim *s) {
  const struct own_past *now = place_now(s);
  if (s->p.own == OWN_NOT || s->p.own_unsaid || !now || !s->has_state)
    return false;
  bool asked = s->last.why == WHY_own_last; // though the old one serves still
  bool serves =
      alive(s, state_key(s, SLOT_PREVIOUS)) || alive(s, now->key) || alive(s, s->sinks[0].key);
  if (alive(s, state_key(s, SLOT_CURRENT)) || (serves && !asked))
    return false;
  struct key_spec k = {.owner = SIM_IDENTITY, .name = "by hand", .description = "made in distress"};
  int made = key_make(s, &k);
  s->keys[made].hand = true;
  s->totals->repairs++;
  sim_note(s, "a person puts key %d where the rotators read theirs", made);
  sink_edit(s, 0, s->keys[made].value);
  return true;
}
