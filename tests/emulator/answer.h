// Turning an answer into bytes on a connection, with the faults that spoil it on the way.
#ifndef EMU_ANSWER_H
#define EMU_ANSWER_H

#include <microhttpd.h>

#include "http.h"

void answer_fault(struct req *r); // the answer becomes what the status effect says
enum MHD_Result answer_queue(struct req *r, struct MHD_Connection *connection);

#endif
