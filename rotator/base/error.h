// What went wrong, as a decision (enum err) and as a story (struct error).
//
// The enum is what code branches on. Two of its values carry the protocol: ERR_UNSENT says that the
// request was certainly not applied, ERR_UNSURE that it may have been. A function that cannot tell
// answers ERR_UNSURE, never ERR_UNSENT.
//
// The struct is what a person reads. Functions fill it and return the enum; they do not log. A NULL
// struct error * is allowed everywhere. Nothing that may hold a secret is ever put into it: callers
// pass names, codes and counts, never bodies.
#ifndef ROTATOR_BASE_ERROR_H
#define ROTATOR_BASE_ERROR_H

#include <stdint.h>

enum err {
  ERR_OK = 0,
  ERR_INTERNAL,  // a bug of ours, or memory or descriptors ran out
  ERR_INVALID,   // input that can't be used: configuration, arguments, text that does not decode
  ERR_REFUSED,   // a definite no: will be refused again (400, 404 of a route, 422, EROFS)
  ERR_DENIED,    // the identity may not do this (401 with a fresh token, 403, EACCES)
  ERR_MISSING,   // the thing named is not there, as seen once
  ERR_EXISTS,    // the thing is there already
  ERR_CONFLICT,  // the version was not the expected one: read again and decide anew
  ERR_LIMIT,     // a quota of objects is used up
  ERR_THROTTLED, // asked to wait (429); error.retry_after_ms where the service said how long
  ERR_UNSENT,    // certainly not applied: not resolved or connected, or a clean "not now"
  ERR_UNSURE,    // sent, and no trustworthy answer: applied, not applied, or still to be applied
  ERR_LOCKED,    // the thing itself is locked or sealed, by whomever
  ERR_BUSY,      // another process of ours holds the lock of this host
  ERR_CORRUPT,   // it was read, and is not what it should be (checksum, schema, truncation)
  ERR_CANCELLED, // a stop was asked for; nothing was sent
  ERR_COUNT
};

struct error {
  enum err kind;
  int status;             // HTTP status, 0 if there was none
  int64_t retry_after_ms; // with ERR_THROTTLED, -1 when not said
  char code[64];          // the service's own code ("BXNIM0415E"), "" if none
  char trace[128];        // transaction id / request id of the service, "" if none
  char text[512];         // one sentence, no trailing full stop or newline, printable
};

// The kind's name without its prefix, lower case ("unsure"). Never NULL.
const char *err_name(enum err kind);

// Before the next try: after ms, or as long as the service that *e is from asked for.
static inline int64_t error_wait_ms(const struct error *e, int64_t ms) {
  return e->kind == ERR_THROTTLED && e->retry_after_ms > ms ? e->retry_after_ms : ms;
}

// Clears *e (NULL allowed) and sets kind and text. Returns kind, so that callers can `return
// error_set(…)`.
enum err error_set(struct error *e, enum err kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Clears *e (NULL allowed) and says that memory is exhausted. Returns ERR_INTERNAL.
enum err error_no_memory(struct error *e);

// Puts "what: " before the text that is there; code, trace and status stay. Returns e->kind
// (ERR_INTERNAL for NULL).
enum err error_wrap(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// True if the same call may succeed later without anybody's help (throttled, unsent, unsure,
// locked, busy, conflict).
int err_is_passing(enum err kind);

#endif
