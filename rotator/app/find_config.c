#include "rotator/app/find_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotator/app/report/report.h"
#include "rotator/base/text.h"

#define EXAMPLE FIND_CONFIG_SERVICE ".example"

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
  "Write it there; files of targets.d beside it may hold more targets. Then, to the first "        \
  "rotation:\n"                                                                                    \
  "  rotator init TARGET --print-policy    the ibmcloud commands up to the management key\n"       \
  "  rotator init TARGET                   the first key, or adopts the one that is there\n"       \
  "  rotator rotate TARGET                 the first rotation; rotator.timer does all others"

int find_config_failed(const struct app *a, const char *text) {
  char what[4500], hint[1000];
  bool example = access(EXAMPLE, R_OK) == 0;
  if (a->cli.config || strcmp(a->config_path, FIND_CONFIG_SERVICE) == 0)
    snprintf(what, sizeof what, "%sthere is no configuration %s", text ? text : "", a->config_path);
  else
    snprintf(what, sizeof what, "%sthere is no configuration, neither %s nor %s", text ? text : "",
             FIND_CONFIG_SERVICE, a->config_path);
  snprintf(hint, sizeof hint, "%s%s", example ? "A commented example: " EXAMPLE ". " : "", WAY);
  report_usage(a, what, a->cli.config ? NULL : hint,
               a->cli.config ? "rotator help"
               : example     ? "install -m 0644 " EXAMPLE " " FIND_CONFIG_SERVICE
                             : "rotator help init");
  return EXIT_USAGE;
}
