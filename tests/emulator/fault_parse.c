// The JSON form of a fault rule. Unknown members are refused: a misspelt effect would otherwise
// make a test pass that tests nothing.
#include "fault.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum field_type {
  FIELD_FLAG,
  FIELD_LONG,
  FIELD_STATUS,
  FIELD_TEXT,
  FIELD_HEADERS,
  FIELD_COMPLAINT,
  FIELD_LAGS
};

struct field {
  const char *name;
  enum field_type type;
  size_t offset;
};

#define FIELD(type, member) {#member, type, offsetof(struct effects, member)}

static const struct field effect_fields[] = {
    FIELD(FIELD_LONG, delay_ms),
    FIELD(FIELD_LONG, answer_delay_ms),
    FIELD(FIELD_FLAG, drop_before),
    FIELD(FIELD_FLAG, lose_answer),
    FIELD(FIELD_FLAG, reset),
    FIELD(FIELD_LONG, late_ms),
    FIELD(FIELD_LONG, duplicate_late_ms),
    FIELD(FIELD_STATUS, status),
    FIELD(FIELD_FLAG, status_done),
    FIELD(FIELD_TEXT, body),
    FIELD(FIELD_TEXT, content_type),
    FIELD(FIELD_HEADERS, headers),
    FIELD(FIELD_FLAG, truncate),
    FIELD(FIELD_LONG, oversize_mib),
    FIELD(FIELD_LONG, slow_ms),
    FIELD(FIELD_COMPLAINT, complaint),
    FIELD(FIELD_FLAG, complaint_keep),
    FIELD(FIELD_FLAG, hide_logs),
    FIELD(FIELD_FLAG, ignore_disabled),
    FIELD(FIELD_TEXT, wrong_account),
    FIELD(FIELD_LONG, expires_in),
    FIELD(FIELD_LONG, stale_list_ms),
    {"lag", FIELD_LAGS, 0},
};

static bool set_text(char **at, const cJSON *value) {
  if (!cJSON_IsString(value))
    return false;
  free(*at);
  *at = util_dup(value->valuestring);
  return true;
}

static bool set_effect(struct effects *fx, const struct field *field, const cJSON *value) {
  char *at = (char *)fx + field->offset;
  switch (field->type) {
  case FIELD_FLAG:
    *(bool *)at = cJSON_IsTrue(value);
    return cJSON_IsBool(value);
  case FIELD_LONG:
    *(long *)at = (long)cJSON_GetNumberValue(value);
    return cJSON_IsNumber(value) && value->valuedouble >= 0;
  case FIELD_STATUS:
    *(int *)at = value->valueint;
    return cJSON_IsNumber(value) && value->valueint >= 200 && value->valueint <= 999;
  case FIELD_TEXT:
    return set_text((char **)at, value);
  case FIELD_HEADERS:
    fx->headers = cJSON_Duplicate(value, true);
    return cJSON_IsObject(value);
  case FIELD_COMPLAINT:
    fx->complaint = true;
    return set_text(&fx->body, value);
  case FIELD_LAGS:
    fx->lags_set = true;
    return settings_parse_lags(value, fx->lags);
  }
  return false;
}

static bool parse_effect(struct effects *fx, const cJSON *item) {
  for (size_t i = 0; i < sizeof effect_fields / sizeof *effect_fields; i++) {
    if (!strcmp(effect_fields[i].name, item->string))
      return set_effect(fx, &effect_fields[i], item);
  }
  return false;
}

static bool parse_match(struct fault_rule *rule, const cJSON *item) {
  struct fault_match *m = &rule->match;
  const char *name = item->string;
  if (!strcmp(name, "method"))
    return set_text(&m->method, item);
  if (!strcmp(name, "path"))
    return set_text(&m->path, item);
  if (!strcmp(name, "host"))
    return set_text(&m->host, item);
  if (!strcmp(name, "identity"))
    return set_text(&m->identity, item);
  if (!strcmp(name, "key"))
    return set_text(&m->key, item);
  if (!cJSON_IsNumber(item))
    return false;
  if (!strcmp(name, "after"))
    m->after = item->valueint;
  else if (!strcmp(name, "times"))
    m->times = item->valueint;
  else if (!strcmp(name, "probability"))
    m->probability = item->valuedouble;
  else if (!strcmp(name, "seed"))
    rule->random = (unsigned long long)item->valuedouble * 2654435761u + 88172645463325252u;
  else
    return false;
  return true;
}

static bool parse_all(struct fault_rule *rule, const cJSON *object, bool match, char **ret_error) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    if (!(match ? parse_match(rule, item) : parse_effect(&rule->fx, item))) {
      *ret_error = util_format("%s: unknown member or wrong value: %s", match ? "match" : "effect",
                               item->string);
      return false;
    }
  }
  return true;
}

struct fault_rule *fault_parse(const cJSON *json, char **ret_error) {
  const cJSON *match = cJSON_GetObjectItem(json, "match");
  const cJSON *effect = cJSON_GetObjectItem(json, "effect");
  const cJSON *name = cJSON_GetObjectItem(json, "name");
  if (!cJSON_IsObject(effect) || !effect->child) {
    *ret_error = util_dup("a rule needs an effect object");
    return NULL;
  }
  struct fault_rule *rule = util_alloc(sizeof *rule);
  effects_init(&rule->fx);
  rule->match.probability = 1;
  rule->random = 88172645463325252u;
  rule->name = util_dup(cJSON_GetStringValue(name));
  if (parse_all(rule, match, true, ret_error) && parse_all(rule, effect, false, ret_error))
    return rule;
  fault_rule_free(rule);
  return NULL;
}
