// A proxy on loopback that understands CONNECT and leads every tunnel to one port of 127.0.0.1.
#ifndef TESTS_UNIT_HTTP_TUNNEL_H
#define TESTS_UNIT_HTTP_TUNNEL_H

struct tunnel;

struct tunnel *tunnel_new(int to_port);
void tunnel_free(struct tunnel *t);
int tunnel_port(const struct tunnel *t);
// The request line of the latest CONNECT; "" when there was none.
const char *tunnel_last(struct tunnel *t);

#endif
