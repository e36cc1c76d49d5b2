// What a run over all targets leaves for a monitoring system: a file for the textfile collector of
// Prometheus' node_exporter, replaced whole (metrics_file of rotator.yaml(5); the figures are
// listed in rotator(1)). Names of targets and numbers, never a value and no text of a service.
//
// Nine series a target would be ninety thousand for ten thousand targets, told anew with each
// scrape. So beyond METRICS_ALL_MAX only targets that are not well have series of their own; the
// sums say how many there are, and the extremes how late the latest is. Every alert works with
// both. A share of the fleet has a file of its own (metrics_place.h).
#ifndef ROTATOR_APP_REPORT_METRICS_H
#define ROTATOR_APP_REPORT_METRICS_H

#include "rotator/app/report/outcome.h"
#include "rotator/app/rest_index.h"

#define METRICS_ALL_MAX 1000

struct metrics;

// NULL: none are wanted, or there is no memory (which is logged).
struct metrics *metrics_new(const struct app *a);
// How a target's run ended. NULL is allowed here and below.
void metrics_add(struct metrics *x, const struct managed *m, const struct tick_result *r,
                 const struct outcome *o);
// The same of one that rests as it did when these were its figures (rest.h).
void metrics_add_resting(struct metrics *x, const char *target, const struct rest_figures *f);
// Writes the file. The run's own answer does not depend on it: what goes wrong is logged.
void metrics_write(struct metrics *x, int exit);
struct metrics *metrics_free(struct metrics *x); // always NULL

#endif
