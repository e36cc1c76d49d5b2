// A SecretService that asks nobody. An unattended run has nobody to answer, and libsecret would
// wait for ever; but some services (KeePassXC) answer every new item with a prompt object, also
// where no dialogue follows. So a prompt is given PROMPT_MS: one that needs nobody is completed by
// then, any other is dismissed, and its dialogue, if one was shown, is gone again.
//
// A prompt that was dismissed is G_IO_ERROR_PERMISSION_DENIED: certainly not done. One that did not
// even answer that is G_IO_ERROR_TIMED_OUT: perhaps done.
#ifndef BACKENDS_LIBSECRET_QUIET_SERVICE_H
#define BACKENDS_LIBSECRET_QUIET_SERVICE_H

#include <libsecret/secret.h>

#define PROMPT_MS 3000

GType quiet_service_get_type(void);

#endif
