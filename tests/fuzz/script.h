// What the targets of the stores share: the bytes are the answers of a server or of a program, one
// behind the other, and a store is used on them as the engine uses it.
//
// Between two answers stands a line "%%". An answer begins with a line: its status (of a program:
// the exit status) and, behind a blank, how many seconds Retry-After says; or, for an exchange
// without an answer, the name of its error ("unsent", "unsure", "refused", "cancelled"). What
// follows is the body. When the answers are used up, nothing is sent any more.
//
// http_exchange, child_run, and the readers of credential files are taken by the linker's --wrap,
// so that everything above them is the program's own: sessions, logins, patience, what is written.
#ifndef TESTS_FUZZ_SCRIPT_H
#define TESTS_FUZZ_SCRIPT_H

#include "backends/store.h"
#include "rotator/http/transport.h"
#include "tests/fuzz/fuzz.h"

// What is sent, and may be in no text of an error: the token, and the key that is written.
#define SCRIPT_TOKEN "hvs.FuzzTokenOfTheRotatorItself"
#define SCRIPT_VALUE "FuzzKeyThatIsWrittenIntoTheStore0123456789ab"
#define SCRIPT_VALUE64 "RnV6ektleVRoYXRJc1dyaXR0ZW5JbnRvVGhlU3RvcmUwMTIzNDU2Nzg5YWI="

struct script_part {
  int status;   // of an answer; 0: none
  enum err err; // … then this
  int64_t retry_after_ms;
  const char *body;
  size_t len;
};

void script_begin(const uint8_t *data, size_t size);
struct script_part script_next(void);
extern struct env script_env; // whose clock moves on by what is slept, and never waits
// The body of the last request, "" without one.
extern char script_sent[65536];
// What URLs that are read contain; NULL: nobody asks.
extern const char *script_reads;
// Is called before each request to a server, with the body of the last answer to a GET of such a
// URL, or "" where that was not 200; NULL: nobody asks.
extern void (*script_sending)(const struct http_request *req, const char *read_before);

// Reads, looks for what is served, writes, reads again, checks. `flags`: bit 0 a home, bit 1
// without a reading before the write. Checks what must hold of any answer.
void script_use(const struct store_backend *b, const struct store_setting *settings, size_t n,
                unsigned flags);
// A text for people: printable, ended.
void script_printable(const char *text, size_t cap);

#endif
