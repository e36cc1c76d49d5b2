// The configuration: one YAML file and the files of targets.d beside it, checked as a whole against one table of options
// (config_schema.h) from which the manual's option list and the JSON Schema are made too.
#ifndef ROTATOR_APP_CONFIG_H
#define ROTATOR_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/store.h"
#include "rotator/base/error.h"
#include "rotator/engine/policy.h"

// Where a credential of the rotator itself is read from; never a literal in the file.
struct config_credential {
  char *file;        // absolute path, or NULL
  char *credential;  // name under $CREDENTIALS_DIRECTORY (systemd LoadCredential), or NULL
  int line;
};

struct config_store {  // a home or a sink
  char *name;          // sink: "fleet"; by default the backend's name, with -2, -3 … when that is taken
  const struct store_backend *backend;
  struct store_setting *settings;  // nested settings are joined by dots: "fields.value"
  size_t n_settings;
  int line;
};

struct config_hook {  // after_publish
  char **argv;        // NULL-terminated; argv[0] absolute
  int64_t timeout_s;  // 60
  int line;           // 0: no hook
};

struct config_target {
  char *name;      // [a-z0-9][a-z0-9._-]{0,63}, unique over all files
  char *file;      // the file that defines it, and where
  int line;
  bool broken;     // its own settings have mistakes: it is not run, the others are
  char *instance;  // the CRN as written
  char account[40], region[40], guid[40];
  char *service_id;  // name or ServiceId-…
  char *key_name;    // default "<target>-ingestion"
  char *action_when_leaked;  // "none", "disable" (default), "delete"
  char *iam_url, *ingress_url;  // resolved from `endpoints`
  char *application, *subsystem;
  int severity;
  struct config_store home;  // backend NULL: the state directory
  struct config_store *sinks;
  size_t n_sinks;
  struct config_hook after_publish;
  struct policy policy;
};

struct config {
  char *path;
  struct config_credential management;
  char *state_dir;  // /var/lib/rotator, or $STATE_DIRECTORY, or ~/.local/state/rotator for other users
  char *host_id;    // NULL: the machine id
  char *ca_file;    // NULL: the system's
  bool allow_plain_loopback;  // http:// to loopback, for emulators
  char **complaints;          // NULL-terminated, NULL: default list
  int64_t jobs;               // 8
  struct config_target *targets;
  size_t n_targets;
};

// One mistake. `text` says what was expected, `nearest` the nearest right name or NULL.
struct config_mistake {
  char *file;
  int line, column;
  bool warning;
  char *target;  // the target that it breaks, NULL: the whole configuration
  char *text, *nearest;
};
struct config_report {
  struct config_mistake *mistakes;
  size_t n;  // at most CONFIG_MISTAKES_MAX; `more` counts the rest
  size_t more;
};
#define CONFIG_MISTAKES_MAX 100

// Reads `path` and targets.d/*.yaml beside it. `now_s`: for windows. All mistakes of all files go to *ret_report (always
// set; config_report_clear). ERR_OK: *ret is usable, though single targets may be `broken`. ERR_INVALID: it is not.
enum err config_load(const char *path, int64_t now_s, struct config **ret, struct config_report *ret_report);
void config_free(struct config *c);
void config_report_clear(struct config_report *r);
// "FILE:LINE: TEXT (did you mean NEAREST?)"
void config_mistake_format(const struct config_mistake *m, char *dst, size_t cap);
const struct config_target *config_target_find(const struct config *c, const char *name);  // NULL: unknown
const char *config_target_nearest(const struct config *c, const char *name);               // NULL: none near

#endif
