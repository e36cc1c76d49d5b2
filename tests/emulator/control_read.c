// The control interface, the part that only looks. No key value ever leaves through it.
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "iam_token.h"
#include "journal.h"
#include "model.h"
#include "policy.h"
#include "route.h"
#include "util.h"

static unsigned long since(const struct req *r) {
  const char *text = req_query(r, "since");
  return text ? strtoul(text, NULL, 10) : 0;
}

static void add_ms(cJSON *out, const char *name, int64_t ms) {
  if (ms)
    cJSON_AddNumberToObject(out, name, (double)ms);
  else
    cJSON_AddNullToObject(out, name);
}

static cJSON *key_entry(const struct emu *emu, const struct key *k) {
  static const char *const verdicts[] = {[KEY_ACCEPTED] = "accepted",
                                         [KEY_UNKNOWN] = "unknown",
                                         [KEY_DISABLED] = "disabled",
                                         [KEY_EXPIRED] = "expired"};
  char hash[65];
  util_sha256_hex(hash, k->value);
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "id", k->id);
  cJSON_AddStringToObject(out, "iam_id", k->owner->iam_id);
  cJSON_AddStringToObject(out, "name", k->name);
  cJSON_AddStringToObject(out, "description", k->description ? k->description : "");
  cJSON_AddStringToObject(out, "value_sha256", hash);
  cJSON_AddBoolToObject(out, "disabled", k->disabled);
  cJSON_AddBoolToObject(out, "locked", k->locked);
  cJSON_AddBoolToObject(out, "deleted", k->deleted);
  add_ms(out, "created_at_ms", k->created_ms);
  add_ms(out, "deleted_at_ms", k->deleted_ms);
  add_ms(out, "expires_at_ms", k->expires_ms);
  add_ms(out, "last_authn_ms", k->last_authn_ms);
  cJSON_AddNumberToObject(out, "authn_count", (double)k->authn_count);
  cJSON_AddStringToObject(out, "entity_tag", k->tag.text);
  cJSON_AddStringToObject(out, "token_endpoint", verdicts[key_verdict(emu, k)]);
  return out;
}

// A deleted identity can be asked for too.
static bool is_of(const struct req *r, const struct identity *i) {
  const char *iam_id = req_query(r, "iam_id");
  return !iam_id || !strcmp(iam_id, i->iam_id) || !strcmp(iam_id, i->id);
}

void control_keys(struct req *r) {
  const struct list *all = &r->emu->model->key_list;
  cJSON *body = cJSON_CreateObject(), *keys = cJSON_AddArrayToObject(body, "keys");
  for (size_t i = 0; i < all->count; i++) {
    const struct key *k = all->items[i];
    if (is_of(r, k->owner))
      cJSON_AddItemToArray(keys, key_entry(r->emu, k));
  }
  answer_json(r, 200, body);
}

void control_policies(struct req *r) {
  const struct list *all = &r->emu->model->policy_list;
  const char *iam_id = req_query(r, "iam_id");
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "policies");
  for (size_t i = 0; i < all->count; i++) {
    const struct policy *p = all->items[i];
    if (iam_id && strcmp(iam_id, p->subject))
      continue;
    cJSON *item = policy_json(r, p, true);
    cJSON_AddBoolToObject(item, "confers", p->confers);
    cJSON_AddBoolToObject(item, "in_force", policy_in_force(p, emu_now_ms(r->emu)));
    cJSON_AddItemToArray(list, item);
  }
  answer_json(r, 200, body);
}

void control_identities(struct req *r) {
  static const char *const kinds[] = {"service_id", "user", "profile"};
  const struct list *all = &r->emu->model->identity_list;
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "identities");
  for (size_t i = 0; i < all->count; i++) {
    const struct identity *one = all->items[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "kind", kinds[one->kind]);
    cJSON_AddStringToObject(item, "id", one->id);
    cJSON_AddStringToObject(item, "iam_id", one->iam_id);
    cJSON_AddStringToObject(item, "account", one->account->id);
    cJSON_AddStringToObject(item, "name", one->name);
    cJSON_AddStringToObject(item, "description", one->description ? one->description : "");
    cJSON_AddBoolToObject(item, "locked", one->locked);
    cJSON_AddBoolToObject(item, "deleted", one->deleted);
    cJSON_AddNumberToObject(item, "keys", (double)identity_live_keys(one));
    cJSON_AddItemToArray(list, item);
  }
  answer_json(r, 200, body);
}

static cJSON *line_json(const struct log_line *line) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "id", line->id);
  cJSON_AddStringToObject(item, "application", line->application);
  cJSON_AddStringToObject(item, "subsystem", line->subsystem);
  cJSON_AddNumberToObject(item, "severity", line->severity);
  cJSON_AddItemToObject(item, "text", cJSON_Parse(line->text));
  cJSON_AddStringToObject(item, "key_id", line->key_id);
  cJSON_AddStringToObject(item, "iam_id", line->iam_id);
  cJSON_AddNumberToObject(item, "arrived_ms", (double)line->arrived_ms);
  cJSON_AddNumberToObject(item, "timestamp_ms", (double)line->timestamp_ms);
  cJSON_AddBoolToObject(item, "hidden", line->hidden);
  return item;
}

void control_logs(struct req *r) {
  const struct list *all = &r->emu->model->instance_list;
  const char *guid = req_query(r, "instance");
  cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "logs");
  for (size_t i = 0; i < all->count; i++) {
    const struct instance *in = all->items[i];
    if (guid && strcmp(guid, in->guid))
      continue;
    for (size_t n = 0; n < in->logs.count; n++) {
      cJSON *item = line_json(in->logs.items[n]);
      cJSON_AddStringToObject(item, "instance", in->guid);
      cJSON_AddItemToArray(list, item);
    }
  }
  answer_json(r, 200, body);
}

void control_requests(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddNumberToObject(body, "last", (double)journal_request_count(r->emu->journal));
  cJSON_AddItemToObject(body, "requests", journal_requests(r->emu->journal, since(r)));
  answer_json(r, 200, body);
}

void control_events(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddItemToObject(body, "events", journal_events(r->emu->journal, since(r)));
  answer_json(r, 200, body);
}

void control_stats(struct req *r) {
  const struct emu *e = r->emu;
  size_t live = 0;
  for (size_t i = 0; i < e->model->key_list.count; i++)
    live += !((const struct key *)e->model->key_list.items[i])->deleted;
  cJSON *body = cJSON_CreateObject();
  cJSON_AddNumberToObject(body, "requests", (double)journal_request_count(e->journal));
  cJSON_AddNumberToObject(body, "connections", (double)e->connections);
  cJSON_AddNumberToObject(body, "open_connections", (double)e->open_connections);
  cJSON_AddNumberToObject(body, "tls_connections", (double)e->tls_connections);
  cJSON_AddNumberToObject(body, "tls_handshakes", (double)e->tls_handshakes);
  cJSON_AddNumberToObject(body, "tls_resumed", (double)e->tls_resumed);
  cJSON_AddNumberToObject(body, "live_keys", (double)live);
  answer_json(r, 200, body);
}

// Whether the token endpoint would take the value right now; no counter moves.
void control_check_value(struct req *r) {
  static const char *const reasons[] = {[KEY_ACCEPTED] = "accepted",
                                        [KEY_UNKNOWN] = "unknown",
                                        [KEY_DISABLED] = "disabled",
                                        [KEY_EXPIRED] = "expired"};
  cJSON *given = req_json(r);
  const char *value = json_text(given, "value");
  if (!value) {
    control_error(r, 400, "value is required");
  } else {
    const struct key *k = model_key_by_value(r->emu->model, value);
    enum key_verdict verdict = key_verdict(r->emu, k);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddBoolToObject(body, "accepted", verdict == KEY_ACCEPTED);
    cJSON_AddStringToObject(body, "reason", reasons[verdict]);
    cJSON_AddStringToObject(body, "key_id", k ? k->id : "");
    cJSON_AddStringToObject(body, "iam_id", k ? k->owner->iam_id : "");
    answer_json(r, 200, body);
  }
  cJSON_Delete(given);
}
