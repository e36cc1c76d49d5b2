// The state as a document. One table of fields per struct serves both directions, so that what is
// written is what is demanded when reading: a member that is missing, unknown, twice there or of
// another type makes the document corrupt.
//
// The checksum covers the text of the "state" member as cJSON prints it without white space;
// numbers that may pass 2^53 are strings, so that printing what was parsed gives the same bytes
// again.
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/engine/state.h"

enum field_type { F_U64, F_I64, F_UINT, F_BOOL, F_TEXT, F_SECRET };

struct field {
  const char *name;
  enum field_type type;
  size_t offset, size;
};

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

static size_t field_count(const struct field *f) {
  size_t n = 0;
  while (f[n].name)
    n++;
  return n;
}

static void put_fields(cJSON *o, const struct field *fields, const void *from) {
  for (const struct field *f = fields; f->name; f++) {
    const void *p = (const char *)from + f->offset;
    switch (f->type) {
    case F_U64:
      json_add_u64_text(o, f->name, *(const uint64_t *)p);
      break;
    case F_I64:
      cJSON_AddNumberToObject(o, f->name, (double)*(const int64_t *)p);
      break;
    case F_UINT:
      cJSON_AddNumberToObject(o, f->name, *(const unsigned *)p);
      break;
    case F_BOOL:
      cJSON_AddBoolToObject(o, f->name, *(const bool *)p);
      break;
    case F_TEXT:
      cJSON_AddStringToObject(o, f->name, p);
      break;
    case F_SECRET:
      cJSON_AddStringToObject(o, f->name, secret_bytes(*(struct secret *const *)p));
      break;
    }
  }
}

// Takes the fields out of an object that has them and `more` other members; false names the field
// in *ret_bad.
static bool take_fields(const cJSON *o, const struct field *fields, size_t more, void *to,
                        const char **ret_bad) {
  *ret_bad = "member count";
  if (!cJSON_IsObject(o) || (size_t)cJSON_GetArraySize(o) != field_count(fields) + more)
    return false;
  for (const struct field *f = fields; f->name; f++) {
    void *p = (char *)to + f->offset;
    int64_t number = 0;
    bool ok = false;
    switch (f->type) {
    case F_U64:
      ok = json_u64_text(o, f->name, p);
      break;
    case F_I64:
      ok = json_int(o, f->name, p);
      break;
    case F_UINT:
      ok = json_int(o, f->name, &number) && number >= 0 && number <= 1000000;
      *(unsigned *)p = ok ? (unsigned)number : 0;
      break;
    case F_BOOL:
      ok = cJSON_IsBool(json_get(o, f->name));
      *(bool *)p = json_bool(o, f->name, false);
      break;
    case F_TEXT:
      ok = json_copy_text(o, f->name, p, f->size);
      break;
    case F_SECRET:
      ok = json_text(o, f->name) != NULL;
      *(struct secret **)p = json_secret(o, f->name);
      break;
    }
    *ret_bad = f->name;
    if (!ok)
      return false;
  }
  return true;
}

static cJSON *state_tree(const struct state *s) {
  cJSON *o = cJSON_CreateObject();
  put_fields(o, state_fields, s);
  cJSON_AddStringToObject(o, "phase", phase_name(s->phase));
  cJSON *slots = cJSON_AddObjectToObject(o, "slots");
  for (int i = 0; i < SLOT_COUNT; i++)
    if (s->slots[i].used)
      put_fields(cJSON_AddObjectToObject(slots, slot_name((enum slot_name)i)), slot_fields,
                 &s->slots[i]);
  cJSON *sinks = cJSON_AddArrayToObject(o, "sinks");
  for (size_t i = 0; i < s->n_sinks; i++) {
    cJSON *sink = cJSON_CreateObject();
    put_fields(sink, sink_fields, &s->sinks[i]);
    cJSON_AddItemToArray(sinks, sink);
  }
  cJSON *wish = cJSON_AddObjectToObject(o, "wish");
  put_fields(wish, wish_fields, &s->wish);
  cJSON_AddStringToObject(wish, "kind", wish_name(s->wish.kind));
  cJSON *hold = cJSON_AddObjectToObject(o, "hold");
  put_fields(hold, hold_fields, &s->hold);
  cJSON_AddBoolToObject(hold, "on", s->hold.on);
  cJSON *retired = cJSON_AddArrayToObject(o, "retired");
  for (int i = 0; i < STATE_RETIRED_MAX && s->retired[i][0]; i++)
    cJSON_AddItemToArray(retired, cJSON_CreateString(s->retired[i]));
  return o;
}

static enum err digest_tree(const cJSON *tree, char ret[TEXT_SHA256_HEX]) {
  SECRET_AUTO text = NULL;
  enum err err = json_print(tree, STORE_HOME_MAX, &text);
  if (err == ERR_OK)
    text_sha256_hex(ret, secret_bytes(text), secret_len(text));
  return err;
}

enum err state_encode(const struct state *s, struct secret **ret, struct error *e) {
  char digest[TEXT_SHA256_HEX];
  JSON_AUTO o = cJSON_CreateObject();
  cJSON *tree = state_tree(s);
  if (digest_tree(tree, digest) != ERR_OK) {
    json_free(tree);
    return error_set(e, ERR_INTERNAL, "the state is too large to be written");
  }
  cJSON_AddNumberToObject(o, "rotator_state", STATE_SCHEMA);
  cJSON_AddStringToObject(o, "sha256", digest);
  cJSON_AddItemToObject(o, "state", tree);
  if (json_print(o, STORE_HOME_MAX, ret) != ERR_OK)
    return error_set(e, ERR_INTERNAL, "the state is too large to be written");
  return ERR_OK;
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
    if (!take_fields(o, slot_fields, 0, &s->slots[i], ret_bad))
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
    if (!take_fields(item, sink_fields, 0, &s->sinks[s->n_sinks], ret_bad))
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

// What no writer of ours produces: better stopped at than acted on.
static const char *impossible(const struct state *s) {
  const struct slot *current = &s->slots[SLOT_CURRENT], *previous = &s->slots[SLOT_PREVIOUS],
                    *pending = &s->slots[SLOT_PENDING];
  if (s->seq == 0 || s->epoch > s->seq || s->hook_epoch > s->epoch)
    return "seq";
  if (pending->used != (s->phase == PHASE_STAGED) ||
      (pending->used && pending->generation != s->generation))
    return "pending";
  if (pending->used && !pending->value && (!s->pending_from_iam || pending->key_id[0]))
    return "pending value";
  if (previous->used && (s->phase == PHASE_IDLE || s->phase == PHASE_STAGED))
    return "previous";
  if (s->phase == PHASE_RETIRING && !previous->used)
    return "previous";
  if (!current->used && s->phase != PHASE_IDLE && s->phase != PHASE_STAGED)
    return "current";
  if ((current->used && (!current->value || !current->key_id[0])) ||
      (previous->used && (!previous->value || !previous->key_id[0])))
    return "key id";
  for (int i = 0; i < SLOT_COUNT; i++)
    if (s->slots[i].used && s->slots[i].generation > s->generation)
      return "generation";
  return NULL;
}

static bool take_state(const cJSON *o, struct state *s, const char **ret_bad) {
  const cJSON *wish = json_get(o, "wish"), *hold = json_get(o, "hold");
  if (!take_fields(o, state_fields, 6, s, ret_bad) ||
      !take_slots(json_get(o, "slots"), s, ret_bad) || !take_lists(o, s, ret_bad) ||
      !take_fields(wish, wish_fields, 1, &s->wish, ret_bad) ||
      !take_fields(hold, hold_fields, 1, &s->hold, ret_bad))
    return false;
  unsigned phase = index_of(json_text(o, "phase"), phase_at, PHASE_COUNT);
  unsigned kind = index_of(json_text(wish, "kind"), wish_at, WISH_GIVE_UP + 1);
  s->hold.on = json_bool(hold, "on", true);
  *ret_bad = phase == PHASE_COUNT ? "phase" : "wish";
  if (phase == PHASE_COUNT || kind > WISH_GIVE_UP)
    return false;
  s->phase = (enum phase)phase;
  s->wish.kind = (enum wish_kind)kind;
  *ret_bad = impossible(s);
  return *ret_bad == NULL;
}

static enum err corrupt(struct error *e, const char *what) {
  return error_set(e, ERR_CORRUPT, "the state does not decode (%s)", what);
}

enum err state_decode(const struct secret *document, struct state *ret, struct error *e) {
  JSON_AUTO o = json_parse(secret_bytes(document), secret_len(document));
  int64_t schema = 0;
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
  if (!tree || !sum || cJSON_GetArraySize(o) != 3 || digest_tree(tree, digest) != ERR_OK)
    return corrupt(e, "members");
  if (strcmp(sum, digest) != 0)
    return corrupt(e, "the checksum is wrong: it was cut or edited");
  struct state s = {0};
  if (!take_state(tree, &s, &bad)) {
    state_clear(&s);
    return corrupt(e, bad);
  }
  *ret = s;
  return ERR_OK;
}
