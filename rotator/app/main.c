#include "rotator/app/app.h"
#include "rotator/base/secret.h"

int main(int argc, char **argv) {
  bool memory_locked = secret_setup();
  return app_main(argc, argv, memory_locked);
}
