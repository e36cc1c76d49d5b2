// A transport that is made when it is first used: a run with nothing due never starts libcurl.
#ifndef ROTATOR_APP_LAZY_TRANSPORT_H
#define ROTATOR_APP_LAZY_TRANSPORT_H

#include "rotator/base/env.h"
#include "rotator/http/curl_transport.h"
#include "rotator/http/transport.h"

// libcurl behind the retry decorator. The strings in *o must outlive it. NULL without memory.
struct transport *lazy_transport_new(const struct curl_options *o, struct env *env);
// Ends libcurl if any lazy transport started it; after the last one was freed.
void lazy_transport_cleanup(void);

#endif
