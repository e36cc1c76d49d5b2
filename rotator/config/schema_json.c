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
#include "rotator/config/internal.h"

// --- schemas of single values ---

static cJSON *reference(const char *definition) {
  char path[96];
  snprintf(path, sizeof path, "#/$defs/%s", definition);
  cJSON *s = cJSON_CreateObject();
  cJSON_AddStringToObject(s, "$ref", path);
  return s;
}

static cJSON *words(const char *choices) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "enum");
  char word[CHOICE_MAX];
  for (const char *at = choices; choices_next(&at, word);)
    cJSON_AddItemToArray(list, cJSON_CreateString(word));
  return s;
}

static cJSON *either(cJSON *a, cJSON *b) {
  cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "anyOf");
  cJSON_AddItemToArray(list, a);
  cJSON_AddItemToArray(list, b);
  return s;
}

static bool is_type(const cJSON *schema, const char *type) {
  const cJSON *t = cJSON_GetObjectItemCaseSensitive(schema, "type");
  return cJSON_IsString(t) && strcmp(t->valuestring, type) == 0;
}

// Bounds of a number, of the entries of a list, or of the length of a text: as the schema's type
// has it.
static void add_bounds(cJSON *schema, int64_t least, int64_t most) {
  bool list = cJSON_HasObjectItem(schema, "items"), number = is_type(schema, "integer");
  if (!cJSON_HasObjectItem(schema, "type"))
    return;
  if (number || (list && least > 0))
    cJSON_AddNumberToObject(schema, list ? "minItems" : "minimum", (double)least);
  if (most > 0)
    cJSON_AddNumberToObject(schema,
                            list     ? "maxItems"
                            : number ? "maximum"
                                     : "maxLength",
                            (double)most);
}

// What a pattern can say of a duration's least value: it is not 0, or has a minute in it.
static void bound_duration(cJSON *schema, int64_t least) {
  if (least <= 0)
    return;
  cJSON_AddStringToObject(schema, "type", "string");
  cJSON_AddStringToObject(schema, "pattern",
                          least < 60 ? "[1-9]" : "[1-9][0-9]*[wdhm]|([6-9][0-9]|[1-9][0-9]{2,})s");
}

static cJSON *value(enum config_type type, const char *choices, int64_t least, int64_t most) {
  const char *text = config_types[type].schema;
  cJSON *s = text ? cJSON_Parse(text) : NULL;
  if (type == CONFIG_DURATION)
    bound_duration(s, least);
  else
    add_bounds(s, least, most);
  if (!choices)
    return s;
  if (type == CONFIG_WORDS) {
    cJSON_ReplaceItemInObjectCaseSensitive(s, "items", words(choices));
    return s;
  }
  return s ? either(words(choices), s) : words(choices);
}

// Adds description and default.
static void describe(cJSON *schema, const char *help, const char *fallback, const char *shown) {
  char text[512];
  snprintf(text, sizeof text, "%s%s%s%s", help, shown ? " Default: " : "", shown ? shown : "",
           shown ? "." : "");
  cJSON_AddStringToObject(schema, "description", text);
  if (!fallback)
    return;
  if (is_type(schema, "boolean"))
    cJSON_AddBoolToObject(schema, "default", strcmp(fallback, "true") == 0);
  else if (is_type(schema, "integer"))
    cJSON_AddNumberToObject(schema, "default", strtod(fallback, NULL));
  else
    cJSON_AddStringToObject(schema, "default", fallback);
}

// --- objects ---

static cJSON *mapping(void) {
  return value(CONFIG_SECTION, NULL, 0, 0);
}

static cJSON *properties(cJSON *object) {
  return cJSON_GetObjectItemCaseSensitive(object, "properties");
}

// Makes of an option that is a word one that may be a mapping instead. Returns the list of the two.
static cJSON *word_or_mapping(cJSON *all, const char *name) {
  cJSON *word = cJSON_DetachItemFromObjectCaseSensitive(all, name), *s = cJSON_CreateObject();
  cJSON *both = cJSON_AddArrayToObject(s, "anyOf");
  cJSON_AddItemToArray(both, word);
  cJSON_AddItemToArray(both, mapping());
  cJSON_AddItemToObject(all, name, s);
  return both;
}

// The object in which the member of a dotted name stands, with the groups on the way made; *leaf is
// its last part.
static cJSON *group_of(cJSON *object, const char *dotted, const char **leaf) {
  for (size_t len; dotted[len = strcspn(dotted, ".")] == '.'; dotted += len + 1) {
    char part[CONFIG_NAME_MAX];
    snprintf(part, sizeof part, "%.*s", (int)len, dotted);
    cJSON *all = properties(object), *next = cJSON_GetObjectItemCaseSensitive(all, part);
    if (!next)
      cJSON_AddItemToObject(all, part, next = mapping());
    // An option that may be a word or a mapping: the mapping is the second of the two.
    cJSON *both = cJSON_GetObjectItemCaseSensitive(next, "anyOf");
    if (!both && !cJSON_HasObjectItem(next, "properties"))
      both = word_or_mapping(all, part);
    object = both ? cJSON_GetArrayItem(both, 1) : next;
  }
  *leaf = dotted;
  return object;
}

// The options of one place as an object.
static cJSON *place(unsigned where, bool required) {
  cJSON *object = mapping(), *needed = cJSON_CreateArray();
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    if (!(o->where & where))
      continue;
    const char *leaf = o->name;
    cJSON *in = group_of(object, o->name, &leaf);
    cJSON *s = strcmp(o->name, "defaults") == 0 ? reference("defaults")
                                                : value(o->type, o->choices, o->least, o->most);
    describe(s, o->help, o->fallback, o->shown);
    cJSON_AddItemToObject(properties(in), leaf, s);
    if (o->required)
      cJSON_AddItemToArray(needed, cJSON_CreateString(o->name));
  }
  if (required)
    cJSON_AddItemToObject(object, "required", needed);
  else
    cJSON_Delete(needed);
  return object;
}

// --- stores ---

static cJSON *store_reference(const struct store_backend *b) {
  char name[64];
  snprintf(name, sizeof name, "store_%s", b->name);
  return reference(name);
}

static void define_setting(cJSON *object, const struct store_option *o, const char *spelt) {
  const char *leaf = spelt;
  cJSON *in = group_of(object, spelt, &leaf);
  const char *choices = o->type == STORE_OPT_CHOICE ? o->choices : NULL;
  cJSON *s = value(config_store_type(o->type), choices, 0, 0);
  char help[512];
  snprintf(help, sizeof help, "%s%s", o->help, o->required ? " Required." : "");
  describe(s, help, o->fallback, NULL);
  cJSON_AddItemToObject(properties(in), leaf, s);
}

static bool is_free(const struct store_backend *b, const char *name) {
  for (const struct store_option *o = b->options; o->name; o++)
    if (strcmp(o->name, name) == 0)
      return false;
  return true;
}

static void define_store(cJSON *defs, const struct store_backend *b) {
  char name[64];
  cJSON *object = mapping();
  for (const struct store_option *o = b->options; o->name; o++)
    define_setting(object, o, o->name);
  for (const struct store_option *o = b->options; o->name; o++) {
    char other[CONFIG_NAME_MAX];
    if (config_other_spelling(o->name, other) && is_free(b, other))
      define_setting(object, o, other);
  }
  snprintf(name, sizeof name, "store_%s", b->name);
  cJSON_AddItemToObject(defs, name, object);
}

// An object with exactly one of the stores in it.
static cJSON *one_store(void) {
  cJSON *s = mapping(), *one = cJSON_AddArrayToObject(s, "oneOf");
  cJSON_ReplaceItemInObject(s, "type", cJSON_CreateString("object"));
  for (size_t i = 0; store_backends[i]; i++) {
    const struct store_backend *b = store_backends[i];
    if (!config_store_is_offered(b))
      continue;
    cJSON_AddItemToObject(properties(s), b->name, store_reference(b));
    cJSON *needs = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(needs, "required");
    cJSON_AddItemToArray(list, cJSON_CreateString(b->name));
    cJSON_AddItemToArray(one, needs);
  }
  return s;
}

static void add_stores(cJSON *defs, cJSON *top) {
  cJSON *sink = one_store(), *name = value(CONFIG_NAME, NULL, 0, 63);
  describe(name, "Name of the sink in reports and commands.", NULL, "the store's name");
  cJSON_AddItemToObject(properties(sink), "name", name);
  cJSON_AddItemToObject(defs, "home", one_store());
  cJSON_AddItemToObject(defs, "sink", sink);
  for (size_t i = 0; store_backends[i]; i++) {
    const struct store_backend *b = store_backends[i];
    char help[128];
    if (!config_store_is_offered(b))
      continue;
    define_store(defs, b);
    cJSON *shared = store_reference(b);
    snprintf(help, sizeof help, "Settings that all homes and sinks of the store %s have in common.",
             b->name);
    cJSON_AddStringToObject(shared, "description", help);
    cJSON_AddItemToObject(top, b->name, shared);
  }
}

// --- the whole ---

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

// A target is of a service ID or of a user.
static cJSON *one_identity(void) {
  cJSON *list = cJSON_CreateArray();
  static const char *const names[] = {"service_id", "user"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(one, "required"), cJSON_CreateString(names[i]));
    cJSON_AddItemToArray(list, one);
  }
  return list;
}

// It has an instance and sinks, or is the rotator's own key.
static cJSON *what_it_is(void) {
  cJSON *list = cJSON_CreateArray();
  static const char *const names[][2] = {{"instance", "sinks"}, {"own_key", "account"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    cJSON *one = cJSON_CreateObject(), *needs = cJSON_AddArrayToObject(one, "required");
    for (size_t k = 0; k < 2; k++)
      cJSON_AddItemToArray(needs, cJSON_CreateString(names[i][k]));
    cJSON_AddItemToArray(list, one);
  }
  return list;
}

// "1d12h", or a bare 0.
#define DURATION                                                                                   \
  "{\"anyOf\":[{\"type\":\"string\",\"pattern\":"                                                  \
  "\"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$\",\"minLength\":2},{\"const\":0}]}"

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
  add_stores(defs, properties(top));
  cJSON_AddItemToObject(s, "properties", cJSON_DetachItemFromObject(top, "properties"));
  cJSON_AddItemToObject(defs, "defaults", place(CONFIG_DEFAULTS, false));
  cJSON *target = place(CONFIG_TARGET, true);
  cJSON_ReplaceItemInObject(target, "type", cJSON_CreateString("object"));
  cJSON_AddItemToObject(target, "oneOf", one_identity());
  cJSON_AddItemToObject(target, "anyOf", what_it_is());
  cJSON_AddItemToObject(defs, "target", target);
  cJSON_AddItemToObject(defs, "duration", cJSON_Parse(DURATION));
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
