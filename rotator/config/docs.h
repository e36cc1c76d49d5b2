// What the two generators share. Private to schema_json*.c and manual.c.
#ifndef ROTATOR_CONFIG_DOCS_H
#define ROTATOR_CONFIG_DOCS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "rotator/config/schema.h"

// schema_json_value.c: a text of that form; one of "a|b"; one of two schemas; a definition; a
// number.
cJSON *config_json_pattern(const char *pattern);
cJSON *config_json_words(const char *choices);
cJSON *config_json_either(cJSON *a, cJSON *b);
cJSON *config_json_reference(const char *definition);
cJSON *config_json_only(int value);
cJSON *config_json_types(const char *a, const char *b); // of either type
// The schema of a value of that type. The limits are those of struct config_option.
cJSON *config_json_value(enum config_type type, const char *choices, int64_t least, int64_t most);

// schema_json.c: adds description and default to a schema.
void config_json_describe(cJSON *schema, enum config_type type, const char *help,
                          const char *fallback, const char *shown);
cJSON *config_json_object(
    void); // {"type": ["object", "null"], "additionalProperties": false, "properties": {}}
cJSON *config_json_properties(cJSON *object);
// The object in which the member of a dotted name stands, with the groups on the way made; *leaf is
// its last part.
cJSON *config_json_group(cJSON *object, const char *dotted, const char **leaf);

// schema_json_stores.c: adds the definitions "sink", "home" and one of each store to $defs, and the
// stores to the top.
void config_json_stores(cJSON *defs, cJSON *top);

#endif
