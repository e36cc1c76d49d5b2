// The identity that a target is of, in words and in commands of the vendor's CLI: a service ID, or
// a user. The CLI names users by the name they log in with, and the configuration by their IAM id.
#ifndef ROTATOR_APP_IDENTITY_H
#define ROTATOR_APP_IDENTITY_H

#include "rotator/app/compose.h"

#define IDENTITY_WORDS_MAX (IAM_NAME_MAX + 32)

// "service ID 'logs-agent'", "user IBMid-50ABC", or "the user of the management key" while it is
// not known who that is.
void identity_words(const struct managed *m, char dst[IDENTITY_WORDS_MAX]);

// What last_run.h keeps of the configuration: "logs-agent", "user me".
void identity_configured(const struct config_target *t, char dst[IAM_NAME_MAX]);
// The IAM id that the last run found for what is configured; "" if none.
const char *identity_remembered(const struct managed *m);

// Does it need nobody to be asked? Fills in the IAM id if so.
bool identity_is_known(const struct managed *m, enum compose_identity how, char ret[IAM_ID_MAX]);
// Asks IAM which identity is configured. ERR_MISSING: no service ID of that name; ERR_INVALID:
// several, or a user whose management key this is not.
enum err identity_ask(const struct managed *m, struct iam *iam, char ret[IAM_ID_MAX],
                      struct error *e);
// The service ID that the configuration names, as IAM has it; errors as identity_ask's.
enum err identity_look_up(const struct managed *m, struct iam *iam, struct iam_service_id *ret,
                          struct error *e);

// Is the management key one of the user that the target is of? Fills in the IAM id. ERR_INVALID,
// with the way out, if not.
enum err identity_is_me(const struct managed *m, const struct iam_token *me, char ret[IAM_ID_MAX],
                        struct error *e);

// The shell word that names the sender to the CLI; a user's is looked up by a command of its own.
#define IDENTITY_SHELL_MAX (IAM_NAME_MAX + 8)
void identity_for_shell(const struct managed *m, char dst[IDENTITY_SHELL_MAX]);
// "ibmcloud iam service-policy-create 'logs-agent' --service-name logs --roles Sender …"
#define IDENTITY_COMMAND_MAX (IDENTITY_SHELL_MAX + 160)
void identity_grant_command(const struct managed *m, char *dst, size_t cap);

#endif
