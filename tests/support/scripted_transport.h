// A transport for tests that answers from a table and records what it was asked.
//
//   static const struct script_row rows[] = {
//     {.method = "POST", .url = "/identity/token", .status = 503, .times = 1},
//     {.method = "POST", .url = "/identity/token", .status = 200, .body = "{}"},
//     {.url = "/v1/apikeys", .result = ERR_UNSURE},
//   };
//   struct transport *t = scripted_transport_new(rows, 3, &f.env);
//
// The first row that matches and is not used up answers. A request that no row matches gets
// ERR_INTERNAL and is counted: let each test end with assert_int_equal(scripted_unexpected(t), 0).
#ifndef TESTS_SUPPORT_SCRIPTED_TRANSPORT_H
#define TESTS_SUPPORT_SCRIPTED_TRANSPORT_H

#include "rotator/base/env.h"
#include "rotator/http/transport.h"

struct script_row {
  const char *method;       // NULL: any
  const char *url;          // a part of the URL; NULL: any. With a '$' at its end: the URL's end
  const char *in_body;      // a part of the request's body; NULL: any
  unsigned times;           // how often it answers; 0: for ever
  enum err result;          // not ERR_OK: no answer, this error
  int status;               // the answer, with ERR_OK; 0: 200
  const char *body;         // NULL: empty
  const char *content_type; // NULL: "application/json"
  const char *etag, *location, *transaction, *index; // NULL: ""
  int64_t retry_after_s;                             // 0: no header
  int64_t date_s;   // 0: the environment's wall clock; −1: no header
  int64_t takes_ms; // the fake environment's clocks move on by this (only with an env that sleeps)
};

// One recorded request; strings are never NULL.
struct script_request {
  char method[16];
  char url[1024];
  char content_type[64];
  char *body;
  char *headers; // "Name: value\n" each
  enum http_replay replay;
  bool fresh_connection;
  int64_t timeout_ms, deadline_ms;
  size_t max_body;
};

// The table is not copied. env gives the Date and the time that answers take; it may be NULL (no
// Date).
struct transport *scripted_transport_new(const struct script_row *rows, size_t n, struct env *env);
// Takes another table; the records stay, the counts of used rows begin anew.
void scripted_set_rows(struct transport *t, const struct script_row *rows, size_t n);

size_t scripted_count(const struct transport *t);      // requests so far
size_t scripted_unexpected(const struct transport *t); // those no row matched
const struct script_request *scripted_request(const struct transport *t,
                                              size_t i);               // NULL beyond the last
const struct script_request *scripted_last(const struct transport *t); // NULL when there was none
// How many requests had this method (NULL: any) and this part in the URL.
size_t scripted_count_of(const struct transport *t, const char *method, const char *url);
// The value of a header, "" when it was not sent. Valid until the next call (a buffer of 4 KiB).
const char *scripted_header(const struct script_request *r, const char *name);

#endif
