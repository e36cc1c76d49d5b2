// The command line: one table of commands and one of options. Parsing, --help, the option lists of
// rotator(1) and the shell completions all come from these two tables, so that they cannot
// disagree.
#ifndef ROTATOR_APP_CLI_H
#define ROTATOR_APP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rotator/base/error.h"
#include "rotator/base/log.h"

#define CLI_TARGETS_MAX 20000

enum command {
  CMD_NONE,
  CMD_INIT,
  CMD_RUN,
  CMD_ROTATE,
  CMD_STATUS,
  CMD_REPORT,
  CMD_CHECK,
  CMD_VERIFY,
  CMD_KEYS,
  CMD_ROLLBACK,
  CMD_RETIRE,
  CMD_HOLD,
  CMD_RESUME,
  CMD_REPAIR,
  CMD_FORGET,
  CMD_HISTORY,
  CMD_HELP,
  CMD_COUNT
};

// Whether a command takes targets, and how many.
enum cli_targets {
  CLI_TARGETS_ONE,     // TARGET
  CLI_TARGETS_SOME,    // TARGET…
  CLI_TARGETS_ANY,     // [TARGET…], none means all
  CLI_TARGETS_ALL,     // TARGET, or --all
  CLI_TARGETS_COMMAND, // [COMMAND]: the word is no target but the name of a command
};

struct cli_command {
  const char *name;
  enum cli_targets targets;
  const char *help; // one sentence
};
extern const struct cli_command cli_commands[CMD_COUNT];

// One of `count` shares of the fleet (shard.h), from 0. count 0: not given.
struct cli_shard {
  uint32_t index, count;
};

enum cli_wait { WAIT_NONE, WAIT_PUBLISHED, WAIT_RETIRED };

// What was asked for. Texts point into argv.
struct cli {
  enum command command;
  const char **targets; // freed by cli_clear
  size_t n_targets;

  bool help, version;
  const char *generate;
  const char *config; // NULL: the default places
  bool here;          // root stays in its own shoes (as_service.h)
  bool json, quiet, verbose;
  const char *log_format; // "text", "json", NULL
  int64_t jobs;           // 0: as configured
  struct cli_shard shard;

  bool dry_run, print_policy, offline, yes, all, arrival;
  bool compromised, new_key, take_host;
  const char *reason;
  int64_t grace_s;  // −1: not given
  const char *wait; // "published", "retired", NULL
  // keys: which key, or the name of a new one; and what belongs to that.
  const char *describe_id, *rename_id, *lock_id, *unlock_id, *enable_id, *disable_id, *delete_id;
  const char *create_name, *name, *description, *file;
  bool foreign, overwrite;
  const char *until;
  const char *keep;
  const char *drop_sink;
  const char *html;      // report: where the page goes; "-" standard output
  int64_t lines;         // 0: all
  int64_t patience_s;    // −1: not given
  int64_t policy_wait_s; // −1: not given
};

enum cli_type {
  CLI_FLAG,     // bool
  CLI_TEXT,     // const char *
  CLI_CHOICE,   // const char *, one of `choices`
  CLI_COUNT,    // int64_t ≥ 1
  CLI_DURATION, // int64_t seconds
  CLI_SHARD,    // struct cli_shard
};

struct cli_option {
  const char *name; // without the dashes
  char letter;      // 0: none
  const char *arg;  // its name in help; NULL for a flag
  enum cli_type type;
  size_t field;         // offset in struct cli
  const char *choices;  // "text|json"
  const char *fallback; // CLI_CHOICE whose argument may be left out: what it is then
  unsigned commands;    // bits 1 << CMD_…; CLI_GLOBAL: all
  bool hidden;
  const char *help; // one sentence
};
#define CLI_GLOBAL (~0u)
extern const struct cli_option cli_options[];
extern const size_t cli_n_options;

// Is the option shown in help of that command (CMD_NONE: of every command)? Hidden ones never are.
bool cli_option_belongs(const struct cli_option *o, enum command command);

// Reads argv. ERR_INVALID: a mistake, with the nearest right word in the text where there is one.
// ret->command may be set all the same, for the hint what to read. Always cli_clear(ret)
// afterwards.
enum err cli_parse(int argc, char **argv, struct cli *ret, struct error *e);
void cli_clear(struct cli *c);

// The command of that name, or CMD_NONE.
enum command cli_find_command(const char *word);

// What is said in --help, in rotator(1) and in the README with the same words: how often it runs,
// what a day looks like, which status wins.
extern const char *const cli_statements[3];

// `rotator --help` (CMD_NONE) or `rotator COMMAND --help`.
void cli_help(FILE *out, enum command command);

// The hidden --generate=WHAT: manual (the option lists of rotator(1) in mdoc), completion,
// completion-zsh; of the configuration: schema, config-manual. False: unknown `what`, and said so
// on standard error.
bool cli_generate(FILE *out, const char *what);

#endif
