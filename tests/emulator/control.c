// The control interface, the part that changes something. Errors are {"error": "..."}; an unknown
// member is an error, since a test with a misspelt fault would test nothing.
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "journal.h"
#include "model.h"
#include "route.h"
#include "seed.h"
#include "util.h"

void control_error(struct req *r, int status, const char *message) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "error", message);
  answer_json(r, status, body);
}

void control_ok(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddBoolToObject(body, "ok", true);
  answer_json(r, 200, body);
}

void control_seed(struct req *r) {
  char *error = NULL;
  cJSON *seed = req_json(r), *made = seed_apply(r->emu, seed, &error);
  if (made)
    answer_json(r, 200, made);
  else
    control_error(r, 400, error);
  free(error);
  cJSON_Delete(seed);
}

static void answer_clock(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddNumberToObject(body, "offset_s", (double)r->emu->offset_ms / 1000);
  cJSON_AddNumberToObject(body, "now_ms", (double)emu_now_ms(r->emu));
  answer_json(r, 200, body);
}

void control_clock_get(struct req *r) {
  answer_clock(r);
}

// {"offset_s": n} sets, {"advance_s": n} adds.
void control_clock_post(struct req *r) {
  cJSON *body = req_json(r);
  const cJSON *offset = cJSON_GetObjectItem(body, "offset_s");
  const cJSON *advance = cJSON_GetObjectItem(body, "advance_s");
  if (cJSON_IsNumber(offset))
    r->emu->offset_ms = (int64_t)(offset->valuedouble * 1000);
  if (cJSON_IsNumber(advance))
    r->emu->offset_ms += (int64_t)(advance->valuedouble * 1000);
  model_sweep_expired(r->emu->model, emu_now_ms(r->emu)); // time only leaps here
  if (cJSON_IsNumber(offset) || cJSON_IsNumber(advance))
    answer_clock(r);
  else
    control_error(r, 400, "offset_s or advance_s is required");
  cJSON_Delete(body);
}

void control_faults_get(struct req *r) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddItemToObject(body, "rules", faults_json(r->emu->faults));
  answer_json(r, 200, body);
}

// One rule, {"rules": [...]}, or an array of rules. All or none.
void control_faults_post(struct req *r) {
  cJSON *body = r->body ? cJSON_ParseWithLength(r->body, r->body_len) : NULL;
  cJSON *rules = cJSON_GetObjectItem(body, "rules"), *single = NULL;
  if (cJSON_IsArray(body))
    rules = body;
  else if (!rules)
    rules = single = cJSON_CreateArray();
  if (single)
    cJSON_AddItemReferenceToArray(single, body);
  struct list parsed = {0};
  char *error = NULL;
  const cJSON *item;
  cJSON_ArrayForEach(item, rules) {
    struct fault_rule *rule = error ? NULL : fault_parse(item, &error);
    if (rule)
      list_add(&parsed, rule);
  }
  cJSON *ids = cJSON_CreateArray();
  for (size_t i = 0; i < parsed.count; i++) {
    if (error)
      fault_rule_free(parsed.items[i]);
    else
      cJSON_AddItemToArray(ids, cJSON_CreateNumber(faults_add(r->emu->faults, parsed.items[i])));
  }
  if (error || !parsed.count) {
    cJSON_Delete(ids);
    control_error(r, 400, error ? error : "no rules");
  } else {
    cJSON *out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "ids", ids);
    answer_json(r, 200, out);
  }
  free(error);
  free(parsed.items);
  cJSON_Delete(single);
  cJSON_Delete(body);
}

void control_faults_delete(struct req *r) {
  if (r->segment_count == 3 &&
      !faults_remove(r->emu->faults, (unsigned)strtoul(r->segments[2], NULL, 10))) {
    control_error(r, 404, "no such rule");
    return;
  }
  if (r->segment_count == 2)
    faults_clear(r->emu->faults);
  control_ok(r);
}

void control_latency(struct req *r) {
  cJSON *body = req_json(r);
  const cJSON *ms = cJSON_GetObjectItem(body, "ms");
  if (!cJSON_IsNumber(ms) || ms->valuedouble < 0) {
    control_error(r, 400, "ms is required");
  } else {
    r->emu->settings.latency_ms = (long)ms->valuedouble;
    control_ok(r);
  }
  cJSON_Delete(body);
}

void control_settings_get(struct req *r) {
  answer_json(r, 200, settings_json(&r->emu->settings));
}

void control_settings_post(struct req *r) {
  cJSON *body = req_json(r);
  char *error = NULL;
  if (!body)
    control_error(r, 400, "not a JSON object");
  else if (settings_apply(&r->emu->settings, body, &error))
    answer_json(r, 200, settings_json(&r->emu->settings));
  else
    control_error(r, 400, error);
  free(error);
  cJSON_Delete(body);
}

void control_reset(struct req *r) {
  emu_reset(r->emu);
  control_ok(r);
}
