// The tag: what a key of ours says about itself in its IAM description, machine-readable:
//   "<words for people> [rotator b=<32 hex> l=<16 hex> g=<decimal>]"
// b is the binding (a hash of account, iam_id and instance), l the lineage, g the generation.
// PROTOCOL.md section 2.
#ifndef ROTATOR_ENGINE_TAG_H
#define ROTATOR_ENGINE_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/engine/state.h"

#define TAG_BINDING_MAX 33

struct tag {
  char binding[TAG_BINDING_MAX];
  char lineage[STATE_LINEAGE_MAX];
  uint64_t generation;
};

void tag_binding(const char *account, const char *iam_id, const char *instance,
                 char ret[TAG_BINDING_MAX]);
// The words, cut where there is no room for all of them, and the tag.
void tag_format(const struct tag *t, const char *words, char dst[IAM_DESC_MAX]);
// False when the description bears no tag, or more than one.
bool tag_parse(const char *description, struct tag *ret);

#endif
