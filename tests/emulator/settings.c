#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

const char *const lag_names[LAG_COUNT] = {
    [LAG_NEW_KEY_TOKEN] = "new_key_token_ms",
    [LAG_NEW_KEY_LIST] = "new_key_list_ms",
    [LAG_NEW_KEY_GET] = "new_key_get_ms",
    [LAG_DELETED_KEY_TOKEN] = "deleted_key_token_ms",
    [LAG_DELETED_KEY_LIST] = "deleted_key_list_ms",
    [LAG_DELETED_KEY_GET] = "deleted_key_get_ms",
    [LAG_DISABLED_KEY_TOKEN] = "disabled_key_token_ms",
    [LAG_POLICY_GET] = "policy_get_ms",
    [LAG_POLICY_ENFORCE] = "policy_enforce_ms",
    [LAG_POLICY_REMOVED] = "policy_removed_ms",
};

enum setting_type { SETTING_INT, SETTING_BOOL, SETTING_TEXT };

struct setting {
  const char *name;
  enum setting_type type;
  size_t offset;
  size_t size;
};

#define ENTRY(type, member)                                                                        \
  {#member, type, offsetof(struct settings, member), sizeof(((struct settings *)0)->member)}

static const struct setting table[] = {
    ENTRY(SETTING_INT, ingress_unauthorized_status),
    ENTRY(SETTING_INT, ingress_status),
    ENTRY(SETTING_TEXT, ingress_body),
    ENTRY(SETTING_INT, ingress_soft_limit),
    ENTRY(SETTING_INT, query_visible_ms),
    ENTRY(SETTING_INT, query_archive_ms),
    ENTRY(SETTING_INT, query_per_minute),
    ENTRY(SETTING_INT, locked_status),
    ENTRY(SETTING_INT, stale_tag_status),
    ENTRY(SETTING_INT, already_status),
    ENTRY(SETTING_INT, duplicate_value_status),
    ENTRY(SETTING_INT, disabled_key_status),
    ENTRY(SETTING_INT, expired_key_status),
    ENTRY(SETTING_TEXT, expired_key_code),
    ENTRY(SETTING_BOOL, string_status_code),
    ENTRY(SETTING_BOOL, empty_apikey),
    ENTRY(SETTING_BOOL, self_rotation),
    ENTRY(SETTING_BOOL, creator_manages),
    ENTRY(SETTING_BOOL, operator_may_lock),
    ENTRY(SETTING_BOOL, echo_apikey),
    ENTRY(SETTING_BOOL, query_limit_in_stream),
    ENTRY(SETTING_BOOL, query_frequent),
    ENTRY(SETTING_BOOL, query_archive),
    ENTRY(SETTING_BOOL, ingress_drops),
    ENTRY(SETTING_BOOL, restrict_service_ids),
    ENTRY(SETTING_BOOL, restrict_user_keys),
    ENTRY(SETTING_INT, restricted_user_key_status),
    ENTRY(SETTING_BOOL, list_needs_account),
    ENTRY(SETTING_BOOL, accept_gzip),
    ENTRY(SETTING_BOOL, default_group_only),
    ENTRY(SETTING_BOOL, group_id_on_request),
    ENTRY(SETTING_TEXT, default_group_id),
    ENTRY(SETTING_INT, unknown_group_status),
    ENTRY(SETTING_INT, duplicate_group_status),
    ENTRY(SETTING_INT, full_group_status),
    ENTRY(SETTING_TEXT, service_leak_action),
    ENTRY(SETTING_TEXT, user_leak_action),
    ENTRY(SETTING_BOOL, disable_moves_modified_at),
    ENTRY(SETTING_BOOL, disable_moves_entity_tag),
    ENTRY(SETTING_BOOL, lock_moves_modified_at),
    ENTRY(SETTING_BOOL, lock_moves_entity_tag),
};

void settings_default(struct settings *s) {
  *s = (struct settings){
      .ingress_unauthorized_status = 403,
      .ingress_status = 200,
      .ingress_body = "{}",
      .ingress_soft_limit = 2 * 1024 * 1024,
      .query_per_minute = 10,
      .query_frequent = true,
      .query_archive = true,
      .locked_status = 409,
      .stale_tag_status = 409,
      .already_status = 409,
      .duplicate_value_status = 409,
      .disabled_key_status = 400,
      .expired_key_status = 400,
      .expired_key_code = "BXNIM9003E",
      .restricted_user_key_status = 403,
      .empty_apikey = true,
      .creator_manages = true,
      .operator_may_lock = true,
      .list_needs_account = true,
      .accept_gzip = true,
      .default_group_only = true,
      .group_id_on_request = true,
      .unknown_group_status = 400,
      .duplicate_group_status = 409,
      .full_group_status = 409,
      .service_leak_action = "disable",
      .user_leak_action = "none",
      .disable_moves_modified_at = true,
      .disable_moves_entity_tag = true,
      .lock_moves_modified_at = true,
      .lock_moves_entity_tag = true,
  };
}

static bool setting_set(struct settings *s, const struct setting *entry, const cJSON *value) {
  char *at = (char *)s + entry->offset;
  switch (entry->type) {
  case SETTING_INT:
    if (!cJSON_IsNumber(value))
      return false;
    memcpy(at, &value->valueint, sizeof value->valueint);
    return true;
  case SETTING_BOOL:
    if (!cJSON_IsBool(value))
      return false;
    *(bool *)at = cJSON_IsTrue(value);
    return true;
  case SETTING_TEXT:
    if (!cJSON_IsString(value) || strlen(value->valuestring) >= entry->size)
      return false;
    snprintf(at, entry->size, "%s", value->valuestring);
    return true;
  }
  return false;
}

bool settings_parse_lags(const cJSON *object, long lags[LAG_COUNT]) {
  const cJSON *item;
  if (!cJSON_IsObject(object))
    return false;
  cJSON_ArrayForEach(item, object) {
    int kind = 0;
    while (kind < LAG_COUNT && strcmp(lag_names[kind], item->string))
      kind++;
    if (kind == LAG_COUNT || !cJSON_IsNumber(item))
      return false;
    lags[kind] = (long)item->valuedouble;
  }
  return true;
}

static bool apply_one(struct settings *s, const cJSON *item) {
  if (!strcmp(item->string, "lags"))
    return settings_parse_lags(item, s->lags);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!strcmp(table[i].name, item->string))
      return setting_set(s, &table[i], item);
  }
  return false;
}

bool settings_apply(struct settings *s, const cJSON *patch, char **ret_error) {
  struct settings next = *s;
  const cJSON *item;
  cJSON_ArrayForEach(item, patch) {
    if (!apply_one(&next, item)) {
      *ret_error = util_format("unknown setting or wrong type: %s", item->string);
      return false;
    }
  }
  *s = next;
  return true;
}

cJSON *settings_json(const struct settings *s) {
  cJSON *out = cJSON_CreateObject();
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *at = (const char *)s + table[i].offset;
    if (table[i].type == SETTING_INT)
      cJSON_AddNumberToObject(out, table[i].name, *(const int *)at);
    else if (table[i].type == SETTING_BOOL)
      cJSON_AddBoolToObject(out, table[i].name, *(const bool *)at);
    else
      cJSON_AddStringToObject(out, table[i].name, at);
  }
  cJSON *lags = cJSON_AddObjectToObject(out, "lags");
  for (int kind = 0; kind < LAG_COUNT; kind++)
    cJSON_AddNumberToObject(lags, lag_names[kind], (double)s->lags[kind]);
  cJSON_AddNumberToObject(out, "latency_ms", (double)s->latency_ms);
  return out;
}
