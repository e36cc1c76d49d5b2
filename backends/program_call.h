// Inside of program.c: one run of the program, from request to answer.
#ifndef BACKENDS_PROGRAM_CALL_H
#define BACKENDS_PROGRAM_CALL_H

#include "backends/program.h"
#include "rotator/base/json.h"

struct program_item {
  struct store_item item; // first: the engine's pointer is ours
  struct env *env;
  char path[PROGRAM_PATH_MAX + 1];
  char name[PROGRAM_ITEM_MAX + 1];
  int64_t limit_ms;
  struct {
    char name[32], value[PROGRAM_VALUE_MAX + 1];
  } options[PROGRAM_OPTIONS_MAX];
  size_t n_options;
};

// Runs the program with that verb. `request` gets version, item, kind and options, and is freed.
// ERR_OK: it answered with a JSON object that is no error; the caller frees *ret. Otherwise what it
// answered or how it failed. With a verb that writes, everything that is not a definite answer is
// ERR_UNSURE.
enum err program_call(const struct program_item *p, const char *verb, cJSON *request, cJSON **ret,
                      struct error *e);

#endif
