// The listeners: HTTPS, plain HTTP on loopback, and the metadata service if wanted.
#ifndef EMU_SERVER_H
#define EMU_SERVER_H

#include "ca.h"
#include "emu.h"

struct server;

struct server_options {
  int https_port, http_port; // 0: any
  int imds_port;             // -1: no metadata service; 0: any
  bool imds_tls;             // it speaks HTTPS, and nothing else
  unsigned threads;
};

// Sets emu->https_port and the others to what was bound. NULL: a port could not be had.
struct server *server_start(struct emu *emu, const struct server_options *o, const struct ca *ca);
void server_stop(struct server *s);

#endif
