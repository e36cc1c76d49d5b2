// What a proof is made of besides its requests (proof.c).
#ifndef ROTATOR_ENGINE_PROOF_PARTS_H
#define ROTATOR_ENGINE_PROOF_PARTS_H

#include "rotator/engine/memory.h"

// The token with one byte changed in the middle of its signature: the last byte would do nothing
// (padding bits). To be freed by the caller; NULL without memory, or for no token.
struct secret *proof_tampered(const struct secret *bearer);
// How long to wait after so many tries without a verdict: 1, 2, 4 … 32 s.
int64_t proof_backoff_ms(unsigned times);

// For how long exchanges of one value have passed, one after the other, none of them in vain.
// _enter: one passed; `print` as in proof_memory ("": nothing is noted). _end: one did not. _spans:
// do they reach over `span_ms`? Two that lie more than a minute apart do not belong together.
void passing_enter(struct passing_memory *m, const char *print, int64_t now_ms);
void passing_end(struct passing_memory *m);
bool passing_spans(const struct passing_memory *m, const char *print, int64_t span_ms);

#endif
