// What IAM says of single values and keys in a look: whose they are, and what that is evidence of.
#include "rotator/engine/look.h"

#include <string.h>

// Does the key bear our tag? *ret_same_lineage tells whether of this lineage (never without a
// state).
bool look_bears_tag(const struct look *l, const struct iam_key *k, struct tag *ret,
                    bool *ret_same_lineage) {
  const struct state *s = l->u->view.state;
  if (strcmp(k->iam_id, l->t->iam_id) != 0 || !tag_parse(k->description, ret))
    return false;
  if (strcmp(ret->binding, l->u->binding) != 0)
    return false;
  *ret_same_lineage = s && strcmp(ret->lineage, s->lineage) == 0;
  return true;
}

enum key_seen look_seen(const struct iam_key *k) {
  return k->expired ? KEY_EXPIRED : k->disabled ? KEY_DISABLED : KEY_ACTIVE;
}

static const enum cause causes[] = {[KEY_ACTIVE] = CAUSE_none,
                                    [KEY_DISABLED] = CAUSE_disabled,
                                    [KEY_EXPIRED] = CAUSE_expired,
                                    [KEY_ABSENT] = CAUSE_deleted,
                                    [KEY_GONE] = CAUSE_deleted};

// Was it proven so lately that a replica may show the key as it was before? A proof of the future
// was made by another clock: it is not young for years.
static bool proven_lately(const struct look *l, const struct evidence *e, int64_t now_s) {
  return e->proven_s <= now_s && now_s - e->proven_s < l->t->policy.propagation_s;
}

// Not the time of the turn: the process may have slept since the look began.
static int64_t time_of_answer(const struct look *l) {
  int64_t server_s = l->iam->ops->server_time_s(l->iam);
  return server_s > 0 ? server_s : l->u->view.now_s;
}

// What IAM shows of a key is evidence of its value. A key that was proven a moment ago and is not
// seen is one that this replica does not know yet.
void look_enter_evidence(const struct look *l, const struct secret *value, const char *key_id,
                         enum key_seen seen) {
  struct evidence *e = turn_evidence(l->u, l->t, value, key_id);
  int64_t now_s = time_of_answer(l);
  if (!(seen == KEY_ABSENT && proven_lately(l, e, now_s)))
    evidence_iam(e, causes[seen], now_s);
}

// NULL: nothing was ever seen of this value (NULL: there is none).
static const struct evidence *known_of(const struct look *l, const struct secret *value) {
  char print[EVIDENCE_PRINT_MAX] = "";
  if (value)
    evidence_print(l->u->binding, value, print);
  return evidence_find(&l->t->memory->book, print);
}

// A pending key is born disabled, and IAM may know a key and not show it: neither says anything of
// its value until a proof has shown it enabled. Then it is judged like any other, as a hand may
// have put it into a sink.
bool look_pending_counts(const struct look *l, enum key_seen seen) {
  const struct evidence *e = known_of(l, l->u->state.slots[SLOT_PENDING].value);
  return e && e->proven_s > 0 && !(seen == KEY_DISABLED && proven_lately(l, e, l->u->view.now_s));
}

void look_enter_listed(const struct look *l) {
  const struct slot *pending = &l->u->state.slots[SLOT_PENDING];
  for (size_t i = 0; i < l->list.n; i++) {
    const struct iam_key *k = &l->list.keys[i];
    struct evidence *e = evidence_of_key(&l->t->memory->book, k->id);
    bool is_pending = l->u->view.state && strcmp(k->id, pending->key_id) == 0;
    if (e && (!is_pending || look_pending_counts(l, look_seen(k))))
      evidence_iam(e, causes[look_seen(k)], l->u->view.now_s);
  }
}

// Whose value it is, for the person who has to judge it.
static void tell_foreign(struct look *l, size_t i, const struct iam_key *k) {
  bool ours = strcmp(k->iam_id, l->t->iam_id) == 0;
  const char *what = l->t->sinks[i].item->what;
  if (!k->id[0])
    error_set(&l->u->error, ERR_REFUSED, "%s holds no key that IAM knows", what);
  else
    error_set(&l->u->error, ERR_REFUSED, "%s holds key %s (%.60s), %s, of %s", what, k->id, k->name,
              k->disabled  ? "disabled"
              : k->expired ? "expired"
                           : "active",
              ours ? "this identity" : k->iam_id);
}

// Asks for the key of the value of a sink that is in no slot, and enters what is seen. That IAM
// does not show it says something of a value that was proven once: else IAM may know the key and
// not show it.
static enum err find_key_of(struct look *l, size_t i, struct iam_key *ret, struct error *e) {
  const struct secret *value = l->u->sinks[i].record.value;
  enum err err = l->iam->ops->find_by_value(l->iam, value, ret, e);
  const struct evidence *known = known_of(l, value);
  if (err == ERR_OK)
    look_enter_evidence(l, value, ret->id, look_seen(ret));
  else if (err == ERR_MISSING && known && known->proven_s > 0)
    look_enter_evidence(l, value, "", KEY_ABSENT);
  return err;
}

// The look goes on without an answer, and counts as one. Then an old proof no longer says that the
// value works: its key may have died since, and this was the question that would have told.
static void go_on_unasked(struct look *l, size_t i, enum err err) {
  if (err != ERR_OK && err != ERR_MISSING && err != ERR_REFUSED)
    l->u->sinks[i].unasked_s = time_of_answer(l);
}

// A value in a sink that the state does not know: a key of ours older than the fingerprints, newer
// than the state, or not ours. One that it knows for retired is asked about for its evidence alone,
// and an answer that does not come holds nothing up.
enum err look_judge_stranger(struct look *l, size_t i, struct error *e) {
  struct iam_key k = {0};
  struct tag tag;
  struct error why;
  bool same = false, foreign = l->u->sink_views[i].value == SINK_FOREIGN;
  enum err err = find_key_of(l, i, &k, foreign ? e : &why);
  l->u->sinks[i].key_alive = err == ERR_OK && look_seen(&k) == KEY_ACTIVE;
  if (foreign && err == ERR_OK && look_bears_tag(l, &k, &tag, &same) && same) {
    if (tag.generation > l->u->state.generation)
      l->u->view.witness_ahead = true;
    else
      l->u->sink_views[i].value = SINK_RETIRED;
  } else if (foreign && (err == ERR_OK || err == ERR_MISSING || err == ERR_REFUSED)) {
    tell_foreign(l, i, &k);
  }
  iam_key_clear(&k);
  if (!foreign)
    go_on_unasked(l, i, err);
  return !foreign || err == ERR_MISSING || err == ERR_REFUSED ? ERR_OK : err;
}

// Sinks that disagree are a person's matter, who wants to know which of the values work.
static void judge_disagreeing(struct look *l) {
  for (size_t i = 0; i < l->u->view.n_sinks; i++)
    if (l->u->sink_views[i].value == SINK_UNJUDGED) {
      struct iam_key k = {0};
      struct error e;
      go_on_unasked(l, i, find_key_of(l, i, &k, &e));
      iam_key_clear(&k);
    }
}

enum err look_for_adoptable(struct look *l, struct error *e) {
  struct view *v = &l->u->view;
  struct iam_key *k = &l->u->adoptable;
  if (!v->sinks_agree) {
    judge_disagreeing(l);
    return ERR_OK;
  }
  enum err err = find_key_of(l, l->u->adoptable_sink, k, e);
  if (err != ERR_OK)
    return err == ERR_MISSING || err == ERR_REFUSED ? ERR_OK : err;
  bool ours = strcmp(k->iam_id, l->t->iam_id) == 0 && strcmp(k->account, l->t->account) == 0;
  struct tag tag;
  if (ours && tag_parse(k->description, &tag))
    v->tags_seen =
        true; // of another binding: an edited instance must not become a second lineage in silence
  else if (ours && look_seen(k) == KEY_ACTIVE)
    v->adoptable = k;
  return ERR_OK;
}
