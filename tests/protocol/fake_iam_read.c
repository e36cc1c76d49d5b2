// The questions that IAM answers: each reading comes from a replica with a lag of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "tests/protocol/fake_iam.h"

enum err fake_iam_cancelled(struct error *e) {
  return error_set(e, ERR_CANCELLED, "stopped");
}

enum err fake_iam_say(struct error *e, enum err kind, int status, const char *code,
                      const char *text) {
  error_set(e, kind, "%s", text);
  if (e) {
    e->status = status;
    text_copy(e->code, sizeof e->code, code);
  }
  return kind;
}

// How long ago the replica is that answers.
static int64_t lag(struct sim *s, int64_t most_ms) {
  return rng_chance(&s->rng, 5000) ? 0 : rng_between(&s->rng, 0, most_ms);
}

static int64_t minute_s(int64_t ms) {
  return ms < 0 ? -1 : ms / MINUTE_MS * 60;
}

void fake_iam_describe(const struct sim *s, int i, const struct key_past *seen,
                       struct iam_key *ret) {
  const struct sim_key *k = &s->keys[i];
  *ret = (struct iam_key){.disabled = seen->disabled,
                          .locked = k->locked,
                          .created_s = minute_s(k->created_ms),
                          .expires_s = -1,
                          .last_authn_s = -1};
  // modified_at belongs to the reading: the moment of the last change that this replica knows.
  ret->modified_s = s->p.modified_stands ? minute_s(k->created_ms)
                                         : minute_s(seen->from_ms + s->server_offset_ms);
  text_copy(ret->id, sizeof ret->id, k->id);
  text_copy(ret->iam_id, sizeof ret->iam_id, k->owner);
  text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  text_copy(ret->name, sizeof ret->name, k->name);
  text_copy(ret->description, sizeof ret->description, k->description);
  snprintf(ret->entity_tag, sizeof ret->entity_tag, "%u-%d", k->n_past, i);
}

// Sends a reading and draws its fate: ERR_OK when it is answered. NULL: it needs no token.
static enum err ask_by(struct proc *p, struct iam *by, struct error *e) {
  if (!proc_point(p))
    return fake_iam_cancelled(e);
  enum err err = by ? own_authenticate((struct fake_iam *)by, e) : ERR_OK;
  if (err != ERR_OK)
    return err;
  return fate_error(p->sim, fate_draw(p->sim, false, p->sim->iam_down_ms), e);
}

static enum err answer(struct proc *p, enum err err, struct error *e) {
  if (err != ERR_UNSENT && err != ERR_UNSURE)
    p->server_known = true;
  return proc_point(p) ? err : fake_iam_cancelled(e);
}

static enum err exchange_effect(struct proc *p, const struct secret *value, bool fresh,
                                struct iam_token *ret, struct error *e) {
  struct sim *s = p->sim;
  int i = key_by_value(s, secret_bytes(value));
  struct key_past seen = {0};
  if (i >= 0)
    seen = key_as_of(&s->keys[i], s->now_ms - lag(s, s->p.token_lag_ms));
  s->event++;
  if (!seen.exists)
    return fake_iam_say(e, ERR_REFUSED, 400, "BXNIM0415E", "the key could not be found");
  if (seen.disabled)
    return fake_iam_say(e, ERR_REFUSED, 400, "BXNIM0462E", "the key is disabled");
  s->keys[i].used_ms = sim_server_ms(s);
  s->keys[i].uses++;
  char text[128];
  fake_token_text(s, fresh ? i : -1, text, sizeof text);
  *ret = (struct iam_token){.bearer = secret_copy_text(text),
                            .expires_in_s = 3600,
                            .expires_at_ms = fake_mono_ms(p) + 3590 * 1000};
  text_copy(ret->iam_id, sizeof ret->iam_id, s->keys[i].owner);
  text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  return ERR_OK;
}

// One exchange, there and back; what it shows is told by show_exchange.
static enum err exchange_one(struct proc *p, const struct secret *value, bool fresh,
                             struct iam_token *ret, struct error *e) {
  struct iam_token token = {0};
  enum err err = ask_by(p, NULL, e);
  if (err == ERR_OK)
    err = exchange_effect(p, value, fresh, &token, e);
  sim_note(p->sim, "%s IAM: exchange of key %d → %s", p->writer,
           key_by_value(p->sim, secret_bytes(value)), err_name(err));
  err = answer(p, err, e);
  if (err == ERR_OK)
    *ret = token;
  else
    secret_free(token.bearer);
  return err;
}

static void show_exchange(struct proc *p, const struct secret *value, enum err err) {
  int key = key_by_value(p->sim, secret_bytes(value));
  if (err == ERR_REFUSED)
    shown_refused(p, key, SHOWN_REFUSED);
  else if (err != ERR_OK && err != ERR_CANCELLED)
    shown_no_verdict(p, key);
}

enum err fake_iam_exchange(struct iam *c, const struct secret *value, bool fresh,
                           struct iam_token *ret, struct error *e) {
  struct proc *p = fake_iam_proc(c);
  enum err err = exchange_one(p, value, fresh, ret, e);
  show_exchange(p, value, err);
  return err;
}

// Side by side: which comes first is not known, and the process is shown all of it at once, when
// the last has ended. Refusals are one, and come behind what was no answer.
void fake_iam_exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                            size_t n) {
  struct proc *p = fake_iam_proc(c);
  bool back = p->sim->event % 2, unanswered = false, refused = false;
  for (size_t i = 0; i < n; i++) {
    struct iam_exchanged *x = &ret[back ? n - 1 - i : i];
    x->err = exchange_one(p, value, true, &x->token, &x->error);
    refused = refused || x->err == ERR_REFUSED;
    unanswered =
        unanswered || (x->err != ERR_OK && x->err != ERR_REFUSED && x->err != ERR_CANCELLED);
  }
  if (unanswered)
    show_exchange(p, value, ERR_UNSURE);
  if (refused)
    show_exchange(p, value, ERR_REFUSED);
}

enum err fake_iam_whoami(struct iam *c, struct iam_token *ret, struct error *e) {
  struct proc *p = fake_iam_proc(c);
  enum err err = answer(p, ask_by(p, c, e), e);
  if (err == ERR_OK) {
    *ret = (struct iam_token){0};
    text_copy(ret->iam_id, sizeof ret->iam_id,
              p->sim->p.own ? SIM_IDENTITY : "iam-ServiceId-management");
    text_copy(ret->account, sizeof ret->account, SIM_ACCOUNT);
  }
  return err;
}

static enum err list_effect(struct sim *s, const char *iam_id, struct iam_key_list *ret,
                            struct error *e) {
  struct iam_key *keys = calloc((size_t)s->n_keys + 1, sizeof *keys);
  if (!keys)
    return error_no_memory(e);
  int64_t at = s->now_ms - lag(s, s->p.list_lag_ms);
  size_t n = 0;
  bool hides =
      s->now_ms < s->hiding_ms || (s->p.hides && s->faults && rng_chance(&s->rng, s->p.hides));
  for (int i = 0; i < s->n_keys && !hides; i++) {
    struct key_past seen = key_as_of(&s->keys[i], rng_chance(&s->rng, 1000) ? s->now_ms : at);
    if (seen.exists && strcmp(s->keys[i].owner, iam_id) == 0)
      fake_iam_describe(s, i, &seen, &keys[n++]);
  }
  *ret = (struct iam_key_list){.keys = keys, .n = n};
  return ERR_OK;
}

enum err fake_iam_list(struct iam *c, const char *account, const char *iam_id,
                       struct iam_key_list *ret, struct error *e) {
  struct proc *p = fake_iam_proc(c);
  struct fake_iam *by = (struct fake_iam *)c;
  struct iam_key_list list = {0};
  bool looks = !by->bears || p->stands_in; // else it is a proof: what it shows is not looked at
  (void)account;
  enum err err = ask_by(p, c, e);
  if (err == ERR_OK)
    err = list_effect(p->sim, iam_id, &list, e);
  sim_note(p->sim, "%s IAM: list%s → %s, %zu keys", p->writer, by->bears ? " by a token" : "",
           err_name(err), list.n);
  err = answer(p, err, e);
  p->stands_in = false;
  if (looks && err == ERR_OK)
    p->seen.looked_event = p->seen.state_event;
  if (looks)
    p->iam_answered = err == ERR_OK;
  else
    own_listed(by, err, &list);
  for (size_t i = 0; looks && err == ERR_OK && i < list.n; i++)
    shown_key_by_id(p, key_by_id(p->sim, list.keys[i].id), !list.keys[i].disabled, false);
  if (err == ERR_OK)
    *ret = list;
  else
    iam_key_list_clear(&list);
  return err;
}

static int find(const struct sim *s, const char *id, const char *value) {
  int i = id ? key_by_id(s, id) : key_by_value(s, value);
  bool hidden = i >= 0 && !id && s->p.hidden_values && strcmp(s->keys[i].owner, SIM_IDENTITY) != 0;
  return hidden ? -1 : i;
}

// One key, by id or by value.
static enum err one(struct iam *c, const char *id, const char *value, bool activity,
                    struct iam_key *ret, struct error *e) {
  struct proc *p = fake_iam_proc(c);
  struct sim *s = p->sim;
  enum err err = ask_by(p, c, e);
  struct key_past seen = {0};
  struct iam_key key = {0};
  int i = -1;
  if (err == ERR_OK) {
    i = find(s, id, value);
    if (i >= 0)
      seen = key_as_of(&s->keys[i], s->now_ms - lag(s, s->p.list_lag_ms));
    err = seen.exists ? ERR_OK : fake_iam_say(e, ERR_MISSING, 404, "not_found", "no such key");
  }
  if (err == ERR_OK) {
    fake_iam_describe(s, i, &seen, &key);
    key.has_activity = activity;
    key.last_authn_s = minute_s(s->keys[i].used_ms);
    key.authn_count = s->keys[i].uses;
  }
  sim_note(s, "%s IAM: key %d by %s → %s%s", p->writer, i, id ? "id" : "value", err_name(err),
           err == ERR_OK && key.disabled ? ", disabled" : "");
  err = answer(p, err, e);
  if (!activity && (err == ERR_OK || err == ERR_MISSING) && i >= 0)
    (id ? shown_key_by_id : shown_key)(p, i, err == ERR_OK && !key.disabled, err == ERR_MISSING);
  else if (err != ERR_OK && err != ERR_MISSING)
    p->iam_answered = false; // in part, perhaps
  if (err == ERR_OK)
    *ret = key;
  return err;
}

enum err fake_iam_get(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                      struct error *e) {
  return one(c, id, NULL, activity, ret, e);
}

enum err fake_iam_find_by_value(struct iam *c, const struct secret *value, struct iam_key *ret,
                                struct error *e) {
  return one(c, NULL, secret_bytes(value), false, ret, e);
}

enum err fake_iam_key_limit(struct iam *c, const char *account, const char *iam_id,
                            int64_t *ret_limit, int64_t *ret_count, struct error *e) {
  struct proc *p = fake_iam_proc(c);
  (void)account, (void)iam_id;
  enum err err = ask_by(p, c, e);
  int64_t count = 0;
  for (int i = 0; i < p->sim->n_keys; i++)
    count += p->sim->keys[i].exists && strcmp(p->sim->keys[i].owner, SIM_IDENTITY) == 0;
  if (err == ERR_OK && !p->sim->p.tight_limit)
    err = fake_iam_say(e, ERR_DENIED, 403, "insufficent_permissions", "not allowed");
  err = answer(p, err, e);
  if (err == ERR_OK) {
    *ret_limit = 20;
    *ret_count = count;
  } else if (err != ERR_DENIED) {
    p->iam_answered = false; // in part, perhaps
  }
  return err;
}

int64_t fake_iam_server_time_s(struct iam *c) {
  struct proc *p = fake_iam_proc(c);
  return p->server_known ? sim_server_ms(p->sim) / 1000 : -1;
}
