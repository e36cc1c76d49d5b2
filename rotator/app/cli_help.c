// --help, made of the tables.
#include <stdio.h>

#include "rotator/app/cli.h"

static const char *targets_usage(enum command command) {
  switch (cli_commands[command].targets) {
  case CLI_TARGETS_ONE:
    return "TARGET";
  case CLI_TARGETS_SOME:
    return "TARGET...";
  case CLI_TARGETS_ANY:
    return "[TARGET...]";
  }
  return "";
}

bool cli_option_belongs(const struct cli_option *o, enum command command) {
  if (o->hidden)
    return false;
  if (command == CMD_NONE)
    return o->commands == CLI_GLOBAL;
  return o->commands != CLI_GLOBAL && o->commands & 1u << command;
}

static void help_option(FILE *out, const struct cli_option *o) {
  char left[64];
  const char *open = o->fallback ? "[=" : "=", *close = o->fallback ? "]" : "";
  if (o->arg)
    snprintf(left, sizeof left, "--%s%s%s%s", o->name, open, o->arg, close);
  else
    snprintf(left, sizeof left, "--%s", o->name);
  if (o->letter)
    fprintf(out, "  -%c, %-24s  %s\n", o->letter, left, o->help);
  else
    fprintf(out, "      %-24s  %s\n", left, o->help);
}

static void help_options(FILE *out, enum command command, const char *title) {
  bool any = false;
  for (size_t i = 0; i < cli_n_options; i++)
    if (cli_option_belongs(&cli_options[i], command)) {
      if (!any)
        fprintf(out, "\n%s:\n", title);
      any = true;
      help_option(out, &cli_options[i]);
    }
}

static void help_all(FILE *out) {
  fprintf(out, "Usage: rotator COMMAND [OPTION...] [TARGET...]\n\n"
               "Rotates the IBM Cloud API keys of Cloud Logs senders. Running it again is always "
               "right.\n\nCommands:\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    fprintf(out, "  %-10s %s\n", cli_commands[i].name, cli_commands[i].help);
  help_options(out, CMD_NONE, "Options of every command");
  fprintf(out, "\nExit status: 0 fine, 1 internal error, 2 usage or configuration, 3 a person is "
               "needed (consumers have a\n"
               "working key), 4 consumers may have no working key, 5 another run holds the lock, "
               "75 not reached, run again.\n"
               "\n'rotator COMMAND --help' says more; so do rotator(1) and rotator.yaml(5).\n");
}

void cli_help(FILE *out, enum command command) {
  if (command == CMD_NONE) {
    help_all(out);
    return;
  }
  fprintf(out, "Usage: rotator %s [OPTION...] %s\n\n%s\n", cli_commands[command].name,
          targets_usage(command), cli_commands[command].help);
  help_options(out, command, "Options");
  help_options(out, CMD_NONE, "Options of every command");
}
