// Reading the command line by the tables of cli_table.c.
//
// Options and words may come in any order; "--" ends the options. The first word is the command,
// the others are targets. Whether an option belongs to the command is looked at in the end, when
// the command is known.
#include "rotator/app/cli.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/base/choices.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define JOBS_MAX 256

struct parse {
  int argc, at;
  char **argv;
  struct cli *cli;
  const struct cli_option *given[64];
  size_t n_given;
};

static struct nearest nearest_option(const char *name) {
  struct nearest n = nearest_start(name);
  for (size_t i = 0; i < cli_n_options; i++)
    if (!cli_options[i].hidden)
      nearest_try(&n, cli_options[i].name);
  return n;
}

static struct nearest nearest_command(const char *word) {
  struct nearest n = nearest_start(word);
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    nearest_try(&n, cli_commands[i].name);
  return n;
}

enum command cli_find_command(const char *word) {
  for (int i = CMD_NONE + 1; i < CMD_COUNT; i++)
    if (strcmp(cli_commands[i].name, word) == 0)
      return (enum command)i;
  return CMD_NONE;
}

static const struct cli_option *find_long(const char *name, size_t len) {
  for (size_t i = 0; i < cli_n_options; i++)
    if (strlen(cli_options[i].name) == len && memcmp(cli_options[i].name, name, len) == 0)
      return &cli_options[i];
  return NULL;
}

static const struct cli_option *find_letter(char letter) {
  for (size_t i = 0; i < cli_n_options; i++)
    if (cli_options[i].letter == letter)
      return &cli_options[i];
  return NULL;
}

static enum err parse_count(const char *value, int64_t *ret) {
  char *end;
  if (value[0] < '0' || value[0] > '9' || strlen(value) > 9)
    return ERR_INVALID;
  *ret = strtoll(value, &end, 10);
  return *end == '\0' && *ret >= 1 ? ERR_OK : ERR_INVALID;
}

static bool parse_number(const char **at, uint32_t *ret) {
  size_t n = strspn(*at, "0123456789");
  if (n == 0 || n > 5)
    return false;
  *ret = (uint32_t)strtoul(*at, NULL, 10);
  *at += n;
  return true;
}

static enum err parse_shard(const char *value, struct cli_shard *ret, struct error *e) {
  struct cli_shard s;
  const char *at = value;
  bool ok = parse_number(&at, &s.index) && *at++ == '/' && parse_number(&at, &s.count) && !*at;
  if (!ok || s.count == 0)
    return error_set(e, ERR_INVALID, "--shard takes I/N such as 0/4, not '%s'", value);
  if (s.index >= s.count)
    return error_set(e, ERR_INVALID,
                     "--shard=%s: shares are counted from 0, so that the last of %u is %u/%u",
                     value, s.count, s.count - 1, s.count);
  *ret = s;
  return ERR_OK;
}

static enum err set_value(struct cli *c, const struct cli_option *o, const char *value,
                          struct error *e) {
  void *field = (char *)c + o->field;
  switch (o->type) {
  case CLI_FLAG:
    *(bool *)field = true;
    return ERR_OK;
  case CLI_TEXT:
    if (value[0] == '\0')
      return error_set(e, ERR_INVALID, "--%s is empty, it needs %s", o->name, o->arg);
    *(const char **)field = value;
    return ERR_OK;
  case CLI_CHOICE:
    if (choices_find(o->choices, value) < 0)
      return error_set(e, ERR_INVALID, "--%s takes %s, not '%s'", o->name, o->choices, value);
    *(const char **)field = value;
    return ERR_OK;
  case CLI_COUNT:
    if (parse_count(value, field) != ERR_OK)
      return error_set(e, ERR_INVALID, "--%s takes a whole number from 1, not '%s'", o->name,
                       value);
    return ERR_OK;
  case CLI_DURATION:
    if (text_parse_duration(value, field) != ERR_OK)
      return error_set(e, ERR_INVALID, "--%s takes a duration such as 90m, 24h or 1d12h, not '%s'",
                       o->name, value);
    return ERR_OK;
  case CLI_SHARD:
    return parse_shard(value, field, e);
  }
  return error_set(e, ERR_INTERNAL, "option --%s has no type", o->name);
}

static enum err take(struct parse *p, const struct cli_option *o, const char *value,
                     struct error *e) {
  for (size_t i = 0; i < p->n_given; i++)
    if (p->given[i] == o && o->type != CLI_FLAG)
      return error_set(e, ERR_INVALID, "--%s is given twice", o->name);
  if (p->n_given < sizeof p->given / sizeof *p->given)
    p->given[p->n_given++] = o;
  return set_value(p->cli, o, value, e);
}

// An argument that has to follow, as a word of its own.
static enum err next_word(struct parse *p, const struct cli_option *o, const char **ret,
                          struct error *e) {
  if (p->at + 1 >= p->argc)
    return error_set(e, ERR_INVALID, "--%s needs %s", o->name, o->arg);
  *ret = p->argv[++p->at];
  return ERR_OK;
}

static enum err parse_long(struct parse *p, const char *word, struct error *e) {
  size_t len = strcspn(word, "=");
  const char *value = word[len] == '=' ? word + len + 1 : NULL;
  const struct cli_option *o = find_long(word, len);
  if (!o) {
    char name[64];
    text_printable(name, sizeof name, word, len);
    const struct nearest near = nearest_option(name);
    return near.best[0] ? error_set(e, ERR_INVALID, "there is no option --%s (did you mean --%s?)",
                                    name, near.best)
                        : error_set(e, ERR_INVALID, "there is no option --%s", name);
  }
  if (o->type == CLI_FLAG && value)
    return error_set(e, ERR_INVALID, "--%s takes no argument", o->name);
  if (o->type != CLI_FLAG && !value && o->fallback)
    value = o->fallback;
  if (o->type != CLI_FLAG && !value && next_word(p, o, &value, e) != ERR_OK)
    return ERR_INVALID;
  return take(p, o, value, e);
}

static enum err parse_letters(struct parse *p, const char *letters, struct error *e) {
  for (const char *c = letters; *c; c++) {
    const struct cli_option *o = find_letter(*c);
    if (!o) {
      char name[2];
      text_printable(name, sizeof name, c, 1);
      return error_set(e, ERR_INVALID, "there is no option -%s", name);
    }
    if (o->type == CLI_FLAG) {
      (void)take(p, o, NULL, e);
      continue;
    }
    const char *value = c + 1;
    if (!*value && next_word(p, o, &value, e) != ERR_OK)
      return ERR_INVALID;
    return take(p, o, value, e);
  }
  return ERR_OK;
}

static enum err unknown_command(const char *word, struct error *e) {
  char shown[64];
  text_printable(shown, sizeof shown, word, strlen(word));
  const struct nearest near = nearest_command(word);
  return near.best[0] ? error_set(e, ERR_INVALID, "there is no command '%s' (did you mean '%s'?)",
                                  shown, near.best)
                      : error_set(e, ERR_INVALID, "there is no command '%s'", shown);
}

static enum err parse_word(struct parse *p, const char *word, struct error *e) {
  struct cli *c = p->cli;
  if (c->command == CMD_NONE) {
    c->command = cli_find_command(word);
    return c->command != CMD_NONE ? ERR_OK : unknown_command(word, e);
  }
  if (c->n_targets == CLI_TARGETS_MAX)
    return error_set(e, ERR_INVALID, "more than %d targets", CLI_TARGETS_MAX);
  for (size_t i = 0; i < c->n_targets; i++)
    if (strcmp(c->targets[i], word) == 0)
      return ERR_OK; // named twice is meant once
  c->targets[c->n_targets++] = word;
  return ERR_OK;
}

static enum err check_use(const struct parse *p, struct error *e) {
  const struct cli *c = p->cli;
  if (c->help || c->version || c->generate)
    return ERR_OK;
  if (c->command == CMD_NONE)
    return error_set(e, ERR_INVALID, "no command given");
  const struct cli_command *cmd = &cli_commands[c->command];
  for (size_t i = 0; i < p->n_given; i++)
    if (!(p->given[i]->commands & 1u << c->command))
      return error_set(e, ERR_INVALID, "--%s does not belong to '%s'", p->given[i]->name,
                       cmd->name);
  if (c->all && c->n_targets > 0)
    return error_set(e, ERR_INVALID, "--all and a target: one of them");
  if (c->shard.count > 0 && c->n_targets > 0)
    return error_set(e, ERR_INVALID, "--shard and a target: one of them");
  if (cmd->targets == CLI_TARGETS_ALL && c->n_targets == 0 && !c->all)
    return error_set(e, ERR_INVALID, "'%s' needs a target, or --all", cmd->name);
  if (c->command == CMD_REPORT && !c->html)
    return error_set(e, ERR_INVALID, "'report' needs --html FILE");
  if (c->command == CMD_REPORT && c->json && strcmp(c->html, "-") == 0)
    return error_set(e, ERR_INVALID, "--json and --html - both mean standard output: one of them");
  bool needs = cmd->targets == CLI_TARGETS_ONE || cmd->targets == CLI_TARGETS_SOME;
  if (needs && c->n_targets == 0)
    return error_set(e, ERR_INVALID, "'%s' needs a target", cmd->name);
  if ((cmd->targets == CLI_TARGETS_ONE || cmd->targets == CLI_TARGETS_ALL) && c->n_targets > 1)
    return error_set(e, ERR_INVALID, "'%s' takes one target", cmd->name);
  if (cmd->targets == CLI_TARGETS_COMMAND && c->n_targets > 1)
    return error_set(e, ERR_INVALID, "'%s' takes one command", cmd->name);
  if (cmd->targets == CLI_TARGETS_COMMAND && c->n_targets == 1 &&
      cli_find_command(c->targets[0]) == CMD_NONE)
    return unknown_command(c->targets[0], e);
  if (c->jobs > JOBS_MAX)
    return error_set(e, ERR_INVALID, "--jobs takes at most %d", JOBS_MAX);
  return ERR_OK;
}

enum err cli_parse(int argc, char **argv, struct cli *ret, struct error *e) {
  *ret = (struct cli){.grace_s = -1, .patience_s = -1, .policy_wait_s = -1};
  ret->targets = calloc((size_t)argc + 1, sizeof *ret->targets);
  if (!ret->targets)
    return error_no_memory(e);
  struct parse p = {.argc = argc, .at = 1, .argv = argv, .cli = ret};
  bool words_only = false;
  for (; p.at < argc; p.at++) {
    const char *word = argv[p.at];
    enum err err = ERR_OK;
    if (!words_only && strcmp(word, "--") == 0)
      words_only = true;
    else if (!words_only && text_starts(word, "--"))
      err = parse_long(&p, word + 2, e);
    else if (!words_only && word[0] == '-' && word[1])
      err = parse_letters(&p, word + 1, e);
    else
      err = parse_word(&p, word, e);
    if (err != ERR_OK)
      return err;
  }
  return check_use(&p, e);
}

void cli_clear(struct cli *c) {
  free(c->targets);
  c->targets = NULL;
  c->n_targets = 0;
}
