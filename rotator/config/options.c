// The table of options, in which everything about an option is said once.
#include <stdio.h>
#include <string.h>

#include "rotator/config/internal.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

#define MAIN(field) .where = CONFIG_MAIN, .offset = offsetof(struct config, field)
#define TARGET(field) .where = CONFIG_TARGET, .offset = offsetof(struct config_target, field)
#define BOTH(field)                                                                                \
  .where = CONFIG_DEFAULTS | CONFIG_TARGET, .offset = offsetof(struct config_target, field)

// The members of a section that tells how a token is got (struct config_credential). `in` and
// `place` say the same of the section and of its values. Rows as below, which clang-format would
// not keep in a macro.
#define MEMBER(name) offsetof(struct config_credential, name)
// clang-format off
#define CREDENTIAL_ROWS(section, in, place, at)                                                    \
  {section ".file", CONFIG_PATH, place(at) + MEMBER(file),                                         \
   .help = "File that holds the key and nothing else."},                                           \
  {section ".credential", CONFIG_TOKEN, .most = 255, place(at) + MEMBER(credential),               \
   .help = "Name of a systemd credential (LoadCredential=, SetCredentialEncrypted=) that holds "   \
           "the key."},                                                                            \
  {section ".vault", CONFIG_SECTION, .where = (in),                                                \
   .help = "Secret of HashiCorp Vault or OpenBao that holds the key; server and authentication "   \
           "are those of `vault`."},                                                               \
  {section ".vault.mount", CONFIG_TEXT, .least = 1, .most = 255, place(at) + MEMBER(vault.mount),  \
   .help = "Path of the KV secrets engine."},                                                      \
  {section ".vault.path", CONFIG_TEXT, .least = 1, .most = 399, place(at) + MEMBER(vault.path),    \
   .help = "Path of the secret below the mount."},                                                 \
  {section ".vault.field", CONFIG_TEXT, .least = 1, .most = 128, .fallback = "api_key",            \
   place(at) + MEMBER(vault.field), .help = "Field of the secret that holds the key."},            \
  {section ".profile", CONFIG_SECTION, .where = (in),                                              \
   .help = "Trusted profile that this machine, pod or job may be: there is no key at all. "        \
           "Exactly one of id, name and crn; none for the default profile of a virtual server."},  \
  {section ".profile.id", CONFIG_PROFILE, place(at) + MEMBER(profile.id),                          \
   .help = "Id of the profile."},                                                                  \
  {section ".profile.name", CONFIG_TEXT, .most = 255, place(at) + MEMBER(profile.name),            \
   .help = "Its name, in the account of the pod's cluster or of the job's project."},              \
  {section ".profile.crn", CONFIG_CRN, .most = 255, place(at) + MEMBER(profile.crn),               \
   .help = "Its CRN."},                                                                            \
  {section ".profile.token_file", CONFIG_PATH, place(at) + MEMBER(token_file),                     \
   .shown = "the first that is there of /var/run/secrets/tokens/vault-token, "                     \
            "/var/run/secrets/tokens/sa-token and "                                                \
            "/var/run/secrets/codeengine.cloud.ibm.com/compute-resource-token/token",              \
   .help = "File in which the platform keeps the token of this pod (Kubernetes, OpenShift) or "    \
           "job (Code Engine); read anew for every exchange."},                                    \
  {section ".profile.metadata", CONFIG_METADATA, .choices = "http|https",                          \
   place(at) + MEMBER(metadata),                                                                   \
   .help = "Get the token from the metadata service of this virtual server (VPC) instead, by the " \
           "protocol that the server is set to; or the service's URL."},                           \
  {section ".profile.metadata_version", CONFIG_WORD, .choices = "2022-03-01|2025-08-26",           \
   .shown = "2022-03-01", place(at) + MEMBER(metadata_version),                                    \
   .help = "Version of the metadata service's API."},                                              \
  {section ".assume", CONFIG_SECTION, .where = (in),                                               \
   .help = "Trusted profile that the identity of the key becomes: the key alone may nothing but "  \
           "that. Exactly one of id, name and crn."},                                              \
  {section ".assume.id", CONFIG_PROFILE, place(at) + MEMBER(assume.id),                            \
   .help = "Id of the profile."},                                                                  \
  {section ".assume.name", CONFIG_TEXT, .most = 255, place(at) + MEMBER(assume.name),              \
   .help = "Its name; needs the account."},                                                        \
  {section ".assume.crn", CONFIG_CRN, .most = 255, place(at) + MEMBER(assume.crn),                 \
   .help = "Its CRN."},                                                                            \
  {section ".assume.account", CONFIG_ACCOUNT, place(at) + MEMBER(assume.account),                  \
   .help = "Id of the account in which the name is looked up."}
// clang-format on

// In the order in which the manual lists them; a section before its members.
const struct config_option config_options[] = {
    {"version", CONFIG_VERSION, .where = CONFIG_MAIN | CONFIG_EXTRA,
     .help = "Version of this format: 1. Required in the main file."},
    {"management", CONFIG_SECTION, .where = CONFIG_MAIN, .required = true,
     .help = "How the rotator gets a token of its own: by an API key, of which exactly one of "
             "management.file, management.credential and management.vault tells where it is read "
             "from, or by management.profile, without any key. The key itself never stands in a "
             "configuration file."},
    CREDENTIAL_ROWS("management", CONFIG_MAIN, MAIN, management),
    {"state_dir", CONFIG_PATH, MAIN(state_dir),
     .shown = "$STATE_DIRECTORY; else /var/lib/rotator for root and its owner, "
              "~/.local/state/rotator for others",
     .help = "Directory of the lock and of the state of each target that has no home of its own."},
    {"host_id", CONFIG_TOKEN, .most = 64, MAIN(host_id), .shown = "the machine id",
     .help = "Name of this host, noted in the state of targets that belong to one host; needed in "
             "containers, whose machine id or host name changes with each run."},
    {"ca_file", CONFIG_PATH, MAIN(ca_file), .shown = "the system's",
     .help = "PEM file of certificate authorities to trust for IAM and Cloud Logs instead of the "
             "system's."},
    {"allow_plain_loopback", CONFIG_BOOL, .fallback = "false", MAIN(allow_plain_loopback),
     .help = "Allow http:// URLs to loopback addresses, for emulators."},
    {"complaints", CONFIG_WORDS, .least = 1, .most = 64, MAIN(complaints),
     .shown = "drop, reject, too old, invalid, not accepted",
     .help = "Words that make a 2xx answer of Cloud Logs a complaint: in a text of it, or in the "
             "name of a member that is not 0 or empty; case is not looked at."},
    {"metrics_file", CONFIG_PATH, MAIN(metrics_file),
     .help = "Where 'rotator run' over all targets leaves figures for node_exporter's textfile "
             "collector; ends with .prom. A run with --shard=I/N has a file of its own beside it."},
    {"metrics_targets", CONFIG_WORD, .choices = "auto|all|unwell", .fallback = "auto",
     MAIN(metrics_targets),
     .help = "Of which targets there are figures of their own: all, or those that are not well; "
             "auto: all of up to 1000."},
    {"jobs", CONFIG_INT, .least = 1, .most = 64, .fallback = "8", MAIN(jobs),
     .help = "How many targets are worked on at once."},
    {"notify", CONFIG_SECTION, .where = CONFIG_MAIN,
     .help = "A program that is told when the verdict on a target changes."},
    {"notify.run", CONFIG_COMMAND, .least = 0, .most = 64, MAIN(notify.argv),
     .help = "The program, as a list of arguments, the first an absolute path; no shell. It is "
             "started once a run and gets one JSON document on standard input, see rotator(1)."},
    {"notify.on", CONFIG_WORDS, .least = 1, .most = 4,
     .choices = "broken|attention|recovered|rotated", MAIN(notify.on), .shown = "all of them",
     .help = "Which events it is told: consumers may have no working key; a person is needed; that "
             "is over; a new key was published and proven."},
    {"notify.timeout", CONFIG_DURATION, .least = 1, .most = HOUR, .fallback = "30s",
     MAIN(notify.timeout_s), .help = "Then it is ended, and told again by the next run."},
    {"breaker", CONFIG_SECTION, .where = CONFIG_MAIN,
     .help = "When the same step fails for many targets of one 'rotator run', that run begins no "
             "new rotation. What was begun goes on, a key that died is replaced, and what a person "
             "asked for is done."},
    {"breaker.targets", CONFIG_INT, .least = 0, .most = CONFIG_TARGETS_MAX, .fallback = "5",
     MAIN(breaker.targets),
     .help = "How many targets, where breaker.percent of the targets of the run is not more; 0: "
             "never."},
    {"breaker.percent", CONFIG_INT, .least = 0, .most = 100, .fallback = "10",
     MAIN(breaker.percent), .help = "How many of a hundred targets of the run."},
    {"limits", CONFIG_SECTION, .where = CONFIG_MAIN,
     .help = "What a service is spared, by all processes of this host that share state_dir."},
    {"limits.iam_requests_per_minute", CONFIG_INT, .least = 0, .most = 100000, .fallback = "0",
     MAIN(limits.iam_requests_per_minute),
     .help = "Requests to IAM in a minute, 20 or more; 0: as many as it takes. Whatever is more "
             "waits, and fewer targets are worked on at once: one for each 20. A rotation takes "
             "some 30."},
    {"defaults", CONFIG_SECTION, .where = CONFIG_MAIN,
     .help = "Settings of all targets that do not say otherwise, those of targets.d included."},
    {"targets", CONFIG_TARGETS, .most = CONFIG_TARGETS_MAX, .where = CONFIG_MAIN | CONFIG_EXTRA,
     .help = "List of targets."},

    {"name", CONFIG_NAME, .required = true, .most = 64, TARGET(name),
     .help = "Name of the target on the command line and in logs; unique over all files."},
    {"instance", CONFIG_INSTANCE, TARGET(instance),
     .help = "CRN of the Cloud Logs instance; region, account and GUID are taken from it. Required "
             "unless own_key is true."},
    {"own_key", CONFIG_BOOL, .fallback = "false", TARGET(own_key),
     .help = "Rotate the rotator's own API key, which management reads: of a service ID that sends "
             "no logs. It is proven by managing keys, and stays until a later run has "
             "authenticated with its successor. account stands in place of instance."},
    {"account", CONFIG_TOKEN, .least = 32, .most = 32, TARGET(own_account),
     .help = "Account of the service ID: 32 hexadecimal digits. Only with own_key, and required "
             "there."},
    {"service_id", CONFIG_IDENTITY, .most = 255, TARGET(service_id),
     .help = "Service ID whose key is rotated: its name, or its id (ServiceId-UUID). Either this "
             "or user is required."},
    {"user", CONFIG_USER, .most = 63, TARGET(user),
     .help = "Instead of service_id, the user whose key is rotated: the IAM id (IBMid-…), or me, "
             "the identity of the management key. Only that user can make such keys, so the "
             "management key must be one of that user."},
    {"accept_user_key", CONFIG_BOOL, .fallback = "false", TARGET(accept_user_key),
     .help = "Let the logging agent have the key of a user, which can do all that the user can, "
             "and ends with the user's place in the account."},
    {"sinks", CONFIG_SINKS, .least = 1, .most = 16, TARGET(sinks),
     .help =
         "Where consumers read the key: a list of stores, each with an optional name. Required; "
         "with own_key it is where management reads the key, unless that is a credential of "
         "systemd: then name the file that the credential is loaded from."},
    {"home", CONFIG_HOME, TARGET(home), .shown = "a file in state_dir",
     .help = "Store of the target's private state; as secret as the key."},
    {"key_name", CONFIG_TEXT, .most = 255, TARGET(key_name), .shown = "NAME-ingestion",
     .help = "Name of the API keys that are made."},

    {"rotate_every", CONFIG_DURATION, .least = 1, .most = 10 * YEAR, .fallback = "30d",
     BOTH(policy.rotate_every_s), .help = "Age at which a key is due."},
    {"rotate_jitter", CONFIG_DURATION, .most = 10 * YEAR, BOTH(policy.rotate_jitter_s),
     .shown = "3d, at most a tenth of rotate_every",
     .help = "A key is due earlier by a part of this, which its generation decides, so that a "
             "fleet does not rotate at once."},
    {"window", CONFIG_WINDOW, BOTH(policy.window), .shown = "always",
     .help = "When new rotations may begin."},
    {"grace", CONFIG_DURATION, .most = YEAR, .fallback = "24h", BOTH(policy.grace_s),
     .help = "How long the old key works on after the new one was proven through every sink; 0 "
             "ends it at once. Less than the 1h that a token lives does not show who still uses "
             "the old key."},
    {"reload_within", CONFIG_DURATION, .most = YEAR, BOTH(policy.reload_within_s),
     .shown = "2h, at most grace",
     .help = "By then consumers have read the new key; use of the old one after that is held "
             "against retiring it, until the new one is seen in use instead, or for one more "
             "grace."},
    {"quarantine", CONFIG_DURATION, .most = 30 * DAY, .fallback = "65m", BOTH(policy.quarantine_s),
     .help = "How long the old key stays disabled before it is deleted; tokens live for an hour."},
    {"max_age", CONFIG_DURATION, .least = 1, .most = 10 * YEAR, BOTH(policy.max_age_s),
     .shown = "90d, at least three times rotate_every",
     .help = "A key older than this needs a person's attention."},
    {"on_still_used", CONFIG_CHOICE, .choices = "stop|continue", .fallback = "stop",
     BOTH(policy.on_still_used),
     .help = "What to do when the old key is still used after the grace: keep it, or retire it all "
             "the same."},
    {"still_used_limit", CONFIG_DURATION, .most = YEAR, .fallback = "0",
     BOTH(policy.still_used_limit_s),
     .help =
         "Retire a key that is still used all the same this long after the grace; 0 is never with "
         "on_still_used stop, and at once with continue."},
    {"alert_after", CONFIG_DURATION, .most = 30 * DAY, .fallback = "6h", BOTH(policy.alert_after_s),
     .help = "A fault that passes by itself becomes an error after this long."},
    {"look_every", CONFIG_DURATION, .least = MINUTE, .most = 7 * DAY, .fallback = "1h",
     BOTH(policy.look_every_s),
     .help = "How often IAM is asked about a target at rest, at most; at least 1m."},
    {"probe_every", CONFIG_DURATION, .most = 30 * DAY, .fallback = "6h", BOTH(policy.probe_every_s),
     .help =
         "How old the last proof of the current key may become at rest, before it is proven "
         "again with a token and one test log; at least 1m. With 0 only a key that was refused, or "
         "whose proof got no answer, is proven again."},
    {"failures_max", CONFIG_COUNT, .least = 1, .most = 20, .fallback = "3",
     BOTH(policy.failures_max),
     .help = "So many failed rotations in a row need a person's attention; no other begins."},
    {"origin", CONFIG_CHOICE, .choices = "rotator|iam", .fallback = "rotator", BOTH(policy.origin),
     .help = "Who makes the value of a key."},
    {"action_when_leaked", CONFIG_WORD, .choices = "none|disable|delete", .fallback = "disable",
     BOTH(action_when_leaked), .help = "What IBM Cloud does with a key that it finds in public."},
    {"endpoints", CONFIG_ENDPOINTS, .choices = "public|private|classic", .fallback = "public",
     BOTH(iam_url),
     .help = "Network to reach IAM and the instance by: public, private (VPC endpoint gateway) or "
             "classic (port 3443); or a "
             "mapping, one for each."},
    {"endpoints.iam", CONFIG_ENDPOINT, .choices = "public|private|classic", BOTH(iam_url),
     .shown = "public", .help = "The same for IAM, or its URL."},
    {"endpoints.ingress", CONFIG_ENDPOINT, .choices = "public|private|classic", BOTH(ingress_url),
     .shown = "public",
     .help = "The same for ingestion, or its URL, in which {guid} and {region} stand for the "
             "instance's."},
    {"endpoints.api", CONFIG_ENDPOINT, .choices = "public|private|classic", BOTH(api_url),
     .shown = "as endpoints.ingress, its host's label ingress replaced by api",
     .help = "The same for queries (proof.arrival), or its URL."},
    {"after_publish", CONFIG_SECTION, .where = CONFIG_DEFAULTS | CONFIG_TARGET,
     .help = "Program that makes consumers read the new key."},
    {"after_publish.run", CONFIG_COMMAND, .least = 0, .most = 64, BOTH(after_publish.argv),
     .help = "The program's absolute path and its arguments; no shell. An empty list: none, in "
             "spite of `defaults`."},
    {"after_publish.timeout", CONFIG_DURATION, .least = 1, .most = HOUR, .fallback = "60s",
     BOTH(after_publish.timeout_s),
     .help = "It is ended after this long, which counts as a failure."},
    {"audit", CONFIG_BOOL, .fallback = "false", BOTH(audit),
     .help = "Send a log line to the instance for each thing that a run did: the section AUDIT of "
             "rotator(1)."},
    {"proof", CONFIG_SECTION, .where = CONFIG_DEFAULTS | CONFIG_TARGET,
     .help = "How a key is proven to work before anything depends on it."},
    {"proof.application", CONFIG_LABEL, .most = 64, .fallback = "rotator", BOTH(application),
     .help = "Application name of the test logs."},
    {"proof.subsystem", CONFIG_LABEL, .most = 64, .fallback = "probe", BOTH(subsystem),
     .help = "Subsystem name of the test logs."},
    {"proof.severity", CONFIG_SEVERITY, .least = 1, .most = 6, .fallback = "info", BOTH(severity),
     .choices = "debug|verbose|info|warning|error|critical",
     .help = "Severity of the test logs, as a name or from 1 to 6."},
    {"proof.count", CONFIG_COUNT, .least = 1, .most = 20, .fallback = "3", BOTH(policy.proof_count),
     .help = "Token exchanges and test logs of a full proof."},
    {"proof.span", CONFIG_DURATION, .most = 10 * MINUTE, .fallback = "10s",
     BOTH(policy.proof_span_s),
     .help = "Time over which they are spread; where a process publishes what it proved, once."},
    {"proof.refute_count", CONFIG_COUNT, .least = 1, .most = 20, .fallback = "3",
     BOTH(policy.refute_count), .help = "So many definite refusals refute a new key."},
    {"proof.propagation", CONFIG_DURATION, .most = HOUR, .fallback = "60s",
     BOTH(policy.propagation_s), .help = "Refusals count from this long after a key was enabled."},
    {"proof.absence_apart", CONFIG_DURATION, .most = 10 * MINUTE, .fallback = "10s",
     BOTH(policy.absence_apart_s),
     .help = "Time between two looks that together show that a key is gone."},
    {"proof.arrival", CONFIG_SECTION, .where = CONFIG_DEFAULTS | CONFIG_TARGET,
     .help = "Look for a new key's test log with a query before the key is published. Off without "
             "an identity."},
    {"proof.arrival.identity", CONFIG_SECTION, .where = CONFIG_DEFAULTS | CONFIG_TARGET,
     .help = "Who looks: an identity other than the sender, with role Reader on the instance; "
             "written as `management` is."},
    CREDENTIAL_ROWS("proof.arrival.identity", CONFIG_DEFAULTS | CONFIG_TARGET, BOTH, reader),
    {"proof.arrival.within", CONFIG_DURATION, .most = HOUR, .fallback = "2m",
     BOTH(policy.arrival_within_s),
     .help = "How long it is looked for; 0 turns it off. Longer where many targets of one instance "
             "rotate at a time: they share six queries a minute."},
    {"proof.arrival.tier", CONFIG_CHOICE, .choices = "frequent|archive", .fallback = "frequent",
     BOTH(policy.arrival_tier),
     .help = "Where it is looked for: among the logs of priority insights, or in the archive's "
             "bucket."},
    {"proof.arrival.required", CONFIG_BOOL, .fallback = "false", BOTH(policy.arrival_required),
     .help = "Publish nothing before it was found. Else a log that is not found in time is told, "
             "and the rotation goes on."},
};
const size_t config_options_n = sizeof config_options / sizeof config_options[0];
_Static_assert(sizeof config_options / sizeof config_options[0] <= CONFIG_OPTIONS_MAX,
               "CONFIG_OPTIONS_MAX");

const struct config_option *config_option_find(const char *name, unsigned where) {
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    // The first letter before the call: a fleet asks for some hundred thousand names.
    if ((o->where & where) && o->name[0] == name[0] && strcmp(o->name, name) == 0)
      return o;
  }
  return NULL;
}

bool config_credential_is(const struct config_option *o) {
  char member[CONFIG_NAME_MAX];
  return o->type == CONFIG_SECTION &&
         snprintf(member, sizeof member, "%s.credential", o->name) < (int)sizeof member &&
         config_option_find(member, o->where);
}

bool config_sounds_secret(const char *name) {
  static const char *const words[] = {"apikey", "api_key",  "key",    "value",
                                      "token",  "password", "secret", "literal"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(name, words[i]) == 0)
      return true;
  return false;
}

bool config_store_is_offered(const struct store_backend *b) {
  return strcmp(b->name, "memory") != 0;
}

enum config_type config_store_type(enum store_option_type t) {
  static const enum config_type types[] = {
      [STORE_OPT_TEXT] = CONFIG_TEXT,   [STORE_OPT_PATH] = CONFIG_PATH,
      [STORE_OPT_MODE] = CONFIG_MODE,   [STORE_OPT_BOOL] = CONFIG_BOOL,
      [STORE_OPT_CHOICE] = CONFIG_WORD, [STORE_OPT_DURATION] = CONFIG_DURATION,
      [STORE_OPT_INT] = CONFIG_INT,
  };
  return types[t];
}
