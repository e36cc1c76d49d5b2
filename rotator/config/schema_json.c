// The table of options as a JSON Schema (draft 2020-12), for editors that check and complete YAML
// by one.
//
// One schema serves the main file and those of targets.d. It is a little more lenient than the
// loader, which alone knows whether an option that a store requires is given for all its items at
// once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/config/config.h"
#include "rotator/config/docs.h"

void config_json_describe(cJSON *schema, enum config_type type, const char *help,
                          const char *fallback, const char *shown) {
  char text[512];
  snprintf(text, sizeof text, "%s%s%s%s", help, shown ? " Default: " : "", shown ? shown : "",
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
  cJSON *s = config_json_types("object", "null");
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
    snprintf(part, sizeof part, "%.*s", (int)len, dotted);
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
                   ? config_json_reference("defaults")
                   : config_json_value(o->type, o->choices, o->least, o->most);
    if (o->type == CONFIG_ENDPOINT && config_option_has_members(o)) {
      cJSON_Delete(s);
      s = config_json_either(config_json_words(o->choices), config_json_object());
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
  cJSON_AddItemToObject(second, "propertyNames", config_json_words("version|targets"));
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
  cJSON *duration = config_json_pattern("^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$");
  cJSON_AddNumberToObject(duration, "minLength", 2);
  cJSON_AddItemToObject(defs, "duration", config_json_either(duration, config_json_only(0)));
  cJSON_AddItemToObject(s, "$defs", defs);
  cJSON_Delete(top);
  return s;
}

// cJSON's own print with its tabs as spaces: two a level, one behind a colon. Within strings a tab
// is written \t.
static void add_pretty(struct text_buf *out, const char *text) {
  bool indent = true;
  for (const char *s = text; *s; s++) {
    if (*s == '\t')
      text_buf_add(out, indent ? "  " : " ");
    else
      text_buf_add_bytes(out, s, 1);
    indent = *s == '\n' || (indent && *s == '\t');
  }
  text_buf_add(out, "\n");
}

enum err config_schema_json(struct text_buf *out) {
  cJSON *schema = make_schema();
  char *text = cJSON_Print(schema);
  cJSON_Delete(schema);
  if (text)
    add_pretty(out, text);
  bool good = text && !out->failed;
  cJSON_free(text);
  return good ? ERR_OK : ERR_INTERNAL;
}
