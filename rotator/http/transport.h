// One HTTP exchange, or several that go side by side, as an interface. Implementations:
// curl_transport.h (the real one), gate.h and retry.h (decorators with the same interface),
// scripted and simulated ones in the tests.
//
// Rules that every implementation keeps: HTTPS only (plain HTTP to a loopback address, or to the
// metadata service of a virtual server, when the transport was made to allow it), TLS ≥ 1.2
// verified, no redirect is followed, header, body and time are limited, the host is the URL's and
// nothing in an answer can change it. Request and response bodies are secrets. No exchange is begun
// once env_stopping().
#ifndef ROTATOR_HTTP_TRANSPORT_H
#define ROTATOR_HTTP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

struct http_header {
  const char *name;
  const char *value;           // NULL when the value is a secret
  const struct secret *secret; // sent behind `prefix` (e.g. "Bearer "), or NULL
  const char *prefix;          // NULL: none
};

enum http_replay {
  HTTP_REPLAY_NEVER, // retry only what was certainly not applied; always a new connection
  HTTP_REPLAY_SAFE,  // sending it twice does no harm: retry after lost answers and 5xx too
  HTTP_REPLAY_ONCE,  // each send counts against a limit: never retried, whatever comes back
};

#define HTTP_PROMPT_MS 5000

struct http_request {
  const char *method; // "GET", "POST", …
  const char *url;    // absolute; path and query already percent-encoded
  const struct http_header
      *headers; // besides User-Agent and Accept: application/json, which are always sent
  size_t n_headers;
  const struct secret *body; // NULL: none
  const char *content_type;  // NULL: none
  enum http_replay replay;
  // It acts upon what was seen, which must not grow old. Where the service wants
  // us to wait longer than HTTP_PROMPT_MS, the answer is ERR_THROTTLED or its own (gate.h,
  // retry.h).
  bool prompt;
  // A new connection with a TLS handshake of its own, not kept for others: for proofs. Nothing that
  // can be read on its way to the server says that it follows another one (curl_request.c).
  bool fresh_connection;
  int64_t timeout_ms;  // of one try; 0: the transport's default
  int64_t deadline_ms; // of all tries and waits together; 0: the decorator's default
  size_t max_body;     // of the answer; 0: the transport's default (1 MiB)
};

// What came back. Initialise with {0}; http_response_clear() when done (also after an error).
struct http_response {
  int status;          // 100…599
  struct secret *body; // never NULL after ERR_OK
  char content_type[64];
  char etag[96];
  char location[512];     // for Vault's standby rule alone
  char transaction[128];  // Transaction-Id, else X-Correlation-Id, X-Request-Id, ""
  char index[1024];       // X-Vault-Index, ""
  int64_t retry_after_ms; // from Retry-After (seconds or date), −1 when absent or senseless
  int64_t date_s;         // the server's clock from Date, −1 when absent
  unsigned tries;         // how many times it was sent
};

// At most so many go side by side: the tokens of a proof, or its logs and the forged one. Each may
// need a connection of its own.
#define HTTP_TOGETHER_MAX 8

// One exchange of several that go together; a caller fills in the first three, and zeroes the rest.
struct http_call {
  const struct http_request *req;
  struct http_response *ret; // as for one exchange
  struct error *e;           // likewise; NULL allowed
  enum err err;              // how it ended
  // Called as soon as it ended, when others may still be under way; for decorators. NULL: not.
  void (*ended)(struct http_call *c);
  void *ctx; // for `ended`
};

struct transport;

// An implementation has `exchange` or `together`, or both.
struct transport_ops {
  // One exchange. ERR_OK: a whole answer, of any status, is in *ret. Otherwise:
  //   ERR_UNSENT     certainly not applied (resolve, connect, TLS, proxy: nothing was sent)
  //   ERR_UNSURE     sent at least in part, no complete answer (timeout, reset, truncated)
  //   ERR_REFUSED    the URL is not allowed (http to a foreign host), or the answer to a GET or
  //                  HEAD broke a limit (to any other method that is ERR_UNSURE: it may be applied)
  //   ERR_INVALID    a header's name or value has characters that it may not have
  //   ERR_THROTTLED  the service wants us to wait, and nothing was sent (gate.h);
  //                  e->retry_after_ms says how long
  //   ERR_CANCELLED  a stop was asked for before anything was sent
  //   ERR_INTERNAL   not sent for want of memory; or TLS failed in a process that ever lacked it
  //                  (wipe_was_starved), which may be no fault of the server's
  // *ret is written on ERR_OK only (retry.h's decorator also sets ret->tries after an error).
  // e->text names host and step ("connect to iam.cloud.ibm.com:443: refused"), never the path's
  // query or a body.
  enum err (*exchange)(struct transport *t, const struct http_request *req,
                       struct http_response *ret, struct error *e);
  void (*free)(struct transport *t);
  // n exchanges (1 … HTTP_TOGETHER_MAX), each with an end of its own, and with the errors above:
  // that one fails, ends none of the others. Which is sent or answered first is not known; those
  // for which there is no room now (gate.h) come after the others. Returns when all have ended.
  void (*together)(struct transport *t, struct http_call *calls, size_t n);
};

struct transport {
  const struct transport_ops *ops;
};

enum err http_exchange(struct transport *t, const struct http_request *req,
                       struct http_response *ret, struct error *e);
// Any number of them; no more than HTTP_TOGETHER_MAX are under way at once. Where a transport
// knows no better they go one after the other.
void http_together(struct transport *t, struct http_call *calls, size_t n);
void http_response_clear(struct http_response *r); // wipes and frees what it owns, zeroes the rest
void transport_free(struct transport *t);          // NULL allowed

// Percent-encodes one path segment or query value (unreserved bytes stay). Returns false if dst is
// too small.
bool http_encode(char *dst, size_t cap, const char *src);
// Appends name=value with the value percent-encoded, '&' between pairs: form bodies that hold a
// secret.
enum err http_form_add(struct secret *form, const char *name, const char *value);
enum err http_form_add_secret(struct secret *form, const char *name, const struct secret *value);
// Splits an absolute URL; false if it is not http(s)://host[:port][/path]. host without brackets.
bool http_url_host(const char *url, char *host, size_t host_cap, bool *ret_https, int *ret_port);
// Is the host a loopback address or localhost (or *.localhost)?
bool http_host_is_loopback(const char *host);
// Is it the metadata service that a virtual server (VPC) has, which answers in plain HTTP unless
// the server is set to HTTPS? Its address is link-local: what is sent there does not leave the host
// that the server runs on.
bool http_host_is_metadata(const char *host);

#endif
