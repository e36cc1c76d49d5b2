// Shared by the parts of the curl transport: curl_transport.c (the exchange and what its end
// means), curl_handles.c (what libcurl works with), curl_request.c (what is sent and under which
// rules), curl_answer.c (what comes back), curl_files.c (certificates on disk).
#ifndef ROTATOR_HTTP_CURL_INTERNAL_H
#define ROTATOR_HTTP_CURL_INTERNAL_H

#include <curl/curl.h>

#include "rotator/http/curl_transport.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "rotator needs libcurl 7.85: CURLOPT_PREREQFUNCTION tells unsent from unsure"
#endif

enum {
  CURL_HOST_MAX = 256,
  CURL_HEADERS_MAX = 64 * 1024, // of one answer, interim ones (1xx) included
  CURL_BODY_DEFAULT = 1024 * 1024,
  CURL_CONNECTIONS_KEPT = 8,     // idle ones, of all hosts together
  CURL_STOP_GRACE_MS = 5 * 1000, // what a request in flight still gets after a stop was asked for
};

// Made anew when the authorities were replaced: what was trusted by the old ones ends with them.
struct curl_handles {
  CURLM *multi;  // has the connections, resolved names and parsed authorities
  CURLSH *share; // has the TLS sessions
};

struct curl_transport {
  struct transport base;
  struct curl_handles handles;
  struct env *env;
  struct curl_options o; // strings are our own copies; defaults filled in
  char *bundle;          // of ca_path: its files in one; NULL: not that
  uint64_t trust;        // what the files of authorities were like when the handles were made
  uint64_t exchanges, connections;
};

// Lists that libcurl reads while the exchange runs.
struct curl_request_lists {
  struct curl_slist *headers, *connect_to;
};

// One exchange while it runs.
struct curl_call {
  struct curl_transport *t;
  struct http_call *call; // the caller's
  const struct http_request *req;
  CURL *easy;
  struct curl_request_lists lists;
  bool under_way;
  char host[CURL_HOST_MAX];
  int port;
  bool https;
  char detail[CURL_ERROR_SIZE];

  bool sent;            // libcurl was about to write the request, at least once
  bool stopped;         // a stop came before that
  bool slept;           // its time was over before that, by a clock that libcurl does not read
  int64_t begun_ms;     // env_mono_ms
  int64_t most_ms;      // … and how long it may take
  int64_t stop_seen_ms; // when a stop was first seen in flight; 0: none

  struct http_response answer;
  size_t header_bytes;
  bool proper_status;   // the status line is one
  bool headers_done;    // the empty line behind them was there
  int transaction_rank; // which header answer.transaction is from; 0: none yet
  char retry_after[64]; // raw: needs the Date, which may come later
  const char *broken;   // the limit that the answer broke; NULL: none
};

// Sets every option of the exchange on its easy handle. The caller frees c->lists after the
// exchange, also after an error.
enum err curl_request_prepare(struct curl_call *c, struct error *e);

// An easy handle for one exchange, to be cleaned up at its end; NULL without memory.
CURL *curl_handles_easy(const struct curl_handles *h);
// Handles with the authorities as they are now; connections that were trusted by others end.
// _refresh: only if they were replaced.
enum err curl_handles_renew(struct curl_transport *t, struct error *e);
enum err curl_handles_refresh(struct curl_transport *t, struct error *e);
void curl_handles_drop(struct curl_handles *h);

// libcurl's callbacks; `p` is the struct curl_call.
size_t curl_answer_header(char *line, size_t size, size_t n, void *p);
size_t curl_answer_body(char *bytes, size_t size, size_t n, void *p);
// Once the answer is complete: what only the whole of it tells.
void curl_answer_finish(struct curl_call *c);

// Are the files of the options there and what they should be? ERR_INVALID names the one that is
// not.
enum err curl_files_check(const struct curl_options *o, struct error *e);
// What the authorities' files are like: another number when they were changed or replaced.
uint64_t curl_files_trust(const struct curl_options *o);
// The PEM files of a directory in one text, to be freed. ERR_INVALID: no certificate there.
enum err curl_files_bundle(const char *dir, char **ret, struct error *e);
// Where the authorities are: ca_file, else the system's bundle; NULL: neither.
const char *curl_files_ca(const struct curl_options *o);

#endif
