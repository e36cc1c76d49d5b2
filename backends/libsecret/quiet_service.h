// A SecretService that never prompts: whatever would ask a person fails at once with
// SECRET_ERROR_IS_LOCKED. An unattended run has nobody to answer, and libsecret would wait for
// ever.
#ifndef BACKENDS_LIBSECRET_QUIET_SERVICE_H
#define BACKENDS_LIBSECRET_QUIET_SERVICE_H

#include <libsecret/secret.h>

GType quiet_service_get_type(void);

#endif
