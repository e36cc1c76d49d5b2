// Telling systemd how it goes, when it started us and asked to be told (NOTIFY_SOCKET); else
// nothing happens.
#ifndef ROTATOR_APP_NOTIFY_H
#define ROTATOR_APP_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
