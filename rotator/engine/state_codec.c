// The state as a document. One table of fields per struct serves both directions, so that what is
// written is what is demanded when reading: a member that is missing, unknown, twice there or of
// another type makes the document corrupt.
//
// A wish to retire is written as kind "none" with the id of the key that may go: what was written
// before that wish existed reads it as no wish, keeps it, and waits, as it would without one. A
// word of its own would make the document corrupt for it, and call a person to a target that is
// fine.
//
// The checksum covers the text of the "state" member as cJSON prints it without white space;
// numbers that may pass 2^53 are strings, so that printing what was parsed gives the same bytes
// again.
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/state.h"
#include "rotator/engine/state_field.h"

#define FIELD(type, name, member, kind)                                                            \
  {name, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member)}

static const struct field state_fields[] = {
    FIELD(state, "seq", seq, F_U64),
    FIELD(state, "generation", generation, F_U64),
    FIELD(state, "epoch", epoch, F_U64),
    FIELD(state, "hook_epoch", hook_epoch, F_U64),
    FIELD(state, "account", account, F_TEXT),
    FIELD(state, "iam_id", iam_id, F_TEXT),
    FIELD(state, "instance", instance, F_TEXT),
    FIELD(state, "lineage", lineage, F_TEXT),
    FIELD(state, "host", host, F_TEXT),
    FIELD(state, "stager", stager, F_TEXT),
    FIELD(state, "pending_from_iam", pending_from_iam, F_BOOL),
    FIELD(state, "grace_s", grace_s, F_I64),
    FIELD(state, "quarantine_s", quarantine_s, F_I64),
    FIELD(state, "failures", failures, F_UINT),
    FIELD(state, "moved", moved, F_UINT),
    FIELD(state, "phase_since_s", phase_since_s, F_I64),
    FIELD(state, "writer", writer, F_TEXT),
    {0},
};
// Written only where they are not 0: so documents of before they were known can be read, and those
// who do not know them can read all others.
static const struct field later_fields[] = {
    FIELD(state, "disabled_s", disabled_s, F_I64),
    FIELD(state, "in_use_s", in_use_s, F_I64),
    FIELD(state, "late_s", late_s, F_I64),
    FIELD(state, "rewritten_s", rewritten_s, F_I64),
    {0},
};
static const struct field slot_fields[] = {
    FIELD(slot, "value", value, F_SECRET),        FIELD(slot, "key_id", key_id, F_TEXT),
    FIELD(slot, "generation", generation, F_U64), FIELD(slot, "since_s", since_s, F_I64),
    FIELD(slot, "adopted_s", adopted_s, F_I64),   {0},
};
static const struct field wish_fields[] = {
    FIELD(wish, "key_id", key_id, F_TEXT),
    FIELD(wish, "grace_s", grace_s, F_I64),
    FIELD(wish, "compromised", compromised, F_BOOL),
    FIELD(wish, "reason", reason, F_TEXT),
    FIELD(wish, "by", by, F_TEXT),
    FIELD(wish, "at_s", at_s, F_I64),
    {0},
};
static const struct field hold_fields[] = {
    FIELD(hold, "until_s", until_s, F_I64),
    FIELD(hold, "reason", reason, F_TEXT),
    FIELD(hold, "by", by, F_TEXT),
    {0},
};
static const struct field sink_fields[] = {
    FIELD(state_sink, "name", name, F_TEXT),
    FIELD(state_sink, "place", place, F_TEXT),
    FIELD(state_sink, "noted", noted.text, F_TEXT),
    {0},
};

static bool put_later(cJSON *o, const struct state *s) {
  for (const struct field *f = later_fields; f->name; f++) {
    const char *p = (const char *)s + f->offset;
    if (*(const int64_t *)(const void *)p != 0 && !field_put(o, f, p))
      return false;
  }
  return true;
}

static bool put_slots(cJSON *slots, const struct state *s) {
  for (int i = 0; i < SLOT_COUNT; i++)
    if (s->slots[i].used &&
        !fields_put(cJSON_AddObjectToObject(slots, slot_name((enum slot_name)i)), slot_fields,
                    &s->slots[i]))
      return false;
  return slots != NULL;
}

// Appends the item, or frees it.
static bool append(cJSON *list, cJSON *item) {
  bool good = item && cJSON_AddItemToArray(list, item);
  if (!good)
    json_free(item);
  return good;
}

static bool put_sinks(cJSON *sinks, const struct state *s) {
  for (size_t i = 0; i < s->n_sinks; i++) {
    cJSON *sink = cJSON_CreateObject();
    if (!append(sinks, sink) || !fields_put(sink, sink_fields, &s->sinks[i]))
      return false;
  }
  return sinks != NULL;
}

static bool put_retired(cJSON *retired, const struct state *s) {
  for (int i = 0; i < STATE_RETIRED_MAX && s->retired[i][0]; i++)
    if (!append(retired, cJSON_CreateString(s->retired[i])))
      return false;
  return retired != NULL;
}

static const char *wish_word(enum wish_kind kind) {
  return wish_name(kind == WISH_RETIRE ? WISH_NONE : kind);
}

static bool put_state(cJSON *o, const struct state *s) {
  cJSON *wish = cJSON_AddObjectToObject(o, "wish"), *hold = cJSON_AddObjectToObject(o, "hold");
  return fields_put(o, state_fields, s) && put_later(o, s) &&
         cJSON_AddStringToObject(o, "phase", phase_name(s->phase)) &&
         put_slots(cJSON_AddObjectToObject(o, "slots"), s) &&
         put_sinks(cJSON_AddArrayToObject(o, "sinks"), s) &&
         fields_put(wish, wish_fields, &s->wish) &&
         cJSON_AddStringToObject(wish, "kind", wish_word(s->wish.kind)) &&
         fields_put(hold, hold_fields, &s->hold) && cJSON_AddBoolToObject(hold, "on", s->hold.on) &&
         put_retired(cJSON_AddArrayToObject(o, "retired"), s);
}

// The whole tree, or NULL without memory.
static cJSON *state_tree(const struct state *s) {
  cJSON *o = cJSON_CreateObject();
  return put_state(o, s) ? o : json_free(o);
}

static enum err digest_tree(const cJSON *tree, char ret[TEXT_SHA256_HEX]) {
  SECRET_AUTO text = NULL;
  enum err err = json_print(tree, STORE_HOME_MAX, &text);
  if (err == ERR_OK)
    text_sha256_hex(ret, secret_bytes(text), secret_len(text));
  return err;
}

// The index of `word` among names[n], or n.
static unsigned index_of(const char *word, const char *(*name)(unsigned), unsigned n) {
  for (unsigned i = 0; word && i < n; i++)
    if (strcmp(word, name(i)) == 0)
      return i;
  return n;
}
static const char *phase_at(unsigned i) {
  return phase_name((enum phase)i);
}
static const char *wish_at(unsigned i) {
  return wish_name((enum wish_kind)i);
}

static bool take_slots(const cJSON *slots, struct state *s, const char **ret_bad) {
  int seen = 0;
  for (int i = 0; i < SLOT_COUNT; i++) {
    const cJSON *o = json_get(slots, slot_name((enum slot_name)i));
    if (!o)
      continue;
    seen++;
    s->slots[i].used = true;
    if (!fields_take(o, slot_fields, 0, &s->slots[i], ret_bad))
      return false;
  }
  *ret_bad = "slots";
  return cJSON_IsObject(slots) && cJSON_GetArraySize(slots) == seen;
}

static bool take_lists(const cJSON *o, struct state *s, const char **ret_bad) {
  const cJSON *sinks = json_get(o, "sinks"), *retired = json_get(o, "retired"), *item;
  *ret_bad = "sinks";
  if (!cJSON_IsArray(sinks) || cJSON_GetArraySize(sinks) > STATE_SINKS_MAX)
    return false;
  cJSON_ArrayForEach(item, sinks) {
    if (!fields_take(item, sink_fields, 0, &s->sinks[s->n_sinks], ret_bad))
      return false;
    s->n_sinks++;
  }
  *ret_bad = "retired";
  if (!cJSON_IsArray(retired) || cJSON_GetArraySize(retired) > STATE_RETIRED_MAX)
    return false;
  int n = 0;
  cJSON_ArrayForEach(item, retired) {
    if (!cJSON_IsString(item) ||
        !text_copy(s->retired[n++], STATE_FINGERPRINT_MAX, item->valuestring))
      return false;
  }
  return true;
}

// How many of the later members are there: *ret.
static bool take_later(const cJSON *o, struct state *s, size_t *ret, const char **ret_bad) {
  *ret = 0;
  for (const struct field *f = later_fields; f->name; f++) {
    int64_t *p = (int64_t *)(void *)((char *)s + f->offset);
    if (!json_get(o, f->name))
      continue;
    *ret_bad = f->name;
    if (!json_int(o, f->name, p) || *p <= 0)
      return false;
    ++*ret;
  }
  return true;
}

static bool take_state(const cJSON *o, struct state *s, const char **ret_bad) {
  const cJSON *wish = json_get(o, "wish"), *hold = json_get(o, "hold");
  size_t later = 0;
  if (!take_later(o, s, &later, ret_bad) || !fields_take(o, state_fields, 6 + later, s, ret_bad) ||
      !take_slots(json_get(o, "slots"), s, ret_bad) || !take_lists(o, s, ret_bad) ||
      !fields_take(wish, wish_fields, 1, &s->wish, ret_bad) ||
      !fields_take(hold, hold_fields, 1, &s->hold, ret_bad))
    return false;
  unsigned phase = index_of(json_text(o, "phase"), phase_at, PHASE_COUNT);
  unsigned kind = index_of(json_text(wish, "kind"), wish_at, WISH_RETIRE);
  s->hold.on = json_bool(hold, "on", true);
  *ret_bad = phase == PHASE_COUNT ? "phase" : kind == WISH_RETIRE ? "wish" : "hold";
  if (phase == PHASE_COUNT || kind == WISH_RETIRE || !cJSON_IsBool(json_get(hold, "on")))
    return false;
  s->phase = (enum phase)phase;
  bool retire = kind == WISH_NONE && s->wish.key_id[0];
  s->wish.kind = retire ? WISH_RETIRE : (enum wish_kind)kind;
  *ret_bad = state_impossible(s);
  return *ret_bad == NULL;
}

static enum err corrupt(struct error *e, const char *what) {
  return error_set(e, ERR_CORRUPT, "the state does not decode (%s)", what);
}

enum err state_decode(const struct secret *document, struct state *ret, struct error *e) {
  JSON_AUTO o = NULL;
  int64_t schema = 0;
  if (json_read(secret_bytes(document), secret_len(document), &o) == ERR_INTERNAL)
    return error_no_memory(e);
  if (!cJSON_IsObject(o) || !json_int(o, "rotator_state", &schema))
    return corrupt(e, "it is not a rotator state");
  if (schema != STATE_SCHEMA) {
    error_set(e, ERR_CORRUPT,
              "the state has schema %d, this rotator knows %d: it was written by another version",
              (int)schema, STATE_SCHEMA);
    if (e)
      text_copy(e->code, sizeof e->code, "schema");
    return ERR_CORRUPT;
  }
  const cJSON *tree = json_get(o, "state");
  const char *sum = json_text(o, "sha256"), *bad = NULL;
  char digest[TEXT_SHA256_HEX];
  if (!tree || !sum || cJSON_GetArraySize(o) != 3)
    return corrupt(e, "members");
  enum err err = digest_tree(tree, digest);
  if (err != ERR_OK)
    return err == ERR_INTERNAL ? error_no_memory(e) : corrupt(e, "members");
  if (strcmp(sum, digest) != 0)
    return corrupt(e, "the checksum is wrong: it was cut or edited");
  struct state s = {0};
  if (!take_state(tree, &s, &bad)) {
    state_clear(&s);
    return bad ? corrupt(e, bad) : error_no_memory(e);
  }
  *ret = s;
  return ERR_OK;
}

// --- writing -------------------------------------------------------------------------------------

static bool same_state(const struct state *a, const struct state *b) {
  bool same = fields_same(state_fields, a, b) && fields_same(later_fields, a, b) &&
              a->phase == b->phase && a->n_sinks == b->n_sinks &&
              fields_same(wish_fields, &a->wish, &b->wish) && a->wish.kind == b->wish.kind &&
              fields_same(hold_fields, &a->hold, &b->hold) && a->hold.on == b->hold.on;
  for (int i = 0; i < SLOT_COUNT && same; i++)
    same = a->slots[i].used == b->slots[i].used &&
           (!a->slots[i].used || fields_same(slot_fields, &a->slots[i], &b->slots[i]));
  for (size_t i = 0; i < a->n_sinks && same; i++)
    same = fields_same(sink_fields, &a->sinks[i], &b->sinks[i]);
  for (int i = 0; i < STATE_RETIRED_MAX && same; i++)
    same = strcmp(a->retired[i], b->retired[i]) == 0;
  return same;
}

// What is about to be written is read as the next rotator will read it: a document that lost a
// member and bears the right checksum would be believed, and a key that it no longer names would be
// deleted as a stray.
static enum err read_back(const struct secret *document, const struct state *s, struct state *ret,
                          struct error *e) {
  struct state back = {0};
  enum err err = state_decode(document, &back, e);
  if (err == ERR_OK && !same_state(s, &back))
    err = ERR_CORRUPT;
  if (err == ERR_OK && ret)
    *ret = back;
  else
    state_clear(&back);
  if (err == ERR_OK || err == ERR_INTERNAL)
    return err;
  return error_set(e, ERR_INTERNAL,
                   "the state that was to be written does not read back: not written");
}

static enum err print_document(const struct state *s, struct secret **ret, struct error *e) {
  char digest[TEXT_SHA256_HEX];
  JSON_AUTO o = cJSON_CreateObject();
  cJSON *tree = state_tree(s);
  enum err err = tree ? digest_tree(tree, digest) : ERR_INTERNAL;
  bool made = err == ERR_OK && cJSON_AddNumberToObject(o, "rotator_state", STATE_SCHEMA) &&
              cJSON_AddStringToObject(o, "sha256", digest);
  if (!made || !cJSON_AddItemToObject(o, "state", tree)) {
    json_free(tree);
    err = err == ERR_OK ? ERR_INTERNAL : err;
  }
  if (err == ERR_OK)
    err = json_print(o, STORE_HOME_MAX, ret);
  if (err == ERR_INVALID)
    return error_set(e, ERR_INTERNAL, "the state is too large to be written");
  return err == ERR_OK ? ERR_OK : error_no_memory(e);
}

enum err state_encode(const struct state *s, struct secret **ret, struct state *ret_back,
                      struct error *e) {
  struct secret *document = NULL;
  enum err err = print_document(s, &document, e);
  if (err == ERR_OK)
    err = read_back(document, s, ret_back, e);
  if (err == ERR_OK)
    *ret = document;
  else
    secret_free(document);
  return err;
}
