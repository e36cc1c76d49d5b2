// The simulator of tests/protocol with the input in place of chance: each byte decides what kind
// of world it is, who goes on when, what is lost, late or doubled, who dies, what people do. What
// the bytes leave open is drawn from a fixed seed. The promises of PROTOCOL.md must hold in every
// world, and each world comes to rest.
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/protocol/sim.h"

static struct sim sim;
static char dir[64];

static void end(void) {
  char path[80];
  sim_end(&sim);
  snprintf(path, sizeof path, "%s/lock", dir);
  remove(path);
  snprintf(path, sizeof path, "%s/mark", dir);
  remove(path);
  rmdir(dir);
}

static void begin(void) {
  static struct totals totals;
  snprintf(dir, sizeof dir, "%s/rotator-fuzz-XXXXXX",
           access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  FUZZ_CHECK(mkdtemp(dir));
  sim = (struct sim){.totals = &totals, .dir = dir};
  atexit(end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!sim.dir)
    begin();
  sim.chosen = data;
  sim.n_chosen = size;
  if (!sim_run(&sim, 1, NULL)) {
    fprintf(stderr, "%s (scenario %s): %s\n", "a promise is broken", sim.p.scenario, sim.violation);
    abort();
  }
  return 0;
}
