#include "rotator/app/find_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/report/report.h"
#include "rotator/base/text.h"

// Where packages and `cmake --install` put the commented example, the nearest first.
static const char *const examples[] = {
    FIND_CONFIG_SERVICE ".example",
    "/usr/share/doc/rotator/examples/rotator.yaml",
    "/usr/local/share/doc/rotator/examples/rotator.yaml",
};

// NULL: nothing was installed here.
static const char *find_example(void) {
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    if (access(examples[i], R_OK) == 0)
      return examples[i];
  return NULL;
}

char *find_config(const char *given) {
  const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
  char path[4096];
  if (given)
    return strdup(given);
  if (access(FIND_CONFIG_SERVICE, F_OK) == 0)
    return strdup(FIND_CONFIG_SERVICE);
  if (xdg && xdg[0] == '/')
    snprintf(path, sizeof path, "%s/rotator/rotator.yaml", xdg);
  else
    snprintf(path, sizeof path, "%s/.config/rotator/rotator.yaml", home ? home : "");
  return strdup(home || xdg ? path : FIND_CONFIG_SERVICE);
}

// In the order in which they are typed; the first and the last need a name of a target.
#define WAY                                                                                        \
  "Write yours there; files of targets.d beside it may hold more targets. Then, to the first "     \
  "rotation:\n"                                                                                    \
  "  rotator init TARGET --print-policy    the ibmcloud commands up to the management key\n"       \
  "  rotator init TARGET                   the first key, or adopts the one that is there\n"       \
  "  rotator rotate TARGET                 the first rotation; rotator.timer does all others"

int find_config_failed(const struct app *a, const char *text) {
  char what[4500], hint[1000], install[200];
  const char *example = find_example();
  if (a->cli.config || strcmp(a->config_path, FIND_CONFIG_SERVICE) == 0)
    snprintf(what, sizeof what, "%sthere is no configuration %s", text ? text : "", a->config_path);
  else
    snprintf(what, sizeof what, "%sthere is no configuration, neither %s nor %s", text ? text : "",
             FIND_CONFIG_SERVICE, a->config_path);
  snprintf(hint, sizeof hint, "A commented example: %s. %s",
           example ? example : "contrib/examples/rotator.yaml of the source tree", WAY);
  snprintf(install, sizeof install, "install -m 0644 %s " FIND_CONFIG_SERVICE,
           example ? example : "");
  report_usage(a, what, a->cli.config ? NULL : hint,
               a->cli.config ? "rotator help"
               : example     ? install
                             : "rotator help init");
  return EXIT_USAGE;
}
