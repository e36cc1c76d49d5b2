// A command line: each line of the input is an argument. What is taken is what a command may rely
// on; each mistake is told.
#include <string.h>

#include "rotator/app/cli.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct cli *c, int argc, char **argv) {
  FUZZ_CHECK(c->command >= CMD_NONE && c->command < CMD_COUNT);
  FUZZ_CHECK(c->command != CMD_NONE || c->help || c->version || c->generate);
  FUZZ_CHECK(c->jobs >= 0 && c->lines >= 0 && c->grace_s >= -1 && c->patience_s >= -1);
  FUZZ_CHECK(c->shard.count == 0 || c->shard.index < c->shard.count);
  FUZZ_CHECK(c->n_targets <= (size_t)argc);
  for (size_t i = 0; i < c->n_targets; i++) {
    bool given = false;
    for (int j = 1; j < argc; j++)
      given = given || c->targets[i] == argv[j];
    FUZZ_CHECK(given);
    for (size_t j = 0; j < i; j++)
      FUZZ_CHECK(strcmp(c->targets[i], c->targets[j]) != 0);
  }
  if (c->help || c->version || c->generate)
    return;
  FUZZ_CHECK(c->jobs <= 256 && !(c->all && c->n_targets > 0));
  enum cli_targets how = cli_commands[c->command].targets;
  FUZZ_CHECK(how != CLI_TARGETS_ONE || c->n_targets == 1);
  FUZZ_CHECK(how != CLI_TARGETS_SOME || c->n_targets >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char program[] = "rotator", text[2048], *argv[130] = {program};
  int argc = 1;
  struct cli c;
  struct error e = {0};
  if (size >= sizeof text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  for (char *at = text; at && argc < 128; argc++) {
    argv[argc] = at;
    at = strchr(at, '\n');
    if (at)
      *at++ = '\0';
  }
  enum err err = cli_parse(argc, argv, &c, &e);
  FUZZ_CHECK(err == ERR_OK || (err == ERR_INVALID && e.text[0]));
  if (err == ERR_OK)
    check(&c, argc, argv);
  cli_clear(&c);
  return 0;
}
