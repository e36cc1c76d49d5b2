#include "emu.h"

#include <time.h>

#include "fault.h"
#include "journal.h"
#include "model.h"

int64_t emu_now_ms(const struct emu *emu) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + emu->offset_ms;
}

void emu_reset(struct emu *emu) {
  model_free(emu->model);
  emu->model = model_new();
  faults_clear(emu->faults);
  journal_clear(emu->journal);
  settings_default(&emu->settings);
  emu->offset_ms = 0;
  emu->epoch++;
}
