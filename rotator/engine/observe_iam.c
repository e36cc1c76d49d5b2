// Asking IAM in a turn: one list of the identity's keys, and single questions only where the list
// leaves something open. Presence is taken at its word; absence and death count when seen twice,
// apart (rule 4, memory.h).
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/turn.h"

struct look {
  struct turn *u;
  struct target *t;
  const struct engine_io *io;
  struct iam *iam;
  struct iam_key_list list;
  int64_t mono_ms;
};

static const struct iam_key *in_list(const struct look *l, const char *id) {
  for (size_t i = 0; i < l->list.n; i++)
    if (strcmp(l->list.keys[i].id, id) == 0)
      return &l->list.keys[i];
  return NULL;
}

// Does the key bear our tag? *ret_same_lineage tells whether of this lineage (never without a
// state).
static bool bears_tag(const struct look *l, const struct iam_key *k, struct tag *ret,
                      bool *ret_same_lineage) {
  const struct state *s = l->u->view.state;
  if (strcmp(k->iam_id, l->t->iam_id) != 0 || !tag_parse(k->description, ret))
    return false;
  if (strcmp(ret->binding, l->u->binding) != 0)
    return false;
  *ret_same_lineage = s && strcmp(ret->lineage, s->lineage) == 0;
  return true;
}

static enum key_seen seen_of(const struct iam_key *k) {
  return k->expired ? KEY_EXPIRED : k->disabled ? KEY_DISABLED : KEY_ACTIVE;
}

// --- the keys of the slots -----------------------------------------------------------------------

// A pending key is born disabled, and is not seen everywhere at once. That is no evidence of a
// death, which begins to be counted when the key is in use.
static void enter_sighting(const struct look *l, enum slot_name name, struct slot_view *v) {
  const char *key_id = l->u->state.slots[name].key_id;
  int64_t apart = l->t->policy.absence_apart_s * 1000;
  bool unusable = v->key != KEY_ACTIVE && name != SLOT_PENDING;
  struct sighting *s =
      memory_sight(l->t->memory, key_id, v->key == KEY_ABSENT, unusable, l->mono_ms);
  if (v->key == KEY_ABSENT && s->absent >= 2 && l->mono_ms - s->absent_ms >= apart)
    v->key = KEY_GONE;
  v->dead = s->unusable >= 2 && l->mono_ms - s->unusable_ms >= apart;
  if (v->key == KEY_ABSENT || (unusable && !v->dead)) {
    int64_t since = v->key == KEY_ABSENT ? s->absent_ms : s->unusable_ms;
    int64_t left_ms = apart - (l->mono_ms - since);
    v->look_again_s = l->u->view.now_s + (left_ms > 0 ? (left_ms + 999) / 1000 : 0);
  }
}

// What IAM shows of a key is evidence of its value. A key that was proven a moment ago and is not
// seen is one that this replica does not know yet.
static void enter_evidence(const struct look *l, const struct secret *value, const char *key_id,
                           enum key_seen seen) {
  static const enum cause causes[] = {[KEY_ACTIVE] = CAUSE_none,
                                      [KEY_DISABLED] = CAUSE_disabled,
                                      [KEY_EXPIRED] = CAUSE_expired,
                                      [KEY_ABSENT] = CAUSE_deleted,
                                      [KEY_GONE] = CAUSE_deleted};
  struct evidence *e = turn_evidence(l->u, l->t, value, key_id);
  int64_t now_s = l->u->view.now_s;
  // A proof of the future was made by another clock: it is not young for years.
  bool young = e && e->proven_s <= now_s && now_s - e->proven_s < l->t->policy.propagation_s;
  if (e && !(seen == KEY_ABSENT && young))
    evidence_iam(e, causes[seen], now_s);
}

// Was this value proven once? What IAM does not show says something of it only then: IAM may know a
// key and not show it, and a pending key is born disabled.
static bool was_proven(const struct look *l, const struct secret *value) {
  char print[EVIDENCE_PRINT_MAX] = "";
  if (value)
    evidence_print(l->u->binding, value, print);
  const struct evidence *known = evidence_find(&l->t->memory->book, print);
  return known && known->proven_s > 0;
}

static enum err look_at_slot(struct look *l, enum slot_name name, struct error *e) {
  const struct slot *slot = &l->u->state.slots[name];
  struct slot_view *v = &l->u->view.slots[name];
  const struct iam_key *k = in_list(l, slot->key_id);
  struct iam_key one = {0};
  if (!k) { // absent from the list: ask by id before it counts
    enum err err = l->iam->ops->get(l->iam, slot->key_id, false, &one, e);
    if (err != ERR_OK && err != ERR_MISSING)
      return err;
    k = err == ERR_OK ? &one : NULL;
  }
  v->key = k ? seen_of(k) : KEY_ABSENT;
  v->locked = k && k->locked;
  v->modified_s = k ? k->modified_s : -1;
  enter_sighting(l, name, v);
  // That a pending key is disabled is no news: it was born so, and a replica may not know better.
  if (name != SLOT_PENDING || (v->key != KEY_DISABLED && was_proven(l, slot->value)))
    enter_evidence(l, slot->value, slot->key_id, v->key);
  iam_key_clear(&one);
  return ERR_OK;
}

// --- pending without an id -----------------------------------------------------------------------

static void found(struct look *l, const char *id, bool active) {
  text_copy(l->u->view.found_id, sizeof l->u->view.found_id, id);
  l->u->view.found_active = active;
}

// Our create was refused as if the value existed: who has it?
static enum err ask_by_value(struct look *l, struct error *e) {
  struct memory *m = l->t->memory;
  const struct slot *pending = &l->u->state.slots[SLOT_PENDING];
  struct iam_key k = {0};
  struct tag tag;
  bool same = false;
  if (!pending->value)
    return ERR_OK;
  enum err err = l->iam->ops->find_by_value(l->iam, pending->value, &k, e);
  if (err == ERR_OK) {
    if (bears_tag(l, &k, &tag, &same) && same && tag.generation == l->u->state.generation)
      found(l, k.id, !k.disabled);
    else
      l->u->view.value_taken = true;
  } else if (err == ERR_MISSING) {
    // Neither there nor taken. An answer that a value exists, without the key being found, is no
    // verdict: it is asked again by the next create. Any other refusal is for good.
    l->u->view.create_refused = m->create_error.kind != ERR_EXISTS;
    l->u->error = m->create_error;
    err = ERR_OK;
  }
  iam_key_clear(&k);
  return err;
}

static enum err look_for_pending(struct look *l, struct error *e) {
  struct memory *m = l->t->memory;
  const struct state *s = &l->u->state;
  struct tag tag;
  bool same;
  // With origin iam only the answer to our own create says which key has the value that we hold.
  if (m->created_id[0] && m->created_generation == s->generation &&
      (m->created_value || !s->pending_from_iam)) {
    found(l, m->created_id, !m->created_disabled);
    return ERR_OK;
  }
  for (size_t i = 0; i < l->list.n && !s->pending_from_iam; i++) {
    const struct iam_key *k = &l->list.keys[i];
    if (bears_tag(l, k, &tag, &same) && same && tag.generation == s->generation) {
      found(l, k->id, !k->disabled);
      return ERR_OK;
    }
  }
  if (m->create_refused && m->create_refused_generation == s->generation)
    return ask_by_value(l, e);
  return ERR_OK;
}

// --- strays and other lineages -------------------------------------------------------------------

static bool was_acted_on(const struct memory *m, const char *id) {
  for (unsigned i = 0; i < m->n_strays; i++)
    if (strcmp(m->strays_acted[i], id) == 0)
      return true;
  return false;
}

// A key of ours that can never come back to a slot: its generation is not above the counter, and in
// no slot, or in one whose id is noted under another id. A pending without an id covers every key
// of its generation.
static bool is_stray(const struct look *l, const struct iam_key *k, const struct tag *tag) {
  const struct state *s = &l->u->state;
  if (tag->generation > s->generation)
    return false;
  for (int i = 0; i < SLOT_COUNT; i++) {
    const struct slot *slot = &s->slots[i];
    if (slot->used && strcmp(slot->key_id, k->id) == 0)
      return false;
    if (slot->used && slot->generation == tag->generation && slot->key_id[0] == '\0')
      return false;
  }
  return true;
}

// The tag of a key of our lineage shows a newer state than the one that was read.
static void went_back(struct look *l, uint64_t generation) {
  struct memory *m = l->t->memory;
  struct view *v = &l->u->view;
  if (generation > m->max_generation)
    m->max_generation = generation;
  if (m->back_since_ms == 0)
    m->back_since_ms = l->mono_ms > 0 ? l->mono_ms : 1;
  v->home = HOME_BACK;
  v->back_for_s = (l->mono_ms - m->back_since_ms) / 1000;
}

static void judge_tagged(struct look *l, const struct iam_key *k) {
  struct view *v = &l->u->view;
  struct tag tag;
  bool same;
  if (!bears_tag(l, k, &tag, &same))
    return;
  if (!v->state) {
    v->tags_seen = true;
    if (tag.generation > v->tag_generation)
      v->tag_generation = tag.generation;
  } else if (!same) {
    v->other_lineages++;
  } else if (tag.generation > v->state->generation) {
    went_back(l, tag.generation);
  } else if (!v->stray_id[0] && is_stray(l, k, &tag) && !was_acted_on(l->t->memory, k->id)) {
    text_copy(v->stray_id, sizeof v->stray_id, k->id);
    v->stray_locked = k->locked;
  }
}

// --- what only some phases need ------------------------------------------------------------------

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

// Asks for the key of a value that is in no slot, and enters what is seen.
static enum err find_key_of(struct look *l, const struct secret *value, struct iam_key *ret,
                            struct error *e) {
  enum err err = l->iam->ops->find_by_value(l->iam, value, ret, e);
  if (err == ERR_OK)
    enter_evidence(l, value, ret->id, seen_of(ret));
  else if (err == ERR_MISSING && was_proven(l, value))
    enter_evidence(l, value, "", KEY_ABSENT);
  return err;
}

// A value in a sink that the state does not know: a key of ours older than the fingerprints, newer
// than the state, or not ours. One that it knows for retired is asked about for its evidence alone,
// and an answer that does not come holds nothing up.
static enum err judge_stranger(struct look *l, size_t i, struct error *e) {
  struct iam_key k = {0};
  struct tag tag;
  struct error why;
  bool same = false, foreign = l->u->sink_views[i].value == SINK_FOREIGN;
  enum err err = find_key_of(l, l->u->sinks[i].record.value, &k, foreign ? e : &why);
  l->u->sinks[i].key_alive = err == ERR_OK && seen_of(&k) == KEY_ACTIVE;
  if (foreign && err == ERR_OK && bears_tag(l, &k, &tag, &same) && same) {
    if (tag.generation > l->u->state.generation)
      l->u->view.witness_ahead = true;
    else
      l->u->sink_views[i].value = SINK_RETIRED;
  } else if (foreign && (err == ERR_OK || err == ERR_MISSING || err == ERR_REFUSED)) {
    tell_foreign(l, i, &k);
  }
  iam_key_clear(&k);
  return !foreign || err == ERR_MISSING || err == ERR_REFUSED ? ERR_OK : err;
}

// Sinks that disagree are a person's matter, who wants to know which of the values work.
static void judge_disagreeing(struct look *l) {
  for (size_t i = 0; i < l->u->view.n_sinks; i++)
    if (l->u->sink_views[i].value == SINK_UNJUDGED) {
      struct iam_key k = {0};
      struct error e;
      find_key_of(l, l->u->sinks[i].record.value, &k, &e);
      iam_key_clear(&k);
    }
}

static enum err look_for_adoptable(struct look *l, struct error *e) {
  struct view *v = &l->u->view;
  struct iam_key *k = &l->u->adoptable;
  if (!v->sinks_agree) {
    judge_disagreeing(l);
    return ERR_OK;
  }
  enum err err = find_key_of(l, l->u->sinks[l->u->adoptable_sink].record.value, k, e);
  if (err != ERR_OK)
    return err == ERR_MISSING || err == ERR_REFUSED ? ERR_OK : err;
  bool ours = strcmp(k->iam_id, l->t->iam_id) == 0 && strcmp(k->account, l->t->account) == 0;
  struct tag tag;
  if (ours && tag_parse(k->description, &tag))
    v->tags_seen =
        true; // of another binding: an edited instance must not become a second lineage in silence
  else if (ours && seen_of(k) == KEY_ACTIVE)
    v->adoptable = k;
  return ERR_OK;
}

static void look_at_use(struct look *l) {
  struct view *v = &l->u->view;
  const struct state *s = &l->u->state;
  int64_t grace_s = s->grace_s >= 0 ? s->grace_s : l->t->policy.grace_s;
  struct iam_key k = {0};
  struct error e;
  if (s->phase != PHASE_GRACE || !s->slots[SLOT_PREVIOUS].used || grace_s == 0 ||
      v->now_s < s->phase_since_s + grace_s)
    return;
  if (l->iam->ops->get(l->iam, s->slots[SLOT_PREVIOUS].key_id, true, &k, &e) == ERR_OK &&
      k.has_activity) {
    v->previous_used_known = true;
    v->previous_used_s = k.last_authn_s;
  }
  iam_key_clear(&k);
}

static void look_at_places(struct look *l) {
  struct view *v = &l->u->view;
  int64_t limit, count;
  struct error e;
  if (v->state->phase != PHASE_IDLE || !(v->due || v->state->wish.kind == WISH_ROTATE))
    return;
  if (l->iam->ops->key_limit(l->iam, l->t->account, l->t->iam_id, &limit, &count, &e) != ERR_OK)
    return;
  v->key_places_known = true;
  v->key_places = limit - count;
}

static enum err look_at_state(struct look *l, struct error *e) {
  struct view *v = &l->u->view;
  enum err err = ERR_OK;
  for (int i = 0; i < SLOT_COUNT && err == ERR_OK; i++)
    if (v->state->slots[i].used && v->state->slots[i].key_id[0])
      err = look_at_slot(l, (enum slot_name)i, e);
  if (err == ERR_OK && v->state->slots[SLOT_PENDING].used &&
      !v->state->slots[SLOT_PENDING].key_id[0])
    err = look_for_pending(l, e);
  for (size_t i = 0; i < v->n_sinks && err == ERR_OK; i++)
    if (v->sinks[i].value == SINK_FOREIGN || v->sinks[i].value == SINK_RETIRED)
      err = judge_stranger(l, i, e);
  if (err == ERR_OK) {
    look_at_use(l);
    look_at_places(l);
  }
  return err;
}

// Pending's propagation budget runs from the answer to our enable, or from the first sight of it
// enabled.
static void start_budget(struct look *l) {
  struct memory *m = l->t->memory;
  const struct slot *pending = &l->u->state.slots[SLOT_PENDING];
  if (!pending->used || l->u->view.slots[SLOT_PENDING].key != KEY_ACTIVE ||
      strcmp(m->enabled_id, pending->key_id) == 0)
    return;
  text_copy(m->enabled_id, sizeof m->enabled_id, pending->key_id);
  m->enabled_ms = l->mono_ms;
}

// IAM, or our own credential, said no for good. Is that because the identity itself is gone? Then
// its keys went with it.
static void refused(struct look *l, struct error *e) {
  struct target *t = l->t;
  struct turn *u = l->u;
  struct iam_service_id id = {0};
  struct error why;
  size_t n = 0;
  const char *dash = strchr(t->iam_id, '-');
  u->view.iam_refused = t->memory->iam_refused = true;
  if (e->kind == ERR_DENIED || !dash ||
      l->iam->ops->find_service_id(l->iam, t->account, dash + 1, &id, &n, &why) != ERR_MISSING)
    return;
  error_set(e, ERR_REFUSED,
            "the service ID %s was deleted, and its keys with it: name another one "
            "in the configuration",
            dash + 1);
  for (int i = 0; u->view.state && i < SLOT_COUNT; i++) {
    struct evidence *known = NULL;
    if (i != SLOT_PENDING && u->state.slots[i].used)
      known = turn_evidence(u, t, u->state.slots[i].value, u->state.slots[i].key_id);
    if (known)
      evidence_iam(known, CAUSE_identity_gone, u->view.now_s);
  }
}

static bool is_for_good(enum err err) {
  return err == ERR_DENIED || err == ERR_REFUSED || err == ERR_INVALID || err == ERR_MISSING;
}

static void ask(struct turn *u, struct target *t, const struct engine_io *io) {
  struct look l = {.u = u, .t = t, .io = io, .iam = io->iam};
  struct view *v = &u->view;
  struct error e;
  v->iam_asked = true;
  enum err err = l.iam->ops->list(l.iam, t->account, t->iam_id, &l.list, &e);
  l.mono_ms = env_mono_ms(io->env);
  int64_t server_s = l.iam->ops->server_time_s(l.iam);
  if (server_s > 0) {
    v->now_s = server_s;
    v->due = v->due_s > 0 && v->now_s >= v->due_s;
    v->window_open = policy_window_is_open(&t->policy.window, v->now_s);
  }
  for (size_t i = 0; err == ERR_OK && i < l.list.n; i++)
    judge_tagged(&l, &l.list.keys[i]);
  if (err == ERR_OK)
    err = v->state ? look_at_state(&l, &e) : look_for_adoptable(&l, &e);
  iam_key_list_clear(&l.list);
  if (is_for_good(err))
    refused(&l, &e);
  if (err != ERR_OK) {
    u->error = e;
    return;
  }
  if (v->state)
    start_budget(&l);
  v->iam_answered = true;
  t->memory->last_look_s = env_wall_ms(io->env) / 1000;
  t->memory->dropped = t->memory->iam_refused = false;
}

void turn_ask_iam(struct turn *u, struct target *t, const struct engine_io *io) {
  ask(u, t, io);
  turn_judge(u, t);
}
