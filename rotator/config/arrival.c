// proof.arrival: what its settings say together, and with those of the target. It is on where
// somebody is named who may read; a target without that has `within` 0, whatever it was.
#include <string.h>

#include "rotator/config/internal.h"

#define SECTION "proof.arrival"
#define IDENTITY SECTION ".identity"

// A key that is read from where a sink is written is the sender's own.
static bool is_senders(const struct config_target *t) {
  for (size_t i = 0; t->reader.file && i < t->n_sinks; i++)
    for (size_t k = 0; k < t->sinks[i].n_settings; k++)
      if (strcmp(t->sinks[i].settings[k].value, t->reader.file) == 0)
        return true;
  return false;
}

// Where this place says something of it; NULL: nothing.
static const yaml_mark_t *place_of(const struct config_slots *s) {
  const yaml_mark_t *at = config_slot_mark(s, IDENTITY);
  return at ? at : config_slot_mark(s, SECTION);
}

void config_arrival_read(struct config_loader *l, struct config_target *t,
                         const struct config_slots *s) {
  const yaml_mark_t *at = place_of(s), *instance = config_slot_mark(s, "instance");
  config_credential_read(l, s, IDENTITY, &t->reader);
  if (t == &l->base)
    return;
  t->reader_own = config_slot_mark(s, IDENTITY) != NULL;
  if (t->own_key) {
    t->policy.arrival_within_s = 0;
    if (at)
      config_wrong(l, at, NULL, SECTION ": own_key sends no test log that could be looked for");
    return;
  }
  if (t->reader.line == 0) {
    t->policy.arrival_within_s = 0;
    if (at)
      config_wrong(l, at, NULL,
                   SECTION ": identity is missing: somebody else than the sender, who may not "
                           "read, looks for the test log");
    return;
  }
  if (!t->guid[0]) // without an instance there are no test logs
    t->policy.arrival_within_s = 0;
  if (t->policy.arrival_within_s == 0)
    return;
  at = at ? at : instance;
  if (!at)
    return;
  if (is_senders(t))
    config_wrong(l, at, NULL,
                 IDENTITY ".file: this is a file that a sink writes, so the key in it "
                          "is the sender's, who may not read");
  if (t->ingress_url && t->guid[0] && !t->api_url)
    config_wrong(l, at, NULL,
                 "endpoints.api is missing: " SECTION
                 " asks the instance's API, whose URL does not "
                 "follow from endpoints.ingress");
}
