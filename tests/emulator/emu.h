// The one object everything hangs on. `lock` guards all of it but jwt and timers, which have their
// own; a handler runs with the lock held.
#ifndef EMU_EMU_H
#define EMU_EMU_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

struct emu {
  pthread_mutex_t lock;
  struct model *model;
  struct faults *faults;
  struct journal *journal;
  struct jwt *jwt;
  struct timers *timers;
  struct settings settings;
  int64_t offset_ms; // the emulator's clock minus the machine's
  // Counts resets, from a start of chance: a token of another emulator or earlier life is refused.
  unsigned epoch;
  bool verbose;
  int https_port, http_port, imds_port;
  unsigned long connections, tls_connections, tls_handshakes, tls_resumed, open_connections;
};

int64_t emu_now_ms(const struct emu *emu);
void emu_reset(struct emu *emu); // everything back to the start; the clock too

#endif
