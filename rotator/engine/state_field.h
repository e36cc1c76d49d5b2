// A struct's members as members of a JSON object: one table serves writing, reading and comparing,
// so that what is written is what is demanded when reading. Of use to state_codec.c alone.
#ifndef ROTATOR_ENGINE_STATE_FIELD_H
#define ROTATOR_ENGINE_STATE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/base/json.h"

enum field_type { F_U64, F_I64, F_UINT, F_BOOL, F_TEXT, F_SECRET };

struct field {
  const char *name; // NULL ends a table
  enum field_type type;
  size_t offset, size;
};

// One member of the value at `p`. False without memory.
bool field_put(cJSON *o, const struct field *f, const void *p);
// False without memory, also when `o` itself could not be made.
bool fields_put(cJSON *o, const struct field *fields, const void *from);
// Takes the fields out of an object that has them and `more` other members; false names the field
// in *ret_bad.
bool fields_take(const cJSON *o, const struct field *fields, size_t more, void *to,
                 const char **ret_bad);
bool fields_same(const struct field *fields, const void *a, const void *b);

#endif
