// Every store that is built in. A new store adds one line to STORES; CMakeLists.txt finds its
// folder by itself.
#include <string.h>

#include "backends/store.h"

#define STORES(X)                                                                                  \
  X(file)                                                                                          \
  X(helper)                                                                                        \
  X(ibm_secrets_manager)                                                                           \
  X(kubernetes)                                                                                    \
  X(libsecret)                                                                                     \
  X(memory)                                                                                        \
  X(vault)

#define DECLARE(name) extern const struct store_backend store_backend_##name;
STORES(DECLARE)

#define POINT(name) &store_backend_##name,
const struct store_backend *const store_backends[] = {STORES(POINT) NULL};

const struct store_backend *store_backend_find(const char *name) {
  for (size_t i = 0; store_backends[i]; i++)
    if (strcmp(store_backends[i]->name, name) == 0)
      return store_backends[i];
  return NULL;
}
