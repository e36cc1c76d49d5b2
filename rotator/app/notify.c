#include "rotator/app/notify.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef ROTATOR_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static bool is_wanted(void) {
  return getenv("NOTIFY_SOCKET") != NULL;
}

void notify_ready(void) {
  if (is_wanted())
    sd_notify(0, "READY=1");
}

void notify_stopping(void) {
  if (is_wanted())
    sd_notify(0, "STOPPING=1");
}

void notify_status(const char *fmt, ...) {
  char text[256];
  va_list ap;
  if (!is_wanted())
    return;
  va_start(ap, fmt);
  int n = vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (n >= 0)
    sd_notifyf(0, "STATUS=%s", text);
}

#else

void notify_ready(void) {}
void notify_stopping(void) {}
void notify_status(const char *fmt, ...) {
  (void)fmt;
}

#endif
