// What a person orders by a command: which change of the state it is, and why it is refused. The
// tick acts on what comes of it.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/transition.h"
#include "rotator/engine/transition_steps.h"

// A rotation that a person asks for forgives those that failed. The key that leaked may be the one
// that a rotation under way is about to retire: it shall not wait for its grace.
static void wish_rotation(struct state *s, const struct wish *w) {
  struct wish before = s->wish;
  bool retire = state_may_retire(s);
  s->wish = *w;
  s->wish.kind = WISH_ROTATE;
  if (retire) { // that stays asked for
    text_copy(s->wish.key_id, sizeof s->wish.key_id, before.key_id);
    s->wish.at_s = before.at_s;
  }
  s->failures = 0;
  if (w->compromised && s->phase != PHASE_IDLE && s->phase != PHASE_STAGED)
    s->grace_s = s->quarantine_s = 0;
}

static enum err wish_back(struct state *s, const struct wish *w, struct error *e) {
  const struct slot *previous = &s->slots[SLOT_PREVIOUS];
  switch (s->phase) {
  case PHASE_STAGED:
    s->wish = *w;
    s->wish.kind = WISH_GIVE_UP;
    return ERR_OK;
  case PHASE_PUBLISHING:
  case PHASE_GRACE:
    if (!previous->used)
      return error_set(e, ERR_REFUSED, "there is no previous key to go back to");
    s->wish = *w;
    s->wish.kind = WISH_BACK_TO;
    text_copy(s->wish.key_id, sizeof s->wish.key_id, previous->key_id);
    return ERR_OK;
  case PHASE_RETIRING:
    return error_set(
        e, ERR_REFUSED,
        "%s is past the point of no return: consumers were proven to have its successor",
        previous->key_id);
  default:
    return error_set(e, ERR_REFUSED, "no rotation is under way");
  }
}

const char *transition_keeps_previous(const struct view *v) {
  const struct state *s = v->state;
  bool held = s->hold.on && (s->hold.until_s == 0 || v->now_s < s->hold.until_s);
  switch (s->phase) {
  case PHASE_PUBLISHING:
    return "the new key is not proven through every sink yet";
  case PHASE_RETIRING:
    return "the old key is past the point of no return already";
  case PHASE_GRACE:
    break;
  default:
    return "there is no old key in grace";
  }
  if (held)
    return "a hold is on: resume first";
  if (v->sink_lost)
    return "a sink that the state lists is no longer configured, and may still be read: drop it "
           "first";
  if (s->wish.kind == WISH_BACK_TO)
    return "a rollback to the old key is asked for";
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_CURRENT)
      return "not every sink holds the new key";
  return NULL;
}

// A wish for a rotation that stands is kept: one wish may say both.
static enum err wish_end(struct state *s, const struct view *v, const struct wish *w,
                         struct error *e) {
  const char *reason = transition_keeps_previous(v);
  if (reason)
    return error_set(e, ERR_REFUSED, "%s", reason);
  if (s->wish.kind != WISH_ROTATE) {
    s->wish = *w;
    s->wish.kind = WISH_RETIRE;
  }
  text_copy(s->wish.key_id, sizeof s->wish.key_id, s->slots[SLOT_PREVIOUS].key_id);
  s->wish.at_s = v->now_s;
  return ERR_OK;
}

// A place that is configured under another name was renamed, and is read as ever.
static enum err drop_sink(struct state *s, const struct view *v, const struct transition_input *in,
                          const char *name, struct error *e) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (strcmp(v->sinks[i].name, name) == 0)
      return error_set(e, ERR_REFUSED, "sink %s is in the configuration: take it out there first",
                       name);
  for (size_t i = 0; i < s->n_sinks; i++) {
    if (strcmp(s->sinks[i].name, name) != 0)
      continue;
    const struct state_sink *same = state_find_place(in->sinks, in->n_sinks, s->sinks[i].place);
    if (same)
      return error_set(e, ERR_REFUSED,
                       "sink %s is in the configuration under another name (%s): there is nothing "
                       "to drop",
                       name, same->name);
    memmove(&s->sinks[i], &s->sinks[i + 1], (s->n_sinks - i - 1) * sizeof s->sinks[0]);
    memset(&s->sinks[--s->n_sinks], 0, sizeof s->sinks[0]);
    return ERR_OK;
  }
  return error_set(e, ERR_MISSING, "the state lists no sink %s", name);
}

// What the sinks hold counts as older values of ours from now on, so that the tick writes over it:
// what never was ours (`foreign`), or all of it but the value that is kept.
static enum err expect_values(struct state *s, const struct view *v,
                              const struct transition_input *in, bool foreign, struct error *e) {
  enum err err = ERR_OK;
  for (size_t i = 0; i < v->n_sinks && err == ERR_OK; i++) {
    const struct secret *value = in->sink_values[i];
    if (value &&
        (foreign ? v->sinks[i].value == SINK_FOREIGN : !secret_equal(value, in->kept.value)))
      err = state_add_retired(s, value);
    if (v->sinks[i].value == SINK_CORRUPT)
      err = state_add_garbage(s, in->sinks[i].place, &in->sinks[i].noted);
  }
  return err == ERR_OK ? ERR_OK : error_no_memory(e);
}

static void keep(struct state *s, struct transition_input *in, int64_t now_s) {
  slot_clear(&s->slots[SLOT_PENDING]);
  slot_clear(&s->slots[SLOT_PREVIOUS]);
  s->slots[SLOT_PREVIOUS] = s->slots[SLOT_CURRENT];
  s->slots[SLOT_CURRENT] = in->kept;
  memset(&in->kept, 0, sizeof in->kept);
  s->stager[0] = '\0';
  s->pending_from_iam = false;
  state_clear_wish(s);
  state_enter(s, PHASE_PUBLISHING, now_s);
}

static enum err keep_or_stage(struct state *s, const struct view *v, const struct order *o,
                              struct transition_input *in, struct error *e) {
  enum err err = expect_values(s, v, in, false, e);
  if (err != ERR_OK)
    return err;
  if (o->kind == ORDER_KEEP_SINK) {
    keep(s, in, v->now_s);
  } else {
    state_stage(s, v->policy, in, v->now_s);
    state_enter(s, PHASE_STAGED, v->now_s);
  }
  return ERR_OK;
}

static enum err obey(struct state *s, const struct view *v, const struct order *o,
                     struct transition_input *in, struct error *e) {
  switch (o->kind) {
  case ORDER_ROTATE:
    wish_rotation(s, &o->wish);
    return ERR_OK;
  case ORDER_ROLLBACK:
    return wish_back(s, &o->wish, e);
  case ORDER_HOLD:
    s->hold = o->hold;
    return ERR_OK;
  case ORDER_TAKE_HOST:
    text_copy(s->host, sizeof s->host, o->name);
    return ERR_OK;
  case ORDER_RETIRE:
    return wish_end(s, v, &o->wish, e);
  case ORDER_DROP_SINK:
    return drop_sink(s, v, in, o->name, e);
  case ORDER_KEEP_STATE:
    return expect_values(s, v, in, true, e);
  case ORDER_KEEP_SINK:
  case ORDER_NEW_KEY:
    break;
  }
  return keep_or_stage(s, v, o, in, e);
}

static enum err begin_or_copy(const struct view *v, const struct order *o,
                              const struct transition_input *in, struct state *s, struct error *e) {
  if (v->home == HOME_OK && o->kind == ORDER_NEW_KEY)
    return error_set(e, ERR_REFUSED,
                     "there is a good state: `rotator rotate` makes a new key under it");
  if (v->home == HOME_OK)
    return state_copy(v->state, s) == ERR_OK ? ERR_OK : error_no_memory(e);
  if (o->kind != ORDER_NEW_KEY && o->kind != ORDER_KEEP_SINK)
    return error_set(e, ERR_REFUSED, "there is no state that could be kept");
  state_begin(s, in->above, in);
  text_copy(s->host, sizeof s->host, in->host);
  return ERR_OK;
}

enum err transition_ordered(const struct view *v, const struct order *o,
                            struct transition_input *in, struct state *ret, struct error *e) {
  struct state s = {0};
  enum err err = begin_or_copy(v, o, in, &s, e);
  if (err == ERR_OK) {
    s.seq++;
    text_copy(s.writer, sizeof s.writer, in->writer);
    err = obey(&s, v, o, in, e);
  }
  if (err == ERR_OK)
    *ret = s;
  else
    state_clear(&s);
  return err;
}
