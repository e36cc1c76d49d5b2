// The two tables of the command line. Order is the order in help and manual.
#include "rotator/app/cli.h"

const struct cli_command cli_commands[CMD_COUNT] = {
    [CMD_NONE] = {NULL, CLI_TARGETS_ANY, NULL},
    [CMD_INIT] = {"init", CLI_TARGETS_ONE,
                  "First set-up: service ID, Sender on the instance, first key; or adopt the key "
                  "that is there."},
    [CMD_RUN] = {"run", CLI_TARGETS_ANY,
                 "The scheduled job: do everything that is due, and nothing that is not."},
    [CMD_ROTATE] = {"rotate", CLI_TARGETS_SOME,
                    "Rotate now; return once the new key is published and proven."},
    [CMD_STATUS] =
        {"status", CLI_TARGETS_ANY,
         "Show phase, key, age, due date, sinks, and whether the old key is still used."},
    [CMD_REPORT] = {"report", CLI_TARGETS_ANY,
                    "Write how all targets stand, and what comes next, as one page for a browser; "
                    "contacts neither IAM nor Cloud Logs."},
    [CMD_CHECK] = {"check", CLI_TARGETS_ANY,
                   "Preflight: configuration, rights, stores, TLS, clock, quota; changes nothing."},
    [CMD_VERIFY] = {"verify", CLI_TARGETS_ANY,
                    "Prove now that the key read back from every sink can send; changes nothing."},
    [CMD_KEYS] =
        {"keys", CLI_TARGETS_ONE,
         "List every key of the identity: ours, unknown, disabled; or do something with one by "
         "hand."},
    [CMD_ROLLBACK] = {"rollback", CLI_TARGETS_ONE,
                      "Give up the staged key, or go back to the previous one while it lives."},
    [CMD_RETIRE] =
        {"retire", CLI_TARGETS_ONE,
         "End the grace of the old key although it is still used; names who is cut off."},
    [CMD_HOLD] = {"hold", CLI_TARGETS_ALL,
                  "Begin no new rotation and retire nothing until a date or until resumed."},
    [CMD_RESUME] = {"resume", CLI_TARGETS_ALL, "Lift a hold."},
    [CMD_REPAIR] = {"repair", CLI_TARGETS_ONE,
                    "Show state, sinks and IAM side by side; with an option, end an attention."},
    [CMD_FORGET] = {"forget", CLI_TARGETS_ONE,
                    "End the management of a target and leave its key as it is."},
    [CMD_HISTORY] = {"history", CLI_TARGETS_ONE, "Show what was done to a target, oldest first."},
    [CMD_HELP] = {"help", CLI_TARGETS_COMMAND, "Show help for a command, or for all."},
};

const char *const cli_statements[3] = {
    "It runs every hour, from a systemd timer or from cron; a run that finds nothing due ends at "
    "once and says nothing.",
    "On most days nothing is due. On the day of a rotation one run makes, proves and publishes the "
    "new key; the runs after it wait until the grace is over; then one disables the old key, and a "
    "later one deletes it.",
    "Over several targets the worst status wins: 4, 3, 1, 2, 75, 5, 0.",
};

#define ON(c) (1u << CMD_##c)
#define FIELD(f) offsetof(struct cli, f)

const struct cli_option cli_options[] = {
    {"reason", 0, "TEXT", CLI_TEXT, FIELD(reason), NULL, NULL,
     ON(ROTATE) | ON(ROLLBACK) | ON(RETIRE) | ON(HOLD), false,
     "Why; kept in the state, the history and the test log."},
    {"compromised", 0, NULL, CLI_FLAG, FIELD(compromised), NULL, NULL, ON(ROTATE), false,
     "The key leaked: no waiting for a window, no grace, no quarantine; the proof is never left "
     "out."},
    {"grace", 0, "DURATION", CLI_DURATION, FIELD(grace_s), NULL, NULL, ON(ROTATE), false,
     "Grace of this rotation, instead of the configured one."},
    {"wait", 0, "published|retired", CLI_CHOICE, FIELD(wait), "published|retired", "published",
     ON(ROTATE), false,
     "Wait for another run that holds the lock, and until the new key is published (the default) "
     "or the old one retired."},
    {"dry-run", 'n', NULL, CLI_FLAG, FIELD(dry_run), NULL, NULL, ON(RUN) | ON(INIT), false,
     "Say which steps and requests would follow, and do nothing."},
    {"print-policy", 0, NULL, CLI_FLAG, FIELD(print_policy), NULL, NULL, ON(INIT), false,
     "Print the ibmcloud commands that give the management identity its least rights."},
    {"policy-wait", 0, "DURATION", CLI_DURATION, FIELD(policy_wait_s), NULL, NULL, ON(INIT), true,
     "How long to wait until a new policy can be read (5m)."},
    {"patience", 0, "DURATION", CLI_DURATION, FIELD(patience_s), NULL, NULL,
     ON(RUN) | ON(ROTATE) | ON(ROLLBACK) | ON(RETIRE) | ON(INIT), true,
     "A target whose next step is further away than this is left for a later run. One that "
     "waits for the same thing is left after twenty times as long, and all are after two hours."},
    {"shard", 0, "I/N", CLI_SHARD, FIELD(shard), NULL, NULL,
     ON(RUN) | ON(STATUS) | ON(REPORT) | ON(CHECK) | ON(VERIFY), false,
     "Only the targets of share I of N, counted from 0, for a fleet that N machines work on."},
    {"offline", 0, NULL, CLI_FLAG, FIELD(offline), NULL, NULL, ON(CHECK) | ON(STATUS), false,
     "Contact no service; what only a service knows is shown as unknown."},
    {"html", 0, "FILE", CLI_TEXT, FIELD(html), NULL, NULL, ON(REPORT), false,
     "Where the page goes, replaced whole; \"-\" is standard output. Nothing in it is loaded from "
     "elsewhere."},
    {"arrival", 0, NULL, CLI_FLAG, FIELD(arrival), NULL, NULL, ON(VERIFY), false,
     "Also look for the test log with a query, as proof.arrival says, until it is found or its "
     "time "
     "is over."},
    {"describe", 0, "ID", CLI_TEXT, FIELD(describe_id), NULL, NULL, ON(KEYS), false,
     "Show everything that IAM says of that key."},
    {"rename", 0, "ID", CLI_TEXT, FIELD(rename_id), NULL, NULL, ON(KEYS), false,
     "Give that key the name of --name, the description of --description, or both."},
    {"lock", 0, "ID", CLI_TEXT, FIELD(lock_id), NULL, NULL, ON(KEYS), false,
     "Lock that key: nobody can change or delete it. Never the pending one."},
    {"unlock", 0, "ID", CLI_TEXT, FIELD(unlock_id), NULL, NULL, ON(KEYS), false,
     "Lift the lock of that key."},
    {"enable", 0, "ID", CLI_TEXT, FIELD(enable_id), NULL, NULL, ON(KEYS), false,
     "Enable that key. Never the pending one, nor one past the point of no return."},
    {"disable", 0, "ID", CLI_TEXT, FIELD(disable_id), NULL, NULL, ON(KEYS), false,
     "Disable that key. Never the current or the pending one."},
    {"delete", 0, "ID", CLI_TEXT, FIELD(delete_id), NULL, NULL, ON(KEYS), false,
     "Delete that key. Never the current or the pending one, nor the previous one in its grace."},
    {"create", 0, "NAME", CLI_TEXT, FIELD(create_name), NULL, NULL, ON(KEYS), false,
     "Make one more key of that name, outside the rotation, into the file of --file."},
    {"name", 0, "TEXT", CLI_TEXT, FIELD(name), NULL, NULL, ON(KEYS), false,
     "With --rename: the new name."},
    {"description", 0, "TEXT", CLI_TEXT, FIELD(description), NULL, NULL, ON(KEYS), false,
     "With --rename and --create: the description. Never of a key that rotator made, which it "
     "knows by it."},
    {"file", 0, "PATH", CLI_TEXT, FIELD(file), NULL, NULL, ON(KEYS), false,
     "With --create: where the key goes, as ibmcloud writes it; readable by its owner alone."},
    {"overwrite", 0, NULL, CLI_FLAG, FIELD(overwrite), NULL, NULL, ON(KEYS), false,
     "With --create: the file may be there already."},
    {"foreign", 0, NULL, CLI_FLAG, FIELD(foreign), NULL, NULL, ON(KEYS), false,
     "Also a key that rotator did not make: somebody may use it."},
    {"yes", 'y', NULL, CLI_FLAG, FIELD(yes), NULL, NULL, ON(KEYS) | ON(RETIRE) | ON(FORGET), false,
     "Do not ask; needed where there is no terminal to ask on."},
    {"all", 0, NULL, CLI_FLAG, FIELD(all), NULL, NULL, ON(HOLD) | ON(RESUME), false,
     "Every target of the configuration that is set up."},
    {"until", 0, "TIME|DURATION", CLI_TEXT, FIELD(until), NULL, NULL, ON(HOLD), false,
     "End of the hold: 2026-12-01T06:00:00Z, or 3d from now; without it, until resumed."},
    {"keep", 0, "state|sink=NAME", CLI_TEXT, FIELD(keep), NULL, NULL, ON(REPAIR), false,
     "state: write the sinks anew from the state's current key. sink=NAME: make the key found "
     "there current."},
    {"new-key", 0, NULL, CLI_FLAG, FIELD(new_key), NULL, NULL, ON(REPAIR), false,
     "Start afresh with a new key, above every tag and stamp that is seen."},
    {"take-host", 0, NULL, CLI_FLAG, FIELD(take_host), NULL, NULL, ON(REPAIR), false,
     "From now on this host manages the target."},
    {"drop-sink", 0, "NAME", CLI_TEXT, FIELD(drop_sink), NULL, NULL, ON(REPAIR), false,
     "Nobody reads that sink, which the configuration no longer has, any more."},
    {"lines", 0, "N", CLI_COUNT, FIELD(lines), NULL, NULL, ON(HISTORY), false,
     "Only the last N entries."},

    {"config", 'c', "FILE", CLI_TEXT, FIELD(config), NULL, NULL, CLI_GLOBAL, false,
     "Read FILE instead of /etc/rotator/rotator.yaml or ~/.config/rotator/rotator.yaml."},
    {"here", 0, NULL, CLI_FLAG, FIELD(here), NULL, NULL, CLI_GLOBAL, false,
     "Typed by root: run as root, here, and not as rotator.service does."},
    {"json", 0, NULL, CLI_FLAG, FIELD(json), NULL, NULL, CLI_GLOBAL, false,
     "Answer with one JSON document on standard output."},
    {"quiet", 'q', NULL, CLI_FLAG, FIELD(quiet), NULL, NULL, CLI_GLOBAL, false,
     "No progress and no results for people; errors only."},
    {"verbose", 'v', NULL, CLI_FLAG, FIELD(verbose), NULL, NULL, CLI_GLOBAL, false,
     "Log each step to standard error."},
    {"log-format", 0, "text|json", CLI_CHOICE, FIELD(log_format), "text|json", NULL, CLI_GLOBAL,
     false, "Form of the log lines on standard error."},
    {"jobs", 'j', "N", CLI_COUNT, FIELD(jobs), NULL, NULL, CLI_GLOBAL, false,
     "Work on N targets at once (as configured, else 8)."},
    {"help", 'h', NULL, CLI_FLAG, FIELD(help), NULL, NULL, CLI_GLOBAL, false,
     "Show help for the command and exit."},
    {"version", 'V', NULL, CLI_FLAG, FIELD(version), NULL, NULL, CLI_GLOBAL, false,
     "Show the version and exit."},
    {"generate", 0, "WHAT", CLI_TEXT, FIELD(generate), NULL, NULL, CLI_GLOBAL, true,
     "Print a generated part of the project."},
};
const size_t cli_n_options = sizeof cli_options / sizeof *cli_options;

bool cli_option_belongs(const struct cli_option *o, enum command command) {
  if (o->hidden)
    return false;
  if (command == CMD_NONE)
    return o->commands == CLI_GLOBAL;
  return o->commands != CLI_GLOBAL && o->commands & 1u << command;
}
