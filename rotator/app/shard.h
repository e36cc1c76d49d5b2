// A share of the fleet: `--shard I/N` works on the I-th of N shares (I from 0, as Kubernetes counts
// the pods of an indexed Job).
//
// Which share a target is in follows from what its binding is made of, as configured: account,
// identity and instance; its name, its sinks and its place in the file do not matter. When N grows
// by one, one target in N + 1 moves, and all of them to the new share (jump consistent hashing,
// Lamping and Veach 2014). Two shares of the same N never have a target in common. With different
// N two runs may work on the same target: that is the same as two rotators, which lock and CAS are
// for.
#ifndef ROTATOR_APP_SHARD_H
#define ROTATOR_APP_SHARD_H

#include "rotator/app/cli.h"
#include "rotator/config/config.h"

// count 0: there are no shares, and every target is meant. A broken target whose identity or
// instance cannot be read belongs to share 0, so that its mistakes are told once.
bool shard_has(const struct cli_shard *s, const struct config_target *t);

#endif
