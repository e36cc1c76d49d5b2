// Who looks for test logs (proof.arrival.identity): targets that name the same identity share its
// token.
#ifndef ROTATOR_APP_READERS_H
#define ROTATOR_APP_READERS_H

#include "rotator/cloud/logs_reader.h"
#include "rotator/config/config.h"

struct readers;

// Of all targets of the configuration; before any thread starts. NULL without memory.
struct readers *readers_new(const struct config *config, struct env *env);
void readers_free(struct readers *r); // NULL allowed

// The client of that target's instance, which becomes the caller's: at the pace of query_budget.h.
// NULL when its test logs are not looked for, or without memory.
struct logs_reader *readers_open(const struct readers *r, const struct config_target *t,
                                 struct transport *transport);

#endif
