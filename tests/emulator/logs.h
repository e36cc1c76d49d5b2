#ifndef EMU_LOGS_H
#define EMU_LOGS_H

#include "http.h"
#include "model.h"

// The instance the request means, by host name or by /instances/<guid>/ prefix. NULL: answered 404.
struct instance *logs_instance(struct req *r);

#endif
