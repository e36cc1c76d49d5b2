// Where the figures of a run go: metrics_file, or, where the run is a share of the fleet, a file of
// that share beside it: rotator.prom, rotator.shard-0.prom, rotator.shard-1.prom …
//
// The collector reads all files of the folder. So a share's figures bear its name as a label (two
// files must not have a series in common), and what tells of shares that are no more has to go, or
// it would be counted for ever: a run of N shares removes the files of shares from N on, and the
// one of all; a run over all removes the files of shares. While N is changed a target may stand in
// two files, under two labels, until each share of the new N has run.
#ifndef ROTATOR_APP_REPORT_METRICS_PLACE_H
#define ROTATOR_APP_REPORT_METRICS_PLACE_H

#include "rotator/app/cli.h"
#include "rotator/base/error.h"

#define METRICS_SHARD_MAX 32

// `shard="2/4"`; "" where the run is over all.
void metrics_shard(const struct cli_shard *s, char dst[METRICS_SHARD_MAX]);
// False: it does not fit. `file` is metrics_file, which ends with .prom.
bool metrics_path(const char *file, const struct cli_shard *s, char *dst, size_t cap);
// Removes what other divisions of the fleet left. Errors of what could not be removed.
enum err metrics_sweep(const char *file, const struct cli_shard *s, struct error *e);

#endif
