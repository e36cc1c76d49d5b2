// Asking IAM in a turn: one list of the identity's keys, and single questions only where the list
// leaves something open. Presence is taken at its word; absence and death count when seen twice,
// apart (rule 4, memory.h). Or a list of an earlier turn is gone on with (carry.c).
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/look.h"

static const struct iam_key *in_list(const struct look *l, const char *id) {
  for (size_t i = 0; i < l->list.n; i++)
    if (strcmp(l->list.keys[i].id, id) == 0)
      return &l->list.keys[i];
  return NULL;
}

// The server's clock, after an answer.
static void take_time(struct look *l) {
  struct view *v = &l->u->view;
  int64_t server_s = l->iam->ops->server_time_s(l->iam);
  if (server_s <= 0)
    return;
  v->now_s = server_s;
  v->due = v->due_s > 0 && v->now_s >= v->due_s;
  v->window_open = policy_window_is_open(&l->t->policy.window, v->now_s);
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

// IAM has a key of ours that the list does not show, or counts more than it shows: the list is no
// evidence of absence. (One of another group of service IDs is empty, and says so nowhere.)
static void list_is_short(struct look *l, const char *key_id, int64_t count) {
  l->u->view.list_short = true;
  if (key_id)
    error_set(&l->u->error, ERR_UNSURE,
              "IAM's list of the keys of %s does not show %s, which is there", l->t->iam_id,
              key_id);
  else
    error_set(&l->u->error, ERR_UNSURE, "IAM lists %zu keys of %s and counts %lld", l->list.n,
              l->t->iam_id, (long long)count);
}

static void show_key(struct slot_view *v, const struct iam_key *k) {
  v->key = k ? look_seen(k) : KEY_ABSENT;
  v->locked = k && k->locked;
  v->modified_s = k ? k->modified_s : -1;
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
    take_time(l); // we may have slept since the list
  }
  if (k == &one && name == SLOT_CURRENT)
    list_is_short(l, slot->key_id, 0);
  if (!k && l->u->view.list_short)
    return ERR_OK;
  show_key(v, k);
  enter_sighting(l, name, v);
  if (name != SLOT_PENDING || look_pending_counts(l, v->key))
    look_enter_evidence(l, slot->value, slot->key_id, v->key);
  iam_key_clear(&one);
  return ERR_OK;
}

// --- pending without an id -----------------------------------------------------------------------

static void found(struct look *l, const char *id, bool active) {
  text_copy(l->u->view.found_id, sizeof l->u->view.found_id, id);
  l->u->view.found_active = active;
}

// Neither there nor taken, though the answer was that it exists: no verdict yet, the next create
// asks again. Seen twice, apart, it is a refusal that means something else (a locked identity).
static bool stays_unfound(struct look *l) {
  int64_t *since = &l->t->memory->unfound_ms, now = l->mono_ms;
  if (*since == 0)
    *since = now > 0 ? now : 1;
  return now > *since && now - *since >= l->t->policy.absence_apart_s * 1000;
}

// Our create was refused as if the value existed: who has it?
static enum err ask_by_value(struct look *l, struct error *e) {
  struct memory *m = l->t->memory;
  const struct slot *pending = &l->u->state.slots[SLOT_PENDING];
  struct iam_key k = {0};
  struct tag tag;
  bool same = false;
  enum err err = pending->value ? l->iam->ops->find_by_value(l->iam, pending->value, &k, e)
                                : ERR_MISSING; // IAM was to make the value: nobody can have it
  if (err == ERR_OK) {
    if (look_bears_tag(l, &k, &tag, &same) && same && tag.generation == l->u->state.generation)
      found(l, k.id, !k.disabled);
    else
      l->u->view.value_taken = true;
  } else if (err == ERR_MISSING) {
    l->u->view.create_refused = m->create_error.kind != ERR_EXISTS || stays_unfound(l);
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
    if (look_bears_tag(l, k, &tag, &same) && same && tag.generation == s->generation) {
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

// A key of ours that can never come back to a slot: its generation, which is not above the counter,
// is in no slot, or in one whose id is noted under another id. A pending without an id covers every
// key of its generation.
static bool is_stray(const struct look *l, const struct iam_key *k, const struct tag *tag) {
  const struct state *s = &l->u->state;
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
  if (!look_bears_tag(l, k, &tag, &same))
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

// A sink that can be read and not written (mounted read-only, a lost right) would be met when the
// new key is there and enabled. Only what is definite counts: an outage is waited for.
static void look_at_writing(struct look *l) {
  const struct view *v = &l->u->view;
  struct error e;
  if (v->state->phase != PHASE_IDLE || !(v->due || v->state->wish.kind == WISH_ROTATE))
    return;
  for (size_t i = 0; i < v->n_sinks; i++) {
    enum err err = store_check(l->t->sinks[i].item, &e);
    l->u->sink_views[i].unwritable = err == ERR_REFUSED || err == ERR_DENIED || err == ERR_LIMIT;
    if (l->u->sink_views[i].unwritable)
      l->u->error = e;
  }
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
  if (count > (int64_t)l->list.n && !v->list_short) // else it is said already which key is missing
    list_is_short(l, NULL, count);
}

// Without a state, and with no key found that the list must show, the count is all there is to
// hold the list against. A service that does not tell it is believed; one that gave no answer is
// asked again.
static enum err count_keys(struct look *l, struct error *e) {
  int64_t limit, count;
  enum err err = l->iam->ops->key_limit(l->iam, l->t->account, l->t->iam_id, &limit, &count, e);
  if (err == ERR_OK && count > (int64_t)l->list.n)
    list_is_short(l, NULL, count);
  return err_is_passing(err) || err == ERR_CANCELLED ? err : ERR_OK;
}

static enum err look_without_state(struct look *l, struct error *e) {
  enum err err = look_for_adoptable(l, e);
  const struct iam_key *k = &l->u->adoptable;
  if (err != ERR_OK)
    return err;
  if (!k->id[0] || strcmp(k->iam_id, l->t->iam_id) != 0 || in_list(l, k->id))
    return count_keys(l, e);
  list_is_short(l, k->id, 0);
  return ERR_OK;
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
      err = look_judge_stranger(l, i, e);
  if (err == ERR_OK)
    err = look_at_use(l, e);
  if (err == ERR_OK)
    look_at_places(l);
  look_at_writing(l);
  return err;
}

// Pending's propagation budget runs from the answer to our enable, or from first seeing it active.
static void start_budget(struct look *l) {
  struct memory *m = l->t->memory;
  const struct slot *pending = &l->u->state.slots[SLOT_PENDING];
  if (!pending->used || l->u->view.slots[SLOT_PENDING].key != KEY_ACTIVE ||
      strcmp(m->enabled_id, pending->key_id) == 0)
    return;
  text_copy(m->enabled_id, sizeof m->enabled_id, pending->key_id);
  m->enabled_ms = l->mono_ms;
}

static void ask(struct turn *u, struct target *t, const struct engine_io *io) {
  struct look l = {.u = u, .t = t, .io = io, .iam = io->iam};
  struct view *v = &u->view;
  struct error e;
  v->iam_asked = true;
  u->asked_ms = env_mono_ms(io->env);
  enum err err = l.iam->ops->list(l.iam, t->account, t->iam_id, &l.list, &e);
  if (err == ERR_DENIED && own_stand_in(u, t, io)) {
    l.iam = u->stand_in;
    err = l.iam->ops->list(l.iam, t->account, t->iam_id, &l.list, &e);
  }
  l.mono_ms = env_mono_ms(io->env);
  take_time(&l);
  if (err == ERR_OK) {
    look_enter_listed(&l);
    own_look(u, t, io);
  }
  for (size_t i = 0; err == ERR_OK && i < l.list.n; i++)
    judge_tagged(&l, &l.list.keys[i]);
  if (err == ERR_OK)
    err = v->state ? look_at_state(&l, &e) : look_without_state(&l, &e);
  if (err == ERR_OK &&
      v->own.is) // again: one of the questions may have been asked with a new token
    own_look(u, t, io);
  iam_key_list_clear(&u->keys);
  u->keys = l.list;
  if (err != ERR_OK) {
    turn_iam_failed(u, t, l.iam, &e);
    u->error = e;
    return;
  }
  if (v->state)
    start_budget(&l);
  v->iam_answered = true;
  t->memory->last_look_s = env_wall_ms(io->env) / 1000;
  t->memory->dropped = t->memory->iam_refused = false;
}

// No sighting and no evidence comes of it: these were entered when the list was answered.
void turn_carry_look(struct turn *u, struct target *t, const struct engine_io *io) {
  struct look l = {.u = u, .t = t, .io = io, .iam = io->iam, .list = t->memory->carried.list};
  struct view *v = &u->view;
  struct error e;
  l.mono_ms = env_mono_ms(io->env);
  v->iam_asked = v->iam_answered = v->carried = true;
  for (size_t i = 0; i < l.list.n; i++)
    judge_tagged(&l, &l.list.keys[i]);
  for (int i = 0; i < SLOT_COUNT; i++) {
    const struct slot *slot = &u->state.slots[i];
    if (slot->used && slot->key_id[0])
      show_key(&v->slots[i], in_list(&l, slot->key_id));
    else if (slot->used) // pending, of which alone no id may be noted
      v->iam_answered = look_for_pending(&l, &e) == ERR_OK;
  }
  start_budget(&l);
  arrival_recall(u, t, io);
  turn_judge(u, t);
}

void turn_ask_iam(struct turn *u, struct target *t, const struct engine_io *io) {
  ask(u, t, io);
  if (u->view.iam_answered && u->view.home == HOME_OK) // with the server's clock
    arrival_recall(u, t, io);
  turn_judge(u, t);
}
