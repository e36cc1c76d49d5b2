#include "rotator/app/as_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/find_config.h"

static bool in_a_unit(void) {
  static const char *const signs[] = {"CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "NOTIFY_SOCKET",
                                      AS_SERVICE_MARK};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (getenv(signs[i]))
      return true;
  return false;
}

// DIR/sbin/rotator-as-service of our own DIR/bin/rotator: a program that was only built is none
// that a unit would run.
static bool find_script(char *dst, size_t cap) {
  char self[4096];
  ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
  for (int i = 0; i < 2 && len > 0; i++) {
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    len = slash ? slash - self : 0;
  }
  if (len < 0)
    return false;
  int n = snprintf(dst, cap, "%.*s/sbin/rotator-as-service", (int)len, self);
  return n > 0 && (size_t)n < cap && access(dst, X_OK) == 0;
}

static bool is_wanted(const struct cli *c, const char *config) {
  return !c->here && !c->generate && !c->print_policy && geteuid() == 0 && !in_a_unit() &&
         strcmp(config, FIND_CONFIG_SERVICE) == 0 && access(config, F_OK) == 0;
}

void as_service_exec(const struct cli *c, const char *config, char **argv) {
  static char script[4200]; // argv goes on pointing there where execv fails
  if (!is_wanted(c, config) || !find_script(script, sizeof script))
    return;
  argv[0] = script;
  execv(script, argv);
  perror(script);
}
