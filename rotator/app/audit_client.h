// What a target's audit (audit.h) holds, and the client of Cloud Logs that keeps the token for it:
// the one with which a test log was accepted last.
#ifndef ROTATOR_APP_AUDIT_CLIENT_H
#define ROTATOR_APP_AUDIT_CLIENT_H

#include "rotator/cloud/logs_effect.h"

struct audit {
  struct logs_effect *effects; // room for LOGS_EFFECTS_MAX; NULL: nothing was done yet
  size_t n, over;              // … and those that had no room
  struct secret *bearer;       // of the last test log that was accepted; NULL: none
  struct logs *inner;          // the client itself
  unsigned sent, lost;         // lines, for the metrics
};

// The client as the engine uses it; takes `inner`. `wanted`: an audit is configured. *a must last
// as long. NULL for NULL, or without memory.
struct logs *audit_client(struct audit *a, bool wanted, struct logs *inner);
void audit_clear(struct audit *a);

#endif
