// What is made of the tables: --help, the option lists of rotator(1), the shell completions; and,
// of the table of the configuration, its schema and manual.
#include <stdio.h>
#include <string.h>

#include "rotator/app/cli.h"
#include "rotator/base/text.h"
#include "rotator/config/config.h"

#define GENERATED_MAX (1024 * 1024)
#define HELP_WIDTH 100

// --- --help ---

static const char *targets_usage(enum command command) {
  switch (cli_commands[command].targets) {
  case CLI_TARGETS_ONE:
    return "TARGET";
  case CLI_TARGETS_SOME:
    return "TARGET...";
  case CLI_TARGETS_ANY:
    return "[TARGET...]";
  case CLI_TARGETS_COMMAND:
    return "[COMMAND]";
  case CLI_TARGETS_ALL:
    return "TARGET|--all";
  }
  return "";
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

// As wide as a terminal.
static void help_paragraph(FILE *out, const char *text) {
  size_t column = 0;
  fputc('\n', out);
  for (size_t n; *text; text += n + (text[n] == ' ')) {
    n = strcspn(text, " ");
    bool fits = column > 0 && column + 1 + n <= HELP_WIDTH;
    fprintf(out, "%s%.*s", column == 0 ? "" : fits ? " " : "\n", (int)n, text);
    column = fits ? column + 1 + n : n;
  }
  fputc('\n', out);
}

static void help_all(FILE *out) {
  fprintf(out, "Usage: rotator COMMAND [OPTION...] [TARGET...]\n\n"
               "Rotates the IBM Cloud API keys of Cloud Logs senders. Running it again is always "
               "right.\n");
  help_paragraph(out, cli_statements[0]);
  help_paragraph(out, cli_statements[1]);
  fprintf(out, "\nCommands:\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    fprintf(out, "  %-10s %s\n", cli_commands[i].name, cli_commands[i].help);
  help_options(out, CMD_NONE, "Options of every command");
  fprintf(out, "\nExit status: 0 fine, 1 internal error, 2 usage or configuration, 3 a person is "
               "needed (consumers have a\n"
               "working key), 4 consumers may have no working key, 5 another run holds the lock, "
               "75 not reached, run again.\n");
  help_paragraph(out, cli_statements[2]);
  fprintf(out, "\n'rotator help COMMAND' says more; so do rotator(1) and rotator.yaml(5).\n");
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

// --- rotator(1): between the markers .\" begin generated / .\" end generated ---

// In mdoc a full stop or a bar at the start of a macro's argument, or alone, would be read as
// something else.
static void mdoc_words(FILE *out, const char *arg) {
  for (const char *p = arg; *p; p++)
    fputs(*p == '|' ? " | " : (char[]){*p, 0}, out);
}

// mdoc wants each sentence on a line of its own.
static void mdoc_sentences(FILE *out, const char *text) {
  for (const char *p = text; *p; p++)
    if (text_starts(p, ". "))
      fputs((p++, ".\n"), out);
    else
      fputc(*p, out);
  fputc('\n', out);
}

static void manual_option(FILE *out, const struct cli_option *o) {
  fprintf(out, ".It");
  if (o->letter)
    fprintf(out, " Fl %c ,", o->letter);
  fprintf(out, " Fl Fl %s", o->name);
  if (o->arg && o->fallback)
    fprintf(out, " Ns Op = Ns Ar ");
  else if (o->arg)
    fprintf(out, " Ar ");
  if (o->arg)
    mdoc_words(out, o->arg);
  fputc('\n', out);
  mdoc_sentences(out, o->help);
}

static void manual_list(FILE *out, enum command command) {
  bool any = false;
  for (size_t i = 0; i < cli_n_options; i++)
    if (cli_option_belongs(&cli_options[i], command)) {
      if (!any)
        fprintf(out, ".Bl -tag -width Ds -compact\n");
      any = true;
      manual_option(out, &cli_options[i]);
    }
  if (any)
    fprintf(out, ".El\n");
}

static const char *targets_mdoc(enum command command) {
  switch (cli_commands[command].targets) {
  case CLI_TARGETS_ONE:
    return "Ar target";
  case CLI_TARGETS_SOME:
    return "Ar target ...";
  case CLI_TARGETS_ANY:
    return "Op Ar target ...";
  case CLI_TARGETS_COMMAND:
    return "Op Ar command";
  case CLI_TARGETS_ALL:
    return "Ar target | Fl -all";
  }
  return "";
}

static void generate_manual(FILE *out) {
  fprintf(out, ".Bl -tag -width Ds\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++) {
    fprintf(out, ".It Cm %s %s\n%s\n", cli_commands[i].name, targets_mdoc((enum command)i),
            cli_commands[i].help);
    manual_list(out, (enum command)i);
  }
  fprintf(out, ".El\n.Pp\nOptions of every command:\n.Pp\n");
  manual_list(out, CMD_NONE);
}

// --- completion ---

static void bash_words(FILE *out, enum command command) {
  for (size_t i = 0; i < cli_n_options; i++)
    if (cli_option_belongs(&cli_options[i], command) ||
        cli_option_belongs(&cli_options[i], CMD_NONE))
      fprintf(out, " --%s", cli_options[i].name);
}

static void bash_choices(FILE *out) {
  for (size_t i = 0; i < cli_n_options; i++) {
    const struct cli_option *o = &cli_options[i];
    if (o->type != CLI_CHOICE || o->hidden || o->fallback)
      continue;
    fprintf(out, "  --%s) COMPREPLY=($(compgen -W '", o->name);
    for (const char *p = o->choices; *p; p++)
      fputc(*p == '|' ? ' ' : *p, out);
    fprintf(out, "' -- \"$cur\")); return ;;\n");
  }
}

static void generate_bash(FILE *out) {
  fprintf(out, "# bash completion for rotator(1); made by 'rotator --generate=completion'\n"
               "_rotator()\n{\n"
               "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' "
               "config=() i words=''\n"
               "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
               "    case ${COMP_WORDS[i]} in\n"
               "    -c | --config) config=(-c \"${COMP_WORDS[i+1]-}\"); ((i++)) ;;\n"
               "    -*) ;;\n"
               "    *) [[ -n $command ]] || command=${COMP_WORDS[i]} ;;\n"
               "    esac\n"
               "  done\n"
               "  case $prev in\n"
               "  -c | --config) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
  bash_choices(out);
  fprintf(out, "  esac\n  case $command in\n  '') words='");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    fprintf(out, "%s ", cli_commands[i].name);
  bash_words(out, CMD_NONE);
  fprintf(out, "' ;;\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++) {
    fprintf(out, "  %s) words='", cli_commands[i].name);
    if (cli_commands[i].targets == CLI_TARGETS_COMMAND)
      for (int k = CMD_NONE + 1; k < CMD_COUNT; k++)
        fprintf(out, "%s ", cli_commands[k].name);
    bash_words(out, (enum command)i);
    fprintf(out, "' ;;\n");
  }
  fprintf(out, "  esac\n"
               "  if [[ $cur != -* && -n $command && $command != help ]]; then\n"
               "    words=$(rotator ${config[@]+\"${config[@]}\"} --generate=targets 2>/dev/null)\n"
               "  fi\n"
               "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
               "}\ncomplete -F _rotator rotator\n");
}

static void zsh_option(FILE *out, const struct cli_option *o) {
  fprintf(out, "      '--%s%s[", o->name, o->fallback ? "=-" : o->arg ? "=" : "");
  for (const char *p = o->help; *p; p++)
    fputs(*p == '\''                            ? "'\\''"
          : *p == '[' || *p == ']' || *p == ':' ? (char[]){'\\', *p, 0}
                                                : (char[]){*p, 0},
          out);
  fputc(']', out);
  if (o->fallback)
    fputc(':', out);
  if (o->type == CLI_CHOICE) {
    fprintf(out, ":%s:(", o->name);
    for (const char *p = o->choices; *p; p++)
      fputc(*p == '|' ? ' ' : *p, out);
    fputc(')', out);
  } else if (o->arg) {
    fprintf(out, ":%s:%s", o->name, strcmp(o->arg, "FILE") == 0 ? "_files" : " ");
  }
  fprintf(out, "' \\\n");
}

static void zsh_options(FILE *out, enum command command) {
  for (size_t i = 0; i < cli_n_options; i++)
    if (cli_option_belongs(&cli_options[i], command))
      zsh_option(out, &cli_options[i]);
}

static void generate_zsh(FILE *out) {
  fprintf(out, "#compdef rotator\n# zsh completion for rotator(1); made by 'rotator "
               "--generate=completion-zsh'\n"
               "_rotator_targets()\n{\n  local -a targets\n"
               "  targets=(${(f)\"$(rotator --generate=targets 2>/dev/null)\"})\n  _describe "
               "target targets\n}\n"
               "_rotator()\n{\n  local -a commands\n  local state\n  commands=(\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    fprintf(out, "    \"%s:%s\"\n", cli_commands[i].name, cli_commands[i].help);
  fprintf(out, "  )\n  _arguments -C '1:command:->command' '*::argument:->argument'\n"
               "  case $state in\n  command) _describe command commands ;;\n  argument)\n    case "
               "$words[1] in\n");
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++) {
    fprintf(out, "    %s)\n      _arguments \\\n", cli_commands[i].name);
    zsh_options(out, (enum command)i);
    zsh_options(out, CMD_NONE);
    if (cli_commands[i].targets == CLI_TARGETS_COMMAND)
      fprintf(out, "      '1:command:(${commands%%%%:*})' ;;\n");
    else
      fprintf(out, "      '*:target:_rotator_targets' ;;\n");
  }
  fprintf(out, "    esac ;;\n  esac\n}\n_rotator \"$@\"\n");
}

// --- schema and manual of the configuration ---

static bool generate_config(FILE *out, enum err (*make)(struct text_buf *out)) {
  struct text_buf b = TEXT_BUF(GENERATED_MAX);
  bool ok = make(&b) == ERR_OK && !b.failed;
  if (ok)
    fputs(text_buf_str(&b), out);
  text_buf_free(&b);
  return ok;
}

bool cli_generate(FILE *out, const char *what) {
  static const struct {
    const char *what;
    void (*generate)(FILE *out);
  } parts[] = {
      {"manual", generate_manual}, {"completion", generate_bash}, {"completion-zsh", generate_zsh}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strcmp(parts[i].what, what) == 0) {
      parts[i].generate(out);
      return true;
    }
  if (strcmp(what, "schema") == 0)
    return generate_config(out, config_schema_json);
  if (strcmp(what, "config-manual") == 0)
    return generate_config(out, config_schema_manual);
  fprintf(stderr, "rotator: --generate takes manual, completion, completion-zsh, schema, "
                  "config-manual or targets\n");
  return false;
}
