// Rows of every phase, and of no state at all.
#include "rotator/engine/rows.h"

#define BACK_PATIENCE_S 10 // an older seq is read again for this long before it is believed

// --- what stops everything -----------------------------------------------------------------------

bool row_unreadable(seen v, struct action *a) {
  if (v->home == HOME_REFUSED)
    return attention(a, WHY_home_silent);
  return v->home == HOME_SILENT && wait_until(a, 0, WHY_home_silent);
}

bool row_corrupt(seen v, struct action *a) {
  if (v->home == HOME_CORRUPT)
    return attention(a, WHY_home_corrupt);
  if (v->home == HOME_BACK && v->back_for_s < BACK_PATIENCE_S)
    return wait_until(a, v->now_s + 2, WHY_home_back);
  return (v->home == HOME_BACK || v->witness_ahead) && attention(a, WHY_home_back);
}

bool row_rebound(seen v, struct action *a) {
  return v->home == HOME_REBOUND && attention(a, WHY_rebound);
}

bool row_other_host(seen v, struct action *a) {
  return v->other_host && attention(a, WHY_other_host);
}

// --- no state yet --------------------------------------------------------------------------------

static bool all_sinks_empty(seen v) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value != SINK_EMPTY)
      return false;
  return true;
}

bool row_adopt(seen v, struct action *a) {
  if (any_sink(v, SINK_REFUSED, &a->sink))
    return attention(a, WHY_sink_refused);
  if (any_sink(v, SINK_CORRUPT, &a->sink))
    return attention(a, WHY_sink_corrupt);
  if (any_sink(v, SINK_SILENT, &a->sink))
    return wait_until(a, 0, WHY_sink_silent);
  if (!v->iam_answered)
    return wait_until(a, 0, WHY_iam_silent);
  if (v->list_short)
    return wait_until(a, 0, WHY_keys_hidden);
  return v->sinks_agree && v->adoptable && !v->tags_seen && act(a, ACT_CAS, WHY_adopted);
}

bool row_first(seen v, struct action *a) {
  return all_sinks_empty(v) && !v->tags_seen && v->command_init && act(a, ACT_CAS, WHY_none);
}

bool row_unclear(seen v, struct action *a) {
  if (v->tags_seen)
    return attention(a, WHY_tags_without_state);
  if (all_sinks_empty(v))
    return attention(a, WHY_need_init);
  return attention(a, v->sinks_agree ? WHY_value_not_ours : WHY_sinks_disagree);
}

// --- with a state, in any phase ------------------------------------------------------------------

// A sink that serves our key is on the list, by the name that it has now, whoever put the key
// there: who takes it out of the configuration later must be asked for its readers.
static bool list_sink(seen v, struct action *a) {
  for (size_t i = 0; i < v->n_sinks; i++)
    if (v->sinks[i].value == SINK_CURRENT && (!v->sinks[i].listed || v->sinks[i].renamed)) {
      a->sink = i;
      return act(a, ACT_CAS, WHY_sink_unlisted);
    }
  return false;
}

bool row_drift(seen v, struct action *a) {
  if (!has(v, SLOT_CURRENT))
    return false;
  if (list_sink(v, a))
    return true;
  if (!may_be_written(v))
    return false;
  for (size_t i = 0; i < v->n_sinks; i++)
    if (is_drifted(&v->sinks[i]) && !v->sinks[i].acted)
      return write_or_list(a, v, i);
  return false;
}

bool row_foreign(seen v, struct action *a) {
  if (any_sink(v, SINK_FOREIGN, &a->sink))
    return attention(a, WHY_sink_foreign);
  return any_sink(v, SINK_CORRUPT, &a->sink) && attention(a, WHY_sink_corrupt);
}

bool row_stray(seen v, struct action *a) {
  if (!v->iam_answered || !v->stray_id[0])
    return false;
  // It may be what we are authenticated with, put there by a hand: first there is another.
  if (v->own.is && (!has(v, SLOT_CURRENT) || is_dead(v, SLOT_CURRENT)))
    return false;
  memcpy(a->key_id, v->stray_id, sizeof a->key_id);
  return v->stray_locked ? attention(a, WHY_stray_locked) : act(a, ACT_DELETE, WHY_stray);
}
