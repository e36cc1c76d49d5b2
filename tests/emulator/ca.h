// A certificate authority of one run, and the one server certificate it signs. The authority's key
// is thrown away at once: nothing else can ever be signed by it.
#ifndef EMU_CA_H
#define EMU_CA_H

#include <stdbool.h>

struct ca {
  char *ca_pem, *server_pem, *server_key_pem;
};

// Aborts when OpenSSL cannot do it.
void ca_make(struct ca *ret_ca);
void ca_free(struct ca *ca);

#endif
