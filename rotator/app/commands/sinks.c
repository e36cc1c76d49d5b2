#include "rotator/app/commands/sinks.h"

#include <assert.h>
#include <stdio.h>

#include "rotator/base/text.h"

static const char *const values[] = {
    [SINK_SILENT] = "no answer",
    [SINK_REFUSED] = "must not be used",
    [SINK_EMPTY] = "empty",
    [SINK_CURRENT] = "current key",
    [SINK_PREVIOUS] = "old key",
    [SINK_PENDING] = "new key",
    [SINK_RETIRED] = "retired key",
    [SINK_FOREIGN] = "foreign value",
    [SINK_UNJUDGED] = "a value (no state to compare it with)",
};
static_assert(sizeof values / sizeof *values == SINK_UNJUDGED + 1, "every sink value has words");

const char *sink_value_text(enum sink_value v) {
  return (unsigned)v <= SINK_UNJUDGED ? values[v] : "unknown";
}

void sinks_summary(const struct view *v, char *dst, size_t cap) {
  struct text_buf b = TEXT_BUF(2048);
  size_t current = 0;
  for (size_t i = 0; i < v->n_sinks; i++) {
    if (v->sinks[i].value == SINK_CURRENT) {
      current++;
      continue;
    }
    text_buf_add(&b, "%s%s: %s", b.len ? ", " : "", v->sinks[i].name,
                 sink_value_text(v->sinks[i].value));
  }
  if (current == v->n_sinks)
    snprintf(dst, cap, "%zu current", current);
  else
    text_copy(dst, cap, text_buf_str(&b));
  text_buf_free(&b);
}

void sinks_answer(const struct target *t, const struct view *v, cJSON *o) {
  cJSON *list = o ? cJSON_AddArrayToObject(o, "sinks") : NULL;
  for (size_t i = 0; list && i < v->n_sinks; i++) {
    cJSON *x = cJSON_CreateObject();
    cJSON_AddStringToObject(x, "name", v->sinks[i].name);
    cJSON_AddStringToObject(x, "place", t->sinks[i].item->place);
    cJSON_AddStringToObject(x, "holds", sink_value_text(v->sinks[i].value));
    cJSON_AddItemToArray(list, x);
  }
}
