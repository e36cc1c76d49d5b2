// Cloud Logs query as the engine sees it: was this test log found? Asked by an identity that may
// read, which the sender may not. logs_reader_new talks to the service.
#ifndef ROTATOR_CLOUD_LOGS_READER_H
#define ROTATOR_CLOUD_LOGS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/cloud/iam_http.h"

// One test log that was sent, and where it is looked for.
struct logs_search {
  const char *application, *subsystem; // as they were sent
  const char *nonce;
  int64_t from_s, to_s; // when it arrived, by the server's clock
  bool archive;         // in the archive, not by frequent search
  const char *sender;   // iam_id that sent it: a reader that is the same is refused
};

enum logs_sighting {
  LOGS_SEEN,
  LOGS_UNSEEN,     // a whole answer, and it is not there: not yet, or never. e may have a warning
  LOGS_ASK_LATER,  // 429, or the error in the stream that is the same; e->retry_after_ms
  LOGS_UNREADABLE, // 401, 403: the identity may not read, or must not be the reader
  LOGS_NO_API,     // 404
  LOGS_MISASKED,   // 400 and the like: our request
  LOGS_SILENT,     // 5xx, no answer, one that was cut, an error in it, a web page
  LOGS_UNASKED,    // a stop was asked for
};
const char *logs_sighting_name(enum logs_sighting s);

struct logs_reader;
struct logs_reader_ops {
  // One query, sent once. e tells the story of anything but LOGS_SEEN; of LOGS_UNSEEN only where
  // the answer has a warning.
  enum logs_sighting (*find)(struct logs_reader *r, const struct logs_search *s, struct error *e);
  void (*free)(struct logs_reader *r);
};
struct logs_reader {
  const struct logs_reader_ops *ops;
};
void logs_reader_free(struct logs_reader *r); // NULL allowed

// api_url: "https://<guid>.api.<region>.logs.cloud.ibm.com" or an override with a path; "/v1/query"
// is appended. guid: for what is said. t and auth stay the caller's. NULL without memory.
struct logs_reader *logs_reader_new(const char *api_url, const char *guid, struct transport *t,
                                    struct iam_auth *auth);

// What the answer of a query holds.
struct logs_answer {
  char error[160];   // the first error, in the stream or beside it; printable
  char code[64];     // … its code
  char warning[160]; // the first warning, with its kind
  char trace[128];
  size_t rows; // lines of the log that came
};
// Pure, for tables and fuzzing: what a status and a body mean. Where the nonce stands as a text in
// the data of one row, the log was seen, whatever else the answer says; that it was not is believed
// only of a whole answer.
enum logs_sighting logs_answer_judge(int status, const char *body, size_t len, const char *nonce,
                                     struct logs_answer *ret);

#endif
