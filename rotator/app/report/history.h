// What was done to a target, as lines of JSON that are only ever added to:
// <state_dir>/history/<target>.jsonl. At HISTORY_MAX bytes the file becomes ….jsonl.1 (the one
// before it is dropped) and a new one is begun. Never a value; private all the same.
//
// A line: {"time", "what", "phase", "text"} and, where they apply, "key_id", "previous_id",
// "generation", "epoch", "reason", "by", "error". `what` is a row of PROTOCOL.md, or a command.
#ifndef ROTATOR_APP_REPORT_HISTORY_H
#define ROTATOR_APP_REPORT_HISTORY_H

#include "rotator/app/compose.h"
#include "rotator/base/json.h"

#define HISTORY_MAX (1024 * 1024)

// The key that a step is about: its own, else the one that is being made, else current. There is a
// state.
const char *history_key(const struct step *s);
// A step that changed something. Called under the fleet's watch lock, or by a single thread.
// A failure to write is logged, once a process: it never stops a rotation.
void history_step(struct managed *m, const struct step *s);
// A command that changed something outside a tick (hold, repair, …). Texts may be NULL.
void history_command(struct managed *m, const char *command, const char *text, const char *reason);

// Calls `each` for every entry, oldest first; stops when it returns false. Lines that don't decode
// are passed over. ERR_MISSING when there is none.
enum err history_read(const struct managed *m, bool (*each)(void *ctx, const cJSON *entry),
                      void *ctx, struct error *e);

#endif
