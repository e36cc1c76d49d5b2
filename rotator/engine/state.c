#include "rotator/engine/state.h"

#include <assert.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

static const char *const phase_names[] = {
    [PHASE_IDLE] = "idle",   [PHASE_STAGED] = "staged",     [PHASE_PUBLISHING] = "publishing",
    [PHASE_GRACE] = "grace", [PHASE_RETIRING] = "retiring",
};
static_assert(sizeof phase_names / sizeof *phase_names == PHASE_COUNT, "a name for every phase");

static const char *const slot_names[] = {
    [SLOT_CURRENT] = "current",
    [SLOT_PREVIOUS] = "previous",
    [SLOT_PENDING] = "pending",
};
static_assert(sizeof slot_names / sizeof *slot_names == SLOT_COUNT, "a name for every slot");

static const char *const wish_names[] = {
    [WISH_NONE] = "none",       [WISH_ROTATE] = "rotate", [WISH_BACK_TO] = "back_to",
    [WISH_GIVE_UP] = "give_up", [WISH_RETIRE] = "retire",
};
static_assert(sizeof wish_names / sizeof *wish_names == WISH_COUNT, "a name for every wish");

const char *phase_name(enum phase p) {
  return (unsigned)p < PHASE_COUNT ? phase_names[p] : "none";
}
const char *slot_name(enum slot_name s) {
  return (unsigned)s < SLOT_COUNT ? slot_names[s] : "none";
}
const char *wish_name(enum wish_kind w) {
  return (unsigned)w < WISH_COUNT ? wish_names[w] : "none";
}

void slot_clear(struct slot *s) {
  secret_free(s->value);
  memset(s, 0, sizeof *s);
}

static enum err slot_copy(const struct slot *from, struct slot *ret) {
  struct slot copy = *from;
  if (from->value && !(copy.value = secret_dup(from->value)))
    return ERR_INTERNAL;
  *ret = copy;
  return ERR_OK;
}

void state_clear(struct state *s) {
  for (int i = 0; i < SLOT_COUNT; i++)
    slot_clear(&s->slots[i]);
  secret_wipe(s, sizeof *s);
}

enum err state_copy(const struct state *from, struct state *ret) {
  struct state copy = *from;
  enum err err = ERR_OK;
  for (int i = 0; i < SLOT_COUNT; i++)
    copy.slots[i].value = NULL;
  for (int i = 0; i < SLOT_COUNT && err == ERR_OK; i++)
    err = slot_copy(&from->slots[i], &copy.slots[i]);
  if (err != ERR_OK) {
    state_clear(&copy);
    return err;
  }
  *ret = copy;
  return ERR_OK;
}

enum err state_fingerprint(const struct state *s, const struct secret *value,
                           char ret[STATE_FINGERPRINT_MAX]) {
  // Salted with the lineage: equal values of two targets do not show as equal, and no table helps.
  char hex[TEXT_SHA256_HEX];
  SECRET_AUTO salted = secret_new(STATE_LINEAGE_MAX + secret_len(value) + 1);
  ret[0] = '\0';
  if (!salted || secret_append_text(salted, s->lineage) != ERR_OK ||
      secret_append(salted, "\n", 1) != ERR_OK ||
      secret_append(salted, secret_bytes(value), secret_len(value)) != ERR_OK)
    return ERR_INTERNAL;
  text_sha256_hex(hex, secret_bytes(salted), secret_len(salted));
  text_copy(ret, STATE_FINGERPRINT_MAX, hex);
  return ERR_OK;
}

static bool is_retired(const struct state *s, const char *print) {
  for (int i = 0; i < STATE_RETIRED_MAX && print[0]; i++)
    if (strcmp(s->retired[i], print) == 0)
      return true;
  return false;
}

bool state_knows_retired(const struct state *s, const struct secret *value) {
  char print[STATE_FINGERPRINT_MAX];
  return state_fingerprint(s, value, print) == ERR_OK && is_retired(s, print);
}

enum err state_add_retired(struct state *s, const struct secret *value) {
  char print[STATE_FINGERPRINT_MAX];
  enum err err = state_fingerprint(s, value, print);
  if (err != ERR_OK || is_retired(s, print))
    return err;
  memmove(s->retired[1], s->retired[0], sizeof s->retired - sizeof s->retired[0]);
  memcpy(s->retired[0], print, sizeof print);
  return ERR_OK;
}

// A text that no value is: values have no spaces.
static struct secret *garbage_text(const char *place, const struct store_version *v) {
  struct secret *text = secret_new(sizeof(struct state_sink) + 32);
  if (text && secret_append_text(text, "no value ") == ERR_OK &&
      secret_append(text, v->text, store_version_write_len(v)) == ERR_OK &&
      secret_append_text(text, " in ") == ERR_OK && secret_append_text(text, place) == ERR_OK)
    return text;
  return secret_free(text);
}

enum err state_add_garbage(struct state *s, const char *place, const struct store_version *v) {
  SECRET_AUTO text = garbage_text(place, v);
  return text ? state_add_retired(s, text) : ERR_INTERNAL;
}

bool state_knows_garbage(const struct state *s, const char *place, const struct store_version *v) {
  SECRET_AUTO text = garbage_text(place, v);
  return text && state_knows_retired(s, text);
}

int64_t state_grace_s(const struct state *s, const struct policy *p) {
  return s->grace_s >= 0 ? s->grace_s : p->grace_s;
}

int64_t state_grace_end_s(const struct state *s, const struct policy *p) {
  int64_t grace_s = state_grace_s(s, p), end = s->phase_since_s + grace_s;
  int64_t latest = end + grace_s, reloaded = s->rewritten_s + p->reload_within_s;
  if (s->rewritten_s == 0 || reloaded <= end)
    return end;
  return reloaded < latest ? reloaded : latest;
}

bool state_may_retire(const struct state *s) {
  const struct wish *w = &s->wish;
  const struct slot *previous = &s->slots[SLOT_PREVIOUS];
  return (w->kind == WISH_RETIRE || w->kind == WISH_ROTATE) && s->phase == PHASE_GRACE &&
         previous->used && strcmp(w->key_id, previous->key_id) == 0 && w->at_s >= s->phase_since_s;
}

static bool was_noted(const struct state *s) {
  for (size_t i = 0; i < s->n_sinks; i++)
    if (s->sinks[i].noted.text[0])
      return true;
  return false;
}

const char *state_impossible(const struct state *s) {
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
  // Only the very first key is published without one, and then no sink version was ever noted.
  if (!previous->used && (s->phase == PHASE_GRACE || s->phase == PHASE_RETIRING ||
                          (s->phase == PHASE_PUBLISHING && was_noted(s))))
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
