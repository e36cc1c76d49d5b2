// A transport that counts what is sent for a target.
#ifndef ROTATOR_APP_COUNTED_TRANSPORT_H
#define ROTATOR_APP_COUNTED_TRANSPORT_H

#include "rotator/http/transport.h"

// Takes `inner` over, also when it fails (NULL without memory, or when `inner` is NULL).
struct transport *counted_transport_new(struct transport *inner);
// What this thread sends from now on is added to *requests, each try of its own; NULL: to nothing.
void counted_transport_for(unsigned *requests);
// The counter goes away.
void counted_transport_forget(const unsigned *requests);

#endif
