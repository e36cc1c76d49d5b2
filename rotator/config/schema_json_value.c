// Schemas of single values.
#include <stdio.h>
#include <string.h>

#include "rotator/config/config.h"
#include "rotator/config/docs.h"

cJSON *config_json_pattern(const char *text) {
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "type", "string");
  cJSON_AddStringToObject(s, "pattern", text);
  return s;
}

cJSON *config_json_types(const char *a, const char *b) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "type");
  cJSON_AddItemToArray(list, cJSON_CreateString(a));
  cJSON_AddItemToArray(list, cJSON_CreateString(b));
  return s;
}

cJSON *config_json_reference(const char *name) {
  char path[64];
  snprintf(path, sizeof path, "#/$defs/%s", name);
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "$ref", path);
  return s;
}

cJSON *config_json_words(const char *choices) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "enum");
  for (const char *c = choices; *c;) {
    char word[64];
    size_t len = strcspn(c, "|");
    snprintf(word, sizeof word, "%.*s", (int)len, c);
    cJSON_AddItemToArray(list, cJSON_CreateString(word));
    c += len + (c[len] != '\0');
  }
  return s;
}

cJSON *config_json_either(cJSON *a, cJSON *b) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "anyOf");
  cJSON_AddItemToArray(list, a);
  cJSON_AddItemToArray(list, b);
  return s;
}

static cJSON *number(int64_t least, int64_t most) {
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "type", "integer");
  cJSON_AddNumberToObject(s, "minimum", (double)least);
  if (most > 0)
    cJSON_AddNumberToObject(s, "maximum", (double)most);
  return s;
}

cJSON *config_json_only(int value) {
  cJSON *s = cJSON_CreateObject();
  cJSON_AddNumberToObject(s, "const", value);
  return s;
}

static cJSON *list_of(cJSON *items, int64_t least, int64_t most) {
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "type", "array");
  cJSON_AddItemToObject(s, "items", items);
  if (least > 0)
    cJSON_AddNumberToObject(s, "minItems", (double)least);
  if (most > 0)
    cJSON_AddNumberToObject(s, "maxItems", (double)most);
  return s;
}

static cJSON *bounded(cJSON *s, int64_t most) {
  if (most > 0)
    cJSON_AddNumberToObject(s, "maxLength", (double)most);
  return s;
}

cJSON *config_json_value(enum config_type type, const char *choices, int64_t least, int64_t most) {
  switch (type) {
  case CONFIG_VERSION:
    return config_json_only(1);
  case CONFIG_TEXT:
    return bounded(config_json_types("string", "integer"), most);
  case CONFIG_LABEL:
    return bounded(config_json_pattern("^[^\"'`\\\\]+$"), most);
  case CONFIG_NAME:
    return bounded(config_json_pattern("^[a-z0-9][a-z0-9._-]*$"), most);
  case CONFIG_TOKEN:
    return bounded(config_json_pattern("^[A-Za-z0-9._-]+$"), most);
  case CONFIG_PATH:
    return config_json_pattern("^/.*[^/]$");
  case CONFIG_MODE:
    return config_json_pattern("^0?[0-7]{3}$");
  case CONFIG_BOOL: {
    cJSON *s = cJSON_CreateObject();
    cJSON_AddStringToObject(s, "type", "boolean");
    return s;
  }
  case CONFIG_INT:
  case CONFIG_COUNT:
    return number(least, most);
  case CONFIG_DURATION:
    return config_json_reference("duration");
  case CONFIG_CHOICE:
  case CONFIG_WORD:
    return config_json_words(choices);
  case CONFIG_SEVERITY:
    return config_json_either(config_json_words(choices), number(least, most));
  case CONFIG_INSTANCE:
    return config_json_pattern(
        "^crn:v1:[^:]*:[^:]*:logs:[a-z0-9-]+:a/[0-9a-fA-F]{32}:[0-9a-fA-F-]{36}::$");
  case CONFIG_ENDPOINT:
    return config_json_either(config_json_words(choices), config_json_pattern("^https?://"));
  case CONFIG_WORDS:
    return list_of(config_json_types("string", "integer"), least, most);
  case CONFIG_COMMAND:
    return list_of(config_json_types("string", "integer"), least, most);
  case CONFIG_HOME:
    return config_json_reference("home");
  case CONFIG_SINKS:
    return list_of(config_json_reference("sink"), least, most);
  case CONFIG_TARGETS: {
    cJSON *s = list_of(config_json_reference("target"), 0, CONFIG_TARGETS_MAX),
          *type_list = cJSON_CreateArray();
    cJSON_AddItemToArray(type_list, cJSON_CreateString("array"));
    cJSON_AddItemToArray(type_list, cJSON_CreateString("null"));
    cJSON_ReplaceItemInObject(s, "type", type_list);
    return s;
  }
  case CONFIG_SECTION:
    return config_json_object();
  case CONFIG_WINDOW:
  case CONFIG_IDENTITY:
    break;
  }
  return bounded(config_json_pattern("."), most);
}
