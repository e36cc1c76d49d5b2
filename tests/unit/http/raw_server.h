// A server on loopback that answers with exact bytes, right or wrong, one step for each request.
// Steps are used in order, whatever connection a request comes on; the last one is repeated.
#ifndef TESTS_UNIT_HTTP_RAW_SERVER_H
#define TESTS_UNIT_HTTP_RAW_SERVER_H

#include <stddef.h>

enum raw_end {
  RAW_KEEP,  // the connection stays for the next request
  RAW_CLOSE, // closed after the answer
  RAW_RESET, // closed by RST
  RAW_HOLD,  // silence until the client goes away
  RAW_DRIP,  // one more byte every 20 ms until the client goes away
};

struct raw_step {
  const char *answer; // NULL: none
  size_t fill;        // bytes 'x' after it
  enum raw_end end;
};

struct raw_server;

// Listens on 127.0.0.1. The texts of the steps are not copied.
struct raw_server *raw_server_new(const struct raw_step *steps, size_t n);
void raw_server_free(struct raw_server *s);
int raw_server_port(const struct raw_server *s);

// Called in the server's thread when a request has been read, before it is answered. NULL: nothing.
void raw_server_on_request(struct raw_server *s, void (*call)(void *data), void *data);

// How many requests and connections there were, and the latest request: its bytes, head and body.
int raw_server_requests(struct raw_server *s);
// Waits (10 s at most) until there were n requests; returns how many there were. A client that ran
// into its time may be done before its request has been read.
int raw_server_wait(struct raw_server *s, int n);
int raw_server_connections(struct raw_server *s);
const char *raw_server_last(struct raw_server *s);

#endif
