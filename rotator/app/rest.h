// Targets at rest that nobody has touched: a `run` over a fleet need not read them.
//
// What a turn without a look at IAM decides follows from the files that it read (sinks, state, what
// the last run left), the configuration, who we are and the clock, and from nothing else. So where
// a run decided to rest, the next one that finds the very same files, the same configuration and a
// time at which nothing has fallen due would decide the same: it looks at them, and does not read
// them (PROTOCOL.md section 3, "What is not read twice"). The index of this (rest_index.h) has no
// authority: what it does not say of a target, or cannot be believed, is read as ever, and losing
// it costs one full run.
//
// It is kept by `run` over all targets, or a share of them, from REST_LEAST on: of fewer, what a
// run costs is the start of the program. Only of targets whose state is the file of the state
// directory, and whose sinks are files, all on local file systems. What needs more than that is
// read as ever: --json, and a target of which anything is to be told.
#ifndef ROTATOR_APP_REST_H
#define ROTATOR_APP_REST_H

#include "rotator/app/report/outcome.h"
#include "rotator/app/rest_index.h"

#define REST_LEAST 50

struct rest;

// Reads the index of this run's configuration. NULL: this run keeps none; allowed below.
struct rest *rest_new(const struct app *a);

// Does the i-th target meant rest still? Then this run is done with it, and that is the time of its
// .run file. False: nothing was done, it is to be read. *ret_figures as they were.
bool rest_stands(struct rest *x, size_t i, struct rest_figures *ret_figures);

// Of a step: notes in m->seen what its decision to rest was made of.
void rest_saw(struct managed *m, const struct step *s);
// How the run of a target that was read ended. `told`: there was something to tell of it.
void rest_add(struct rest *x, const struct managed *m, const struct tick_result *r,
              const struct outcome *o, bool told);

// Writes the index for the next run; what goes wrong with that is no matter of this one.
void rest_write(struct rest *x);
struct rest *rest_free(struct rest *x); // always NULL

#endif
