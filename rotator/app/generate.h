// The hidden --generate=WHAT: manual, completion, completion-zsh (from the tables of the command
// line), schema, config-manual (from the table of the configuration).
#ifndef ROTATOR_APP_GENERATE_H
#define ROTATOR_APP_GENERATE_H

#include <stdbool.h>
#include <stdio.h>

// False: unknown `what`, and said so on standard error.
bool generate(FILE *out, const char *what);

#endif
