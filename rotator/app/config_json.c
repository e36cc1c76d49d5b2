// The table of options as a JSON Schema (draft 2020-12), for editors that check and complete YAML by one.
//
// One schema serves the main file and those of targets.d. It is a little more lenient than the loader, which alone knows
// whether an option that a store requires is given for all its items at once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/config.h"
#include "rotator/app/config_docs.h"
#include "rotator/base/json.h"

static cJSON *pattern(const char *text) {
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "type", "string");
  cJSON_AddStringToObject(s, "pattern", text);
  return s;
}

static cJSON *types(const char *a, const char *b) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "type");
  cJSON_AddItemToArray(list, cJSON_CreateString(a));
  cJSON_AddItemToArray(list, cJSON_CreateString(b));
  return s;
}

static cJSON *reference(const char *name) {
  char path[64];
  snprintf(path, sizeof(path), "#/$defs/%s", name);
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "$ref", path);
  return s;
}

static cJSON *words(const char *choices) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "enum");
  for (const char *c = choices; *c;) {
    char word[64];
    size_t len = strcspn(c, "|");
    snprintf(word, sizeof(word), "%.*s", (int)len, c);
    cJSON_AddItemToArray(list, cJSON_CreateString(word));
    c += len + (c[len] != '\0');
  }
  return s;
}

static cJSON *either(cJSON *a, cJSON *b) {
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
    return number(1, 1);
  case CONFIG_TEXT:
    return bounded(types("string", "integer"), most);
  case CONFIG_LABEL:
    return bounded(pattern("^[^\"'`\\\\]+$"), most);
  case CONFIG_NAME:
    return bounded(pattern("^[a-z0-9][a-z0-9._-]*$"), most);
  case CONFIG_TOKEN:
    return bounded(pattern("^[A-Za-z0-9._-]+$"), most);
  case CONFIG_PATH:
    return pattern("^/.*[^/]$");
  case CONFIG_MODE:
    return pattern("^0?[0-7]{3}$");
  case CONFIG_BOOL: {
    cJSON *s = cJSON_CreateObject();
    cJSON_AddStringToObject(s, "type", "boolean");
    return s;
  }
  case CONFIG_INT:
  case CONFIG_COUNT:
    return number(least, most);
  case CONFIG_DURATION:
    return reference("duration");
  case CONFIG_CHOICE:
  case CONFIG_WORD:
    return words(choices);
  case CONFIG_SEVERITY:
    return either(words(choices), number(least, most));
  case CONFIG_INSTANCE:
    return pattern("^crn:v1:[^:]*:[^:]*:logs:[a-z0-9-]+:a/[0-9a-fA-F]{32}:[0-9a-fA-F-]{36}::$");
  case CONFIG_ENDPOINT:
    return either(words(choices), pattern("^https?://"));
  case CONFIG_WORDS:
    return list_of(types("string", "integer"), least, most);
  case CONFIG_COMMAND:
    return list_of(types("string", "integer"), least, most);
  case CONFIG_HOME:
    return reference("home");
  case CONFIG_SINKS:
    return list_of(reference("sink"), least, most);
  case CONFIG_TARGETS: {
    cJSON *s = list_of(reference("target"), 0, CONFIG_TARGETS_MAX),
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
  return bounded(pattern("."), most);
}

void config_json_describe(cJSON *schema, enum config_type type, const char *help,
                          const char *fallback, const char *shown) {
  char text[512];
  snprintf(text, sizeof(text), "%s%s%s%s", help, shown ? " Default: " : "", shown ? shown : "",
           shown ? "." : "");
  cJSON_AddStringToObject(schema, "description", text);
  if (!fallback)
    return;
  if (type == CONFIG_BOOL)
    cJSON_AddBoolToObject(schema, "default", strcmp(fallback, "true") == 0);
  else if (type == CONFIG_INT || type == CONFIG_COUNT)
    cJSON_AddNumberToObject(schema, "default", strtod(fallback, NULL));
  else
    cJSON_AddStringToObject(schema, "default", fallback);
}

cJSON *config_json_object(void) {
  cJSON *s = types("object", "null");
  cJSON_AddFalseToObject(s, "additionalProperties");
  cJSON_AddObjectToObject(s, "properties");
  return s;
}

cJSON *config_json_properties(cJSON *object) {
  return cJSON_GetObjectItemCaseSensitive(object, "properties");
}

cJSON *config_json_group(cJSON *object, const char *dotted, const char **leaf) {
  for (size_t len; dotted[len = strcspn(dotted, ".")] == '.'; dotted += len + 1) {
    char part[CONFIG_NAME_MAX];
    snprintf(part, sizeof(part), "%.*s", (int)len, dotted);
    cJSON *all = config_json_properties(object),
          *next = cJSON_GetObjectItemCaseSensitive(all, part);
    if (!next)
      cJSON_AddItemToObject(all, part, next = config_json_object());
    // An option that may be a word or a mapping: the mapping is the second of the two.
    cJSON *both = cJSON_GetObjectItemCaseSensitive(next, "anyOf");
    object = both ? cJSON_GetArrayItem(both, 1) : next;
  }
  *leaf = dotted;
  return object;
}

// The options of one place as an object.
static cJSON *place(unsigned where, bool required) {
  cJSON *object = config_json_object(), *needed = cJSON_CreateArray();
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    if (!(o->where & where))
      continue;
    const char *leaf = o->name;
    cJSON *in = config_json_group(object, o->name, &leaf);
    cJSON *s = o->type == CONFIG_SECTION && strcmp(o->name, "defaults") == 0
                   ? reference("defaults")
                   : config_json_value(o->type, o->choices, o->least, o->most);
    if (o->type == CONFIG_ENDPOINT && config_option_has_members(o)) {
      cJSON_Delete(s);
      s = either(words(o->choices), config_json_object());
    }
    config_json_describe(s, o->type, o->help, o->fallback, o->shown);
    cJSON_AddItemToObject(config_json_properties(in), leaf, s);
    if (o->required)
      cJSON_AddItemToArray(needed, cJSON_CreateString(o->name));
  }
  if (required)
    cJSON_AddItemToObject(object, "required", needed);
  else
    cJSON_Delete(needed);
  return object;
}

// The main file needs version and management; a file of targets.d has targets and nothing else.
static cJSON *kinds_of_file(void) {
  cJSON *list = cJSON_CreateArray(), *first = cJSON_CreateObject(), *second = cJSON_CreateObject();
  cJSON *needs = cJSON_AddArrayToObject(first, "required");
  cJSON_AddItemToArray(needs, cJSON_CreateString("version"));
  cJSON_AddItemToArray(needs, cJSON_CreateString("management"));
  needs = cJSON_AddArrayToObject(second, "required");
  cJSON_AddItemToArray(needs, cJSON_CreateString("targets"));
  cJSON_AddItemToObject(second, "propertyNames", words("version|targets"));
  cJSON_AddItemToArray(list, first);
  cJSON_AddItemToArray(list, second);
  return list;
}

static cJSON *make_schema(void) {
  cJSON *s = cJSON_CreateObject(), *defs = cJSON_CreateObject(), *top = place(CONFIG_MAIN, false);
  cJSON_AddStringToObject(s, "$schema", "https://json-schema.org/draft/2020-12/schema");
  cJSON_AddStringToObject(s, "title", "rotator.yaml");
  cJSON_AddStringToObject(s, "description",
                          "Configuration of rotator: the main file, or a file of targets.d beside "
                          "it. See rotator.yaml(5).");
  cJSON_AddStringToObject(s, "type", "object");
  cJSON_AddItemToObject(s, "anyOf", kinds_of_file());
  cJSON_AddFalseToObject(s, "additionalProperties");
  config_json_stores(defs, config_json_properties(top));
  cJSON_AddItemToObject(s, "properties", cJSON_DetachItemFromObject(top, "properties"));
  cJSON_AddItemToObject(defs, "defaults", place(CONFIG_DEFAULTS, false));
  cJSON *target = place(CONFIG_TARGET, true);
  cJSON_ReplaceItemInObject(target, "type", cJSON_CreateString("object"));
  cJSON_AddItemToObject(defs, "target", target);
  cJSON_AddItemToObject(
      defs, "duration",
      either(pattern("^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"), number(0, 0)));
  cJSON_AddItemToObject(s, "$defs", defs);
  cJSON_Delete(top);
  return s;
}

enum err config_schema_json(struct text_buf *out) {
  cJSON *schema = make_schema();
  char *text = cJSON_Print(schema);
  cJSON_Delete(schema);
  if (text)
    text_buf_add(out, "%s\n", text);
  bool good = text && !out->failed;
  cJSON_free(text);
  return good ? ERR_OK : ERR_INTERNAL;
}
