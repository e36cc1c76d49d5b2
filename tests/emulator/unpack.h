// Compressed request bodies, as the vendor's SDKs send them when they are told to.
#ifndef EMU_UNPACK_H
#define EMU_UNPACK_H

#include "http.h"

// Replaces the body by what it holds when Content-Encoding is gzip. Otherwise, or when it cannot be
// unpacked, sets r->coding_status to the status that the request then deserves: 415 or 400.
void unpack_body(struct req *r, bool accept_gzip);

#endif
