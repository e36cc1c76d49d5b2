// The transport that really sends, by libcurl. One object is used by one thread at a time and keeps
// its connections alive between exchanges; objects share nothing but libcurl itself, which the
// first one starts: with allocators that wipe, and so that no key of a TLS session is ever written
// (SSLKEYLOGFILE).
#ifndef ROTATOR_HTTP_CURL_TRANSPORT_H
#define ROTATOR_HTTP_CURL_TRANSPORT_H

#include "rotator/base/env.h"
#include "rotator/http/transport.h"

struct curl_options {
  const char *user_agent; // NULL: "rotator/VERSION"
  const char *ca_file;    // PEM; NULL: the system's bundle, or one of the next two
  const char *ca_bytes;   // PEM text
  const char *ca_path; // a directory of PEM files, of any names; subdirectories are not looked at
  const char *client_cert; // PEM files; both or neither
  const char *client_key;
  const char *tls_server_name; // NULL: the URL's host
  const char *unix_socket;     // NULL: TCP
  const char *proxy;           // "": none; NULL: HTTPS_PROXY, NO_PROXY … as curl reads them
  bool allow_plain_loopback;   // http:// to loopback hosts
  bool allow_plain_metadata;   // http:// to the metadata service (http_host_is_metadata), port 80
  int64_t connect_timeout_ms;  // 0: 10 s
  int64_t timeout_ms;          // 0: 35 s (just above the gateway's own 30 s)
  size_t max_body;             // 0: 1 MiB
};

// The strings in *o are copied. Authorities that are replaced at their place are noticed before the
// next exchange, which then begins with a new connection. ERR_INVALID for a CA or key file that
// can't be read (named in e); ERR_INTERNAL without memory, also when libcurl or OpenSSL can't
// start.
enum err curl_transport_new(const struct curl_options *o, struct env *env, struct transport **ret,
                            struct error *e);

// Ends libcurl if any transport started it; after the last one was freed.
void curl_transport_finish(void);

// Counters since the object was made: exchanges, new connections. For tests, which hold us to the
// connections that are kept.
void curl_transport_counts(const struct transport *t, uint64_t *ret_exchanges,
                           uint64_t *ret_connections);

#endif
