// The stores' part of the JSON Schema.
#include <stdio.h>
#include <string.h>

#include "rotator/config/docs.h"

static cJSON *reference(const struct store_backend *b) {
  char name[64];
  snprintf(name, sizeof name, "store_%s", b->name);
  return config_json_reference(name);
}

static void define_store(cJSON *defs, const struct store_backend *b) {
  char name[64];
  cJSON *object = config_json_object();
  for (const struct store_option *o = b->options; o->name; o++) {
    const char *leaf = o->name;
    cJSON *in = config_json_group(object, o->name, &leaf);
    enum config_type type = config_store_type(o->type);
    cJSON *s = config_json_value(type, o->choices, 0, 0);
    char help[512];
    snprintf(help, sizeof help, "%s%s", o->help, o->required ? " Required." : "");
    config_json_describe(s, type, help, o->fallback, NULL);
    cJSON_AddItemToObject(config_json_properties(in), leaf, s);
  }
  snprintf(name, sizeof name, "store_%s", b->name);
  cJSON_AddItemToObject(defs, name, object);
}

// An object with exactly one of the stores in it.
static cJSON *one_store(void) {
  cJSON *s = config_json_object(), *one = cJSON_AddArrayToObject(s, "oneOf");
  cJSON_ReplaceItemInObject(s, "type", cJSON_CreateString("object"));
  for (size_t i = 0; store_backends[i]; i++) {
    const struct store_backend *b = store_backends[i];
    if (!config_store_is_offered(b))
      continue;
    cJSON_AddItemToObject(config_json_properties(s), b->name, reference(b));
    cJSON *needs = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(needs, "required");
    cJSON_AddItemToArray(list, cJSON_CreateString(b->name));
    cJSON_AddItemToArray(one, needs);
  }
  return s;
}

void config_json_stores(cJSON *defs, cJSON *top) {
  cJSON *sink = one_store(), *name = config_json_value(CONFIG_NAME, NULL, 0, 63);
  config_json_describe(name, CONFIG_NAME, "Name of the sink in reports and commands.", NULL,
                       "the store's name");
  cJSON_AddItemToObject(config_json_properties(sink), "name", name);
  cJSON_AddItemToObject(defs, "home", one_store());
  cJSON_AddItemToObject(defs, "sink", sink);
  for (size_t i = 0; store_backends[i]; i++) {
    const struct store_backend *b = store_backends[i];
    char help[128];
    if (!config_store_is_offered(b))
      continue;
    define_store(defs, b);
    cJSON *shared = reference(b);
    snprintf(help, sizeof help, "Settings that all homes and sinks of the store %s have in common.",
             b->name);
    cJSON_AddStringToObject(shared, "description", help);
    cJSON_AddItemToObject(top, b->name, shared);
  }
}
