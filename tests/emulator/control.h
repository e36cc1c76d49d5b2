#ifndef EMU_CONTROL_H
#define EMU_CONTROL_H

#include "http.h"

void control_ok(struct req *r); // {"ok": true}
void control_error(struct req *r, int status, const char *message);

#endif
