// What a service tells systemd of itself: sd_notify(3), whose protocol is stable and meant to be
// spoken without the library. libsystemd brings five more libraries into the process, whose
// loading was 7 % of the processor time of a run that finds nothing due.
#ifndef ROTATOR_BASE_SERVICE_NOTICE_H
#define ROTATOR_BASE_SERVICE_NOTICE_H

#include <stdbool.h>

// "READY=1", "STATUS=…" to the socket that NOTIFY_SOCKET names (NULL: nobody asked to be told).
// False: it was not sent, which nothing depends on.
bool service_notice(const char *socket_name, const char *text);

#endif
