// Reading the stores of a turn: each sink with its version first, then the state. The order is the
// protocol's (rule 9): a sink write of this turn goes under a version that was read before the
// state it is based on.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/turn.h"

// --- sinks ---------------------------------------------------------------------------------------

static void read_sink(struct turn *u, struct target *t, size_t i) {
  struct sink_reading *r = &u->sinks[i];
  r->result = store_read(t->sinks[i].item, &r->record, &r->version, &r->error);
  if (r->result != ERR_OK && r->result != ERR_MISSING)
    u->error = r->error;
  if (r->result == ERR_REFUSED || r->result == ERR_CORRUPT)
    store_read_served(t->sinks[i].item, &r->served, NULL);
}

static void digest_versions(struct turn *u, struct target *t) {
  struct text_buf b = TEXT_BUF(STATE_SINKS_MAX * (STORE_VERSION_MAX + 8));
  for (size_t i = 0; i < t->n_sinks; i++)
    text_buf_add(&b, "%d %s\n", u->sinks[i].result, u->sinks[i].version.text);
  text_sha256_hex(u->versions, text_buf_str(&b), b.len);
  text_buf_free(&b);
}

// "Absent" is the one version that repeats. A class A item that is not there may be made anew only
// when every write that might still land has had its time: until then it counts as giving no
// answer. The very first publishing needs no wait.
static bool must_wait_out_absence(struct turn *u, struct target *t, const struct engine_io *io,
                                  size_t i) {
  struct store_item *item = t->sinks[i].item;
  int64_t now = env_wall_ms(io->env) / 1000, *since = &t->memory->absent_since_s[i];
  bool absent = u->sinks[i].result == ERR_MISSING && u->sinks[i].version.text[0] == '\0';
  if (!absent || item->class != STORE_CLASS_A || item->longest_ms <= 0) {
    *since = 0;
    return false;
  }
  if (*since == 0 || *since > now)
    *since = now;
  const struct state *s = u->view.state;
  bool first = !s || !s->slots[SLOT_CURRENT].used ||
               (!s->slots[SLOT_PREVIOUS].used && s->phase == PHASE_PUBLISHING);
  if (first || (now - *since) * 1000 >= item->longest_ms)
    return false;
  error_set(&u->error, ERR_LOCKED,
            "%s is gone; it is made anew once writes under way have had their time (%d s)",
            item->what, (int)(item->longest_ms / 1000));
  return true;
}

static enum sink_value judge_failure(enum err err) {
  switch (err) {
  case ERR_REFUSED:
  case ERR_DENIED:
  case ERR_INVALID:
    return SINK_REFUSED;
  default:
    return SINK_SILENT;
  }
}

static enum sink_value judge_value(const struct state *s, const struct secret *value) {
  static const enum sink_value as_slot[] = {[SLOT_CURRENT] = SINK_CURRENT,
                                            [SLOT_PREVIOUS] = SINK_PREVIOUS,
                                            [SLOT_PENDING] = SINK_PENDING};
  for (int i = 0; i < SLOT_COUNT; i++)
    if (s->slots[i].used && s->slots[i].value && secret_equal(s->slots[i].value, value))
      return as_slot[i];
  return state_knows_retired(s, value) ? SINK_RETIRED : SINK_FOREIGN;
}

// Content that is no value: what a person may have written over, and has perhaps.
static enum sink_value judge_garbage(const struct state *s, const struct store_item *item,
                                     const struct store_version *version) {
  if (version->text[0] == '\0' && item->class != STORE_CLASS_C)
    return SINK_REFUSED; // there is no version to write under
  return s && state_knows_garbage(s, item->place, version) ? SINK_RETIRED : SINK_CORRUPT;
}

// Has the sink been written since its version was noted? In class A each write may be one of a
// rotator that is behind; in B and C the lock keeps those away, so that what is left is a hand.
static void judge_writing(struct sink_view *v, const struct sink_reading *r,
                          const struct store_version *noted) {
  if (r->result != ERR_OK || noted->text[0] == '\0')
    return;
  v->noted = v->class == STORE_CLASS_A ? strcmp(noted->text, r->version.text) == 0
                                       : store_version_same_write(noted, &r->version);
  v->rewritten = v->class != STORE_CLASS_A && !v->noted;
}

static void judge_sink(struct turn *u, struct target *t, const struct engine_io *io, size_t i) {
  const struct sink_reading *r = &u->sinks[i];
  struct sink_view *v = &u->sink_views[i];
  const struct state *s = u->view.state;
  v->name = t->sinks[i].name;
  v->version = &r->version;
  v->class = t->sinks[i].item->class;
  v->acted = t->memory->sink_acted[i];
  if (must_wait_out_absence(u, t, io, i))
    v->value = SINK_SILENT;
  else if (r->result == ERR_MISSING)
    v->value = SINK_EMPTY;
  else if (r->result == ERR_CORRUPT)
    v->value = judge_garbage(s, t->sinks[i].item, &r->version);
  else if (r->result != ERR_OK)
    v->value = judge_failure(r->result);
  else
    v->value = s ? judge_value(s, r->record.value) : SINK_UNJUDGED;
  v->stamped = v->class != STORE_CLASS_A || (s && r->record.stamp == s->epoch);
  for (size_t k = 0; s && k < s->n_sinks; k++)
    if (strcmp(s->sinks[k].place, t->sinks[i].item->place) == 0) {
      v->listed = true;
      v->renamed = strcmp(s->sinks[k].name, v->name) != 0;
      judge_writing(v, r, &s->sinks[k].noted);
    }
}

static bool is_configured(const struct target *t, const char *place) {
  for (size_t i = 0; i < t->n_sinks; i++)
    if (strcmp(t->sinks[i].item->place, place) == 0)
      return true;
  return false;
}

static void judge_sinks(struct turn *u, struct target *t, const struct engine_io *io) {
  struct view *v = &u->view;
  const struct secret *first = NULL;
  v->sinks = u->sink_views;
  v->n_sinks = t->n_sinks;
  v->sinks_agree = true;
  for (size_t i = 0; i < t->n_sinks; i++) {
    judge_sink(u, t, io, i);
    if (u->sink_views[i].value == SINK_UNJUDGED) {
      const struct secret *value = u->sinks[i].record.value;
      if (first && !secret_equal(first, value))
        v->sinks_agree = false;
      if (!first)
        u->adoptable_sink = i;
      first = first ? first : value;
    }
    if (u->sinks[i].result == ERR_OK && u->sinks[i].record.stamp > v->tag_generation)
      v->tag_generation = u->sinks[i].record.stamp;
  }
  v->sinks_agree = v->sinks_agree && first;
  for (size_t i = 0; v->state && i < v->state->n_sinks; i++)
    if (!is_configured(t, v->state->sinks[i].place))
      v->sink_lost = true;
}

// --- home ----------------------------------------------------------------------------------------

static enum home_seen judge_home(enum err err) {
  switch (err) {
  case ERR_OK:
    return HOME_OK;
  case ERR_MISSING:
    return HOME_ABSENT;
  case ERR_CORRUPT:
    return HOME_CORRUPT;
  case ERR_REFUSED:
  case ERR_DENIED:
  case ERR_INVALID:
    return HOME_REFUSED;
  default:
    return HOME_SILENT;
  }
}

static bool is_bound(const struct state *s, const struct target *t) {
  return strcmp(s->account, t->account) == 0 && strcmp(s->iam_id, t->iam_id) == 0 &&
         strcmp(s->instance, t->instance) == 0;
}

// Has the state gone back: an older seq or generation than this process has seen, or than a sink's
// stamp shows?
static void judge_age(struct turn *u, struct target *t, const struct engine_io *io) {
  struct memory *m = t->memory;
  const struct state *s = &u->state;
  bool back = s->seq < m->max_seq || s->generation < m->max_generation;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (u->sinks[i].result == ERR_OK && u->sinks[i].record.stamp > s->seq)
      back = true;
  int64_t now = env_mono_ms(io->env);
  if (!back) {
    m->max_seq = s->seq;
    m->max_generation = s->generation;
    m->back_since_ms = 0;
    return;
  }
  if (m->back_since_ms == 0)
    m->back_since_ms = now > 0 ? now : 1;
  u->view.home = HOME_BACK;
  u->view.back_for_s = (now - m->back_since_ms) / 1000;
}

// What a process did not see begin, it did not do: section 8 asks for one that began after the
// sinks had settled.
static void note_beginning(struct memory *m, const struct state *s) {
  bool settled = s->phase == PHASE_GRACE || s->phase == PHASE_RETIRING;
  if (!m->began)
    m->began_epoch = settled ? s->epoch : 0;
  m->began = true;
}

static void read_home(struct turn *u, struct target *t, const struct engine_io *io) {
  struct store_record record = {0};
  struct error e;
  enum err err = store_read(t->home, &record, &u->home_version, &e);
  if (err == ERR_OK && strcmp(secret_bytes(record.value), STATE_FORGOTTEN) == 0)
    err = ERR_MISSING;
  else if (err == ERR_OK)
    err = memory_decode(t->memory, record.value, &u->state, &e);
  store_record_clear(&record);
  u->view.home = judge_home(err);
  if (err != ERR_OK && err != ERR_MISSING)
    u->error = e;
  if (err == ERR_MISSING && (t->rebound || t->memory->max_seq > 0))
    u->view.home =
        t->rebound ? HOME_REBOUND : HOME_SILENT; // what this process has seen does not vanish
  if (err != ERR_OK)
    return;
  if (!is_bound(&u->state, t)) {
    u->view.home = HOME_REBOUND;
    return;
  }
  u->view.state = &u->state;
  judge_age(u, t, io);
  note_beginning(t->memory, &u->state);
}

static void judge_time(struct turn *u, struct target *t, const struct engine_io *io) {
  struct view *v = &u->view;
  int64_t wall_s = env_wall_ms(io->env) / 1000, server_s = io->iam->ops->server_time_s(io->iam);
  v->now_s = server_s > 0 ? server_s : wall_s;
  v->window_open = policy_window_is_open(&t->policy.window, v->now_s);
  v->look_due = t->memory->dropped || wall_s - t->memory->last_look_s >= t->policy.look_every_s ||
                wall_s < t->memory->last_look_s;
  v->look_due_s = t->memory->last_look_s + t->policy.look_every_s;
  if (!v->state || !v->state->slots[SLOT_CURRENT].used)
    return;
  const struct slot *current = &v->state->slots[SLOT_CURRENT];
  v->look_due = v->look_due || memory_doubts(t->memory, current->key_id);
  v->due_s = policy_due_s(&t->policy, u->binding, current->generation, current->since_s,
                          current->adopted_s);
  v->due = v->now_s >= v->due_s;
}

// Has the sink the value, and where a row asks for it the version, that the state has of it? One
// that gave none says nothing.
static bool is_as_stated(enum phase phase, const struct sink_view *s) {
  if (s->value != SINK_CURRENT)
    return s->value == SINK_SILENT || s->value == SINK_REFUSED;
  return phase == PHASE_GRACE ? s->noted : phase != PHASE_PUBLISHING || s->stamped;
}

// Sinks are read before the state (rule 9). One that was read before this state was there, as far
// as this process knows, may have been written since by the rotator that made it: what it showed is
// nothing to hold against that state. On one host the lock keeps others away.
static bool sinks_are_older(const struct turn *u, const struct target *t, uint64_t known_seq) {
  if (!u->view.state || target_is_of_one_host(t) || u->state.seq <= known_seq)
    return false;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (!is_as_stated(u->state.phase, &u->sink_views[i]))
      return true;
  return false;
}

void turn_read_stores(struct turn *u, struct target *t, const struct engine_io *io) {
  struct view *v = &u->view;
  uint64_t known_seq = t->memory->max_seq;
  v->policy = &t->policy;
  tag_binding(t->account, t->iam_id, t->instance, u->binding);
  for (size_t i = 0; i < t->n_sinks; i++)
    read_sink(u, t, i);
  read_home(u, t, io);
  v->home_version = &u->home_version;
  digest_versions(u, t);
  judge_sinks(u, t, io);
  u->sinks_older = sinks_are_older(u, t, known_seq);
  v->other_host = v->state && v->state->host[0] && target_is_of_one_host(t) &&
                  strcmp(v->state->host, t->host_id) != 0;
  v->command_init = t->init;
  v->fleet_fails = t->fleet_fails;
  v->rotated_now = t->memory->rotated;
  v->adopted_now = t->memory->adopted;
  v->has_hook = t->hook != NULL;
  v->hook_failed = t->memory->hook_failed;
  if (v->state) {
    v->hook_done = t->memory->hook_done_epoch == v->state->epoch && v->state->epoch > 0;
    v->is_stager = strcmp(v->state->stager, t->process_id) == 0;
  }
  judge_time(u, t, io);
  // An old reading must not cost the proofs that are under way on the newest one.
  for (int s = 0; v->home == HOME_OK && s < SLOT_COUNT; s++)
    proof_recall(u, t, io, (enum slot_name)s);
  turn_judge(u, t);
}
