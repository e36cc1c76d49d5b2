// An HTTPS server on loopback (libmicrohttpd). Answers every request 200 with the text "none", or,
// when it was made to ask for certificates, with the word whether the client showed one: "shown" or
// "none". Every connection's TLS session may be resumed.
#ifndef TESTS_UNIT_HTTP_TLS_SERVER_H
#define TESTS_UNIT_HTTP_TLS_SERVER_H

#include "tests/unit/http/test_ca.h"

struct tls_server;

// priorities: GnuTLS' priority string, NULL: normal. client_ca: PEM of the authority of client
// certificates, NULL: none asked for. The texts must live as long as the server.
struct tls_server *tls_server_new(const struct test_cert *c, const char *priorities,
                                  const char *client_ca);
void tls_server_free(struct tls_server *s);
int tls_server_port(const struct tls_server *s);
int tls_server_requests(struct tls_server *s);
int tls_server_connections(struct tls_server *s);
// Requests that came over a connection which resumed an earlier TLS session.
int tls_server_resumed(struct tls_server *s);
// The Host header of the latest request.
const char *tls_server_host(struct tls_server *s);

#endif
