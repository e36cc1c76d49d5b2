// The configuration: one YAML file and the files of targets.d beside it, checked as a whole against
// one table of options (options.c) from which the manual's option list and the JSON Schema
// are made too.
#ifndef ROTATOR_CONFIG_CONFIG_H
#define ROTATOR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/store.h"
#include "rotator/base/choices.h"
#include "rotator/base/error.h"
#include "rotator/base/text.h"
#include "rotator/engine/policy.h"

#define CONFIG_MISTAKES_MAX 100
#define CONFIG_TARGETS_MAX 100000 // of all files
// Bytes of one file: as many targets as there may be at 640 bytes each, which is more than twice
// what a plain one has. Up to CONFIG_WHOLE_MAX a file is a document in memory, with anchors where
// somebody wants them; what is larger is read target by target (large.c).
#define CONFIG_FILE_MAX (64 * 1024 * 1024)
#define CONFIG_WHOLE_MAX (1024 * 1024)
// Fewer requests to IAM in a minute would not let a look at a target be made within the time that
// it is good for.
#define CONFIG_REQUESTS_LEAST 20
// What stands for the instance of the rotator's own key.
#define CONFIG_NO_INSTANCE "management"

// A trusted profile, by one of id, name and crn; or by none, where the metadata service knows a
// default.
struct config_profile {
  char *id;      // "Profile-UUID"
  char *name;    // unique in its account alone
  char *crn;     // "crn:v1:…:iam-identity::a/ACCOUNT::profile:Profile-UUID"
  char *account; // of `assume` by name: where the name is looked up
};

enum config_credential_kind {
  CONFIG_CREDENTIAL_NONE,     // not configured, or not rightly
  CONFIG_CREDENTIAL_KEY,      // an API key: one of file, credential and store
  CONFIG_CREDENTIAL_COMPUTE,  // the token of a pod or a job, for a trusted profile
  CONFIG_CREDENTIAL_METADATA, // the metadata service of a virtual server, for a trusted profile
};

// How a token of IAM is got, as a section that may stand at several places (`management`); never a
// secret itself. Texts are NULL where nothing is said.
struct config_store;
struct config_credential {
  enum config_credential_kind kind;
  char *file;       // of a key: absolute path
  char *credential; // name under $CREDENTIALS_DIRECTORY (systemd LoadCredential)
  struct {
    char *mount, *path, *field;
  } vault;
  struct config_store *store; // made of `vault` and what is common to that store; read as a sink
  struct config_profile profile;
  char *token_file;       // of kind COMPUTE; NULL: where the platforms put it
  char *metadata;         // of kind METADATA: its URL, without trailing slash
  char *metadata_version; // "2022-03-01" or "2025-08-26"
  // Of kind KEY: the profile that the key's identity becomes. Nothing in it: none.
  struct config_profile assume;
  const char *section; // "management": what a message calls it
  int line;            // 0: not configured
};

struct config_store { // a home or a sink
  // Of a sink: "fleet"; by default the backend's name, with -2, -3 … when that is taken.
  // Of a home: NULL.
  char *name;
  const struct store_backend *backend;
  char *place, *label;            // of its item (store.h), in the targets of users; else NULL
  struct store_setting *settings; // nested settings are joined by dots: "fields.value"
  size_t n_settings;
  int line;
};

struct config_hook { // after_publish
  char **argv;       // NULL-terminated; argv[0] absolute. NULL: no hook
  int64_t timeout_s; // 60
  int line;          // 0: no hook. In the main file when the hook comes from `defaults`
};

struct config_target {
  // [a-z0-9][a-z0-9._-]{0,63}, unique over all files; "(FILE:LINE)" for a broken one without a
  // name.
  char *name;
  char *file; // the file that defines it, and where
  int line;
  // Its settings or its file have mistakes: it is not run, the others are. Whatever the mistakes
  // are about may be NULL then, the name excepted.
  bool broken;
  char *instance; // the CRN as written; NULL with own_key
  bool own_key;   // the rotator's own: no instance, guid is CONFIG_NO_INSTANCE, region ""
  char *own_account;
  char account[40], region[40], guid[40];
  // Whose key it is: one of the two, the other is NULL.
  char *service_id;         // name or ServiceId-…
  char *user;               // IAM id (IBMid-…), or "me": the identity of the management key
  bool audit;               // what a run does is sent to the instance as log lines
  bool accept_user_key;     // also where the logging agent reads it
  char *key_name;           // default "<target>-ingestion", "<target>-management"
  char *action_when_leaked; // "none", "disable" (default), "delete"
  // Resolved from `endpoints`, without trailing slash; with own_key there is no ingress_url.
  char *iam_url, *ingress_url;
  char *api_url; // likewise; NULL: not known
  // Who looks for test logs; of a kind where policy.arrival_within_s is not 0.
  struct config_credential reader;
  bool reader_own; // named in the target, not in `defaults`
  char *application, *subsystem;
  int severity;
  struct config_store home; // backend NULL: the state directory
  struct config_store *sinks;
  size_t n_sinks; // 1 … 16 (STATE_SINKS_MAX)
  struct config_hook after_publish;
  struct policy policy;
};

struct config {
  char *path;
  struct config_credential management;
  // $STATE_DIRECTORY, or /var/lib/rotator for root and for its owner, or ~/.local/state/rotator.
  char *state_dir;
  char *host_id;             // NULL: the machine id
  char *ca_file;             // NULL: the system's
  char *metrics_file;        // NULL: none
  char *metrics_targets;     // "auto", "all", "unwell"
  bool allow_plain_loopback; // http:// to loopback, for emulators
  char **complaints;         // NULL-terminated, NULL: default list
  int64_t jobs;              // 8
  struct {
    char **argv;       // NULL-terminated; argv[0] absolute. NULL: nobody is told
    char **on;         // names of events (notify.h), NULL-terminated. NULL: all
    int64_t timeout_s; // 30
  } notify;
  struct {
    int64_t targets; // 5; 0: never
    int64_t percent; // 10
  } breaker;
  struct {
    int64_t iam_requests_per_minute; // 0: as many as it takes
  } limits;
  struct config_target *targets; // in the order of the files: the main one, then targets.d by name
  size_t n_targets;
  // Files of targets.d with mistakes of their own: there may be targets that nobody knows of.
  size_t n_broken_files;
  // Of all files that were read, their names and their bytes: is it the same configuration?
  unsigned char digest[32];
};

// One mistake. `text` says what was expected, `nearest` the nearest right name or NULL.
//   warning            nothing is stopped by it
//   fatal              the configuration cannot be used
//   neither, target    that target is broken
//   neither, NULL      the file is broken: its targets are (those that could be read), the others
//   are not
struct config_mistake {
  char *file;
  int line, column; // from 1; 0: of the file as a whole
  bool warning, fatal;
  char *target;
  char *text, *nearest;
};
struct config_report {
  struct config_mistake *mistakes; // by file, in the order read, then by line
  size_t n;                        // at most CONFIG_MISTAKES_MAX; errors take the place of warnings
  size_t more;                     // how many were left out
};

// Reads `path` and targets.d/*.yaml beside it. `now_s`: for windows. `backends`: the stores there
// are (store_backends). All mistakes of all files go to *ret_report (always set;
// config_report_clear). ERR_OK: *ret is usable, though single targets may be `broken`. ERR_INVALID:
// it is not. ERR_INTERNAL: memory ran out. Stores are opened to check their settings, and closed
// again; nothing is contacted. Not thread safe (time zones).
enum err config_load(const char *path, int64_t now_s, const struct store_backend *const *backends,
                     struct config **ret, struct config_report *ret_report);
void config_free(struct config *c); // NULL allowed
void config_report_clear(struct config_report *r);
// "FILE:LINE: TEXT (did you mean NEAREST?)"
void config_mistake_format(const struct config_mistake *m, char *dst, size_t cap);
// NULL: unknown; then `nearest` is the name that may be meant, or "".
const struct config_target *config_target_find(const struct config *c, const char *name,
                                               char nearest[NEAREST_MAX]);

// Made from the table of options and those of the stores: a JSON Schema (draft 2020-12) for
// editors, and the option lists of rotator.yaml(5) as mdoc. Both fit into 256 KiB.
enum err config_schema_json(struct text_buf *out);
enum err config_schema_manual(struct text_buf *out);

#endif
