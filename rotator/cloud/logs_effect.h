// What was done in a rotation, as log lines beside the test logs: the audit.
#ifndef ROTATOR_CLOUD_LOGS_EFFECT_H
#define ROTATOR_CLOUD_LOGS_EFFECT_H

#include "rotator/cloud/logs.h"

#define LOGS_EFFECTS_MAX 64 // of one request
#define LOGS_EFFECT_SUBSYSTEM "audit"

// Names and ids, never a secret. Texts are cut and tamed as those of struct logs_record.
struct logs_effect {
  char step[32];     // row of the table: "create"
  char text[128];    // the same in words
  char result[16];   // "done", or the kind of error
  char key_id[64];   // the key it was about; ""
  char sink[64];     // the sink that was written; ""
  char rotation[64]; // as in test logs
  char at[32];       // when, by our clock
};

// A JSON array of n objects with the same members each; at most 2 KiB an object. NULL without
// memory.
struct secret *logs_effects_encode(const struct logs_record *of, const struct logs_effect *effects,
                                   size_t n);

// Sends them with this token to the instance, in one request that is never repeated and takes five
// seconds at most: a line arrives at most once. `of`: application and computer. `l` is of
// logs_http_new. Errors as send.
enum logs_verdict logs_http_tell(struct logs *l, const struct secret *bearer,
                                 const struct logs_record *of, const struct logs_effect *effects,
                                 size_t n, struct error *e);

#endif
