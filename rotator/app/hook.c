// The reload hook (after_publish): tells consumers that a new key is in the sinks.
//
// The program gets no argument but those configured, no environment but PATH, and one JSON object
// on standard input: {"target", "key_id", "generation", "epoch", "sinks": [{"name", "place"}]}.
// Never a value. It may be run more than once in an epoch.
#include "rotator/app/hook.h"

#include "rotator/base/child.h"
#include "rotator/base/json.h"
#include "rotator/base/trust.h"

#define HOOK_INPUT_MAX (32 * 1024)

static enum err describe_change(const struct target *t, const struct state *s,
                                struct secret **ret) {
  JSON_AUTO o = cJSON_CreateObject();
  cJSON *sinks = cJSON_AddArrayToObject(o, "sinks");
  bool whole = json_add_text(o, "target", t->name) &&
               json_add_text(o, "key_id", s->slots[SLOT_CURRENT].key_id) &&
               json_add_u64_text(o, "generation", s->slots[SLOT_CURRENT].generation) &&
               json_add_u64_text(o, "epoch", s->epoch);
  for (size_t i = 0; whole && i < t->n_sinks; i++) {
    cJSON *sink = cJSON_CreateObject();
    whole = json_append(sinks, sink) && json_add_text(sink, "name", t->sinks[i].name) &&
            json_add_text(sink, "place", t->sinks[i].item->place);
  }
  return whole ? json_print(o, HOOK_INPUT_MAX, ret) : ERR_INTERNAL;
}

enum err hook_after_publish(void *ctx, const struct target *t, const struct state *s,
                            struct error *e) {
  const struct hook *hook = ctx;
  const struct config_hook *h = hook->config;
  SECRET_AUTO input = NULL;
  int status = 0;
  enum err err = trust_program(h->argv[0], e);
  // What cannot be run now cannot be run the next time either: a person's matter at once.
  if (err != ERR_OK && err != ERR_INTERNAL)
    e->kind = ERR_INVALID;
  if (err != ERR_OK)
    return error_wrap(e, "after_publish.run");
  err = describe_change(t, s, &input);
  if (err == ERR_INTERNAL)
    return error_no_memory(e);
  if (err != ERR_OK)
    return error_set(e, ERR_INTERNAL, "the JSON for the reload hook is larger than %d bytes",
                     HOOK_INPUT_MAX);
  struct child_spec spec = {.argv = h->argv,
                            .input = secret_bytes(input),
                            .input_len = secret_len(input),
                            .limit_ms = (h->timeout_s > 0 ? h->timeout_s : 60) * 1000,
                            .ret_exit = &status,
                            .env = hook->env};
  err = child_run(&spec, e);
  if (err == ERR_REFUSED && status == CHILD_NOT_STARTED)
    err = e->kind = ERR_INVALID;
  return err;
}
