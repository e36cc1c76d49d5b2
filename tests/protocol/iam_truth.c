// The truth about keys. Readers see it as it was up to a lag ago, each reading with a lag of its
// own: so presence may be seen at once, absence late, and two readings may contradict each other.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "tests/protocol/sim.h"

int64_t sim_server_ms(const struct sim *s) {
  return s->now_ms + s->server_offset_ms;
}

static void remember(struct sim *s, struct sim_key *k) {
  if (k->n_past == SIM_PAST)
    memmove(&k->past[0], &k->past[1], --k->n_past * sizeof k->past[0]);
  k->past[k->n_past++] =
      (struct key_past){.from_ms = s->now_ms, .exists = k->exists, .disabled = k->disabled};
  k->modified_ms = sim_server_ms(s);
  s->event++;
}

struct key_past key_as_of(const struct sim_key *k, int64_t at_ms) {
  for (unsigned i = k->n_past; i > 0; i--)
    if (k->past[i - 1].from_ms <= at_ms)
      return k->past[i - 1];
  return (struct key_past){0};
}

bool key_alive(const struct sim_key *k) {
  return k->exists && !k->disabled;
}

int key_by_id(const struct sim *s, const char *id) {
  for (int i = s->n_keys - 1; i >= 0; i--)
    if (strcmp(s->keys[i].id, id) == 0)
      return i;
  return -1;
}

bool key_is_alone(const struct sim *s, int key) {
  for (int i = 0; i < s->n_keys && key >= 0; i++)
    if (i != key && s->keys[i].value_of == s->keys[key].value_of)
      return false;
  return key >= 0;
}

int key_by_value(const struct sim *s, const char *value) {
  int last = -1;
  for (int i = s->n_keys - 1; i >= 0; i--)
    if (strcmp(s->keys[i].value, value) == 0) {
      if (s->keys[i].exists)
        return i;
      if (last < 0)
        last = i;
    }
  return last;
}

bool key_spoiled(const struct sim *s, int i) {
  for (int j = 0; j < s->n_keys; j++)
    if (s->keys[j].hand && (j == i || strcmp(s->keys[j].value, s->keys[i].value) == 0))
      return true;
  return false;
}

bool key_is_ours(const struct sim *s, const struct sim_key *k) {
  return s->has_state && strcmp(k->owner, SIM_IDENTITY) == 0 &&
         (k->adopted || (k->tagged && strcmp(k->tag.lineage, s->state.lineage) == 0));
}

static void new_value(struct sim *s, char dst[64]) {
  unsigned char raw[33];
  for (size_t i = 0; i < sizeof raw; i++)
    raw[i] = (unsigned char)rng_next(&s->rng);
  text_base64url(dst, 64, raw, sizeof raw);
}

int key_make(struct sim *s, const struct key_spec *k) {
  int same = k->value ? key_by_value(s, k->value) : -1;
  if (same >= 0 && s->keys[same].exists)
    return -1;
  if (s->n_keys == SIM_KEYS) {
    sim_trace_print(s, 20000);
    fprintf(stderr, "seed %llu: more than %d keys\n", (unsigned long long)s->seed, SIM_KEYS);
    abort();
  }
  int i = s->n_keys++;
  struct sim_key *n = &s->keys[i];
  memset(n, 0, sizeof *n);
  snprintf(n->id, sizeof n->id, "ApiKey-%08x-0000-4000-8000-%012d", (unsigned)rng_next(&s->rng), i);
  if (k->value)
    text_copy(n->value, sizeof n->value, k->value);
  else
    new_value(s, n->value);
  text_copy(n->description, sizeof n->description, k->description);
  text_copy(n->name, sizeof n->name, k->name);
  n->owner = k->owner;
  n->exists = true;
  n->disabled = k->disabled;
  n->used_ms = -1;
  for (n->value_of = 0; strcmp(s->keys[n->value_of].value, n->value) != 0;)
    n->value_of++;
  char salt[TAG_BINDING_MAX];
  SECRET_AUTO value = secret_copy_text(n->value);
  tag_binding(SIM_ACCOUNT, SIM_IDENTITY, SIM_INSTANCE, salt);
  evidence_print(salt, value, n->print);
  n->tagged = tag_parse(n->description, &n->tag);
  n->created_ms = sim_server_ms(s);
  for (int j = 0; j < SIM_SINKS; j++)
    s->sinks[j].held_ms[i] = s->sinks[j].flipped_ms[i] = -1;
  remember(s, n);
  sim_note(s, "IAM: key %d made%s%s g=%llu", i, k->disabled ? ", disabled" : ", active",
           strcmp(k->owner, SIM_IDENTITY) ? ", a stranger's" : "",
           n->tagged ? (unsigned long long)n->tag.generation : 0);
  return i;
}

void key_switch(struct sim *s, int i, bool disabled) {
  struct sim_key *k = &s->keys[i];
  if (!k->exists || k->disabled == disabled)
    return;
  k->disabled = disabled;
  remember(s, k);
  sim_note(s, "IAM: key %d %s", i, disabled ? "disabled" : "enabled");
}

void key_remove(struct sim *s, int i) {
  struct sim_key *k = &s->keys[i];
  if (!k->exists)
    return;
  k->exists = false;
  remember(s, k);
  sim_note(s, "IAM: key %d deleted", i);
}
