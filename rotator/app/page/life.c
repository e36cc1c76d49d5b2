#include "rotator/app/page/life.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

static const char *const stage_names[LIFE_STAGES] = {[LIFE_NEW] = "new",
                                                     [LIFE_CURRENT] = "current",
                                                     [LIFE_OLD] = "old",
                                                     [LIFE_DISABLED] = "disabled"};

const char *life_stage_name(enum life_stage s) {
  return (unsigned)s < LIFE_STAGES ? stage_names[s] : "";
}

// --- keys ---

static struct life_key *find(struct life *l, const char *id) {
  for (size_t i = 0; i < l->n_keys; i++)
    if (strcmp(l->keys[i].id, id) == 0)
      return &l->keys[i];
  return NULL;
}

// The oldest one goes, and its marks.
static void forget_first(struct life *l) {
  size_t n = 0;
  memmove(l->keys, l->keys + 1, (l->n_keys - 1) * sizeof *l->keys);
  l->n_keys--;
  for (size_t i = 0; i < l->n_marks; i++)
    if (l->marks[i].key > 0) {
      l->marks[n] = l->marks[i];
      l->marks[n++].key--;
    }
  l->n_marks = n;
}

static struct life_key *enter(struct life *l, const char *id) {
  struct life_key *k = find(l, id);
  if (k || !id[0])
    return k;
  if (l->n_keys == LIFE_KEYS_MAX)
    forget_first(l);
  k = &l->keys[l->n_keys++];
  *k = (struct life_key){.n_spans = 0};
  text_copy(k->id, sizeof k->id, id);
  return k;
}

const struct life_span *life_lasting(const struct life_key *k) {
  const struct life_span *last = k->n_spans > 0 ? &k->spans[k->n_spans - 1] : NULL;
  return last && last->to_s == 0 ? last : NULL;
}

static void end(struct life_key *k, int64_t at_s) {
  struct life_span *last = k && k->n_spans > 0 ? &k->spans[k->n_spans - 1] : NULL;
  if (last && last->to_s == 0)
    last->to_s = at_s > last->from_s ? at_s : last->from_s;
}

static void become(struct life_key *k, enum life_stage stage, int64_t at_s) {
  const struct life_span *lasting = k ? life_lasting(k) : NULL;
  if (!k || (lasting && lasting->stage == stage))
    return;
  end(k, at_s);
  if (k->n_spans > 0 && at_s < k->spans[k->n_spans - 1].to_s)
    at_s = k->spans[k->n_spans - 1].to_s;
  if (k->n_spans == LIFE_SPANS_MAX) {
    memmove(k->spans, k->spans + 1, (LIFE_SPANS_MAX - 1) * sizeof *k->spans);
    k->n_spans--;
  }
  k->spans[k->n_spans++] = (struct life_span){stage, at_s, 0};
}

static struct life_key *in_stage(struct life *l, enum life_stage stage) {
  for (size_t i = l->n_keys; i > 0; i--) {
    const struct life_span *lasting = life_lasting(&l->keys[i - 1]);
    if (lasting && lasting->stage == stage)
      return &l->keys[i - 1];
  }
  return NULL;
}

static void mark(struct life *l, const struct life_key *k, enum life_event event, int64_t at_s) {
  if (!k || at_s <= 0)
    return;
  size_t key = (size_t)(k - l->keys);
  for (size_t i = 0; i < l->n_marks; i++)
    if (l->marks[i].key == key && l->marks[i].event == event && l->marks[i].at_s == at_s)
      return;
  if (l->n_marks == LIFE_MARKS_MAX)
    memmove(l->marks, l->marks + 1, --l->n_marks * sizeof *l->marks);
  l->marks[l->n_marks++] = (struct life_mark){event, key, at_s};
}

// --- history ---

// A row of the table, and what it makes of the key it names.
enum meaning {
  IS_CREATED,
  IS_NOTED,
  IS_ADOPTED,
  IS_PROMOTED,
  IS_PROOF,
  IS_SWAPPED,
  IS_DISABLED,
  IS_ENABLED,
  IS_REFUSED,
  IS_GONE,
  IS_RETIRED
};

static const struct {
  const char *what;
  enum meaning meaning;
} meanings[] = {
    {"create", IS_CREATED},   {"note", IS_NOTED},   {"adopt", IS_ADOPTED},
    {"promote", IS_PROMOTED}, {"settle", IS_PROOF}, {"probe", IS_PROOF},
    {"unsure", IS_PROOF},     {"retire", IS_PROOF}, {"swap", IS_SWAPPED},
    {"disable", IS_DISABLED}, {"held", IS_ENABLED}, {"refute", IS_REFUSED},
    {"lost", IS_GONE},        {"taken", IS_GONE},   {"give_up", IS_GONE},
    {"stray", IS_GONE},       {"delete", IS_GONE},  {"retired", IS_RETIRED},
};

static void promote(struct life *l, struct life_key *k, int64_t at_s) {
  struct life_key *before = in_stage(l, LIFE_CURRENT);
  if (before != k)
    become(before, LIFE_OLD, at_s);
  become(k, LIFE_CURRENT, at_s);
  l->promoted_s = at_s;
}

static void swap(struct life *l, int64_t at_s) {
  struct life_key *current = in_stage(l, LIFE_CURRENT), *old = in_stage(l, LIFE_OLD);
  become(current, LIFE_OLD, at_s);
  become(old, LIFE_CURRENT, at_s);
}

static void change(struct life *l, enum meaning meaning, const char *id, int64_t at_s) {
  struct life_key *k = find(l, id);
  switch (meaning) {
  case IS_CREATED:
    l->created_s = at_s;
    break;
  case IS_NOTED:
    become(enter(l, id), LIFE_NEW, l->created_s > 0 ? l->created_s : at_s);
    l->created_s = 0;
    break;
  case IS_ADOPTED:
    l->adopted_s = at_s;
    break;
  case IS_PROMOTED:
    promote(l, enter(l, id), at_s);
    mark(l, find(l, id), LIFE_PROVEN, at_s);
    break;
  case IS_PROOF:
    mark(l, k ? k : in_stage(l, LIFE_CURRENT), LIFE_PROVEN, at_s);
    break;
  case IS_SWAPPED:
    swap(l, at_s);
    break;
  case IS_DISABLED:
    become(k, LIFE_DISABLED, at_s);
    break;
  case IS_ENABLED:
    become(k, LIFE_OLD, at_s);
    break;
  case IS_REFUSED:
    mark(l, k, LIFE_REFUSED, at_s);
    end(k, at_s);
    break;
  case IS_GONE:
    end(k, at_s);
    break;
  case IS_RETIRED:
    break;
  }
}

// The key before the first rotation was adopted, and only now its id is known.
static void learn_adopted(struct life *l, const char *id) {
  if (!id[0] || find(l, id) || l->adopted_s == 0)
    return;
  struct life_key *k = enter(l, id);
  become(k, LIFE_CURRENT, l->adopted_s);
  if (l->promoted_s > l->adopted_s)
    become(k, LIFE_OLD, l->promoted_s);
}

void life_add_entry(struct life *l, const cJSON *entry) {
  char id[IAM_ID_MAX] = "", previous[IAM_ID_MAX] = "";
  const char *time = json_text(entry, "time"), *what = json_text(entry, "what");
  int64_t at_s;
  if (!time || !what || text_parse_time(time, &at_s) != ERR_OK || at_s <= 0)
    return;
  l->last_s = at_s;
  json_copy_text(entry, "key_id", id, sizeof id);
  json_copy_text(entry, "previous_id", previous, sizeof previous);
  learn_adopted(l, previous);
  if (json_text(entry, "error")) // a step that failed changed nothing that is known
    return;
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (strcmp(meanings[i].what, what) == 0) {
      change(l, meanings[i].meaning, id, at_s);
      if (meanings[i].meaning == IS_RETIRED)
        end(find(l, previous), at_s);
    }
}

// --- state and evidence ---

static void add_slot(struct life *l, const struct state *s, enum slot_name name) {
  static const enum life_stage stages[SLOT_COUNT] = {
      [SLOT_CURRENT] = LIFE_CURRENT, [SLOT_PREVIOUS] = LIFE_OLD, [SLOT_PENDING] = LIFE_NEW};
  const struct slot *slot = &s->slots[name];
  bool disabled = name == SLOT_PREVIOUS && s->disabled_s > 0;
  if (!slot->used || !slot->key_id[0])
    return;
  struct life_key *k = enter(l, slot->key_id);
  if (k->n_spans > 0)
    become(k, disabled ? LIFE_DISABLED : stages[name], disabled ? s->disabled_s : s->phase_since_s);
  else if (name == SLOT_PREVIOUS)
    become(k, LIFE_CURRENT, slot->since_s);
  else
    become(k, stages[name], slot->since_s);
  if (name == SLOT_PREVIOUS && life_lasting(k)->stage == LIFE_CURRENT)
    become(k, LIFE_OLD, s->phase_since_s);
  if (disabled)
    become(k, LIFE_DISABLED, s->disabled_s);
  // It may be older than anything that was written down of it.
  if (slot->since_s > 0 && slot->since_s < k->spans[0].from_s)
    k->spans[0].from_s = slot->since_s;
}

static bool is_in_a_slot(const struct state *s, const char *id) {
  for (int i = 0; i < SLOT_COUNT; i++)
    if (s->slots[i].used && strcmp(s->slots[i].key_id, id) == 0)
      return true;
  return false;
}

static void add_use(struct life *l, const char *key_id, int64_t at_s) {
  mark(l, find(l, key_id), LIFE_USED, at_s);
}

void life_add_state(struct life *l, const struct state *s) {
  static const enum slot_name order[] = {SLOT_PREVIOUS, SLOT_CURRENT, SLOT_PENDING};
  for (size_t i = 0; i < l->n_keys; i++)
    if (!is_in_a_slot(s, l->keys[i].id))
      end(&l->keys[i], l->last_s);
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    add_slot(l, s, order[i]);
  add_use(l, s->slots[SLOT_PREVIOUS].key_id, s->late_s);
  add_use(l, s->slots[SLOT_CURRENT].key_id, s->in_use_s);
}

// A key that we ended is seen dead afterwards: that is no news.
static bool is_ours_to_end(const struct life_key *k, int64_t at_s) {
  const struct life_span *last = k && k->n_spans > 0 ? &k->spans[k->n_spans - 1] : NULL;
  return last && (last->stage == LIFE_DISABLED ? at_s >= last->from_s
                                               : last->to_s > 0 && at_s >= last->to_s);
}

void life_add_evidence(struct life *l, const struct evidence_book *b) {
  for (int i = 0; i < EVIDENCE_MAX; i++) {
    const struct evidence *e = &b->of[i];
    const struct life_key *k = e->print[0] ? find(l, e->key_id) : NULL;
    mark(l, k, LIFE_PROVEN, e->proven_s);
    if (e->refusal != CAUSE_none)
      mark(l, k, LIFE_REFUSED, e->refusal_s);
    if (e->iam != CAUSE_none && !is_ours_to_end(k, e->iam_s))
      mark(l, k, LIFE_REFUSED, e->iam_s);
  }
}
