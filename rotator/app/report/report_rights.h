// When IAM or Cloud Logs refused for lack of rights: which action is missing, and which role has
// it.
#ifndef ROTATOR_APP_REPORT_REPORT_RIGHTS_H
#define ROTATOR_APP_REPORT_REPORT_RIGHTS_H

#include "rotator/app/compose.h"

// False when *e is no such refusal. `row`: at which row it happened; ROW_COUNT: at none.
bool report_rights(const struct bound *b, enum row row, const struct error *e, char *dst,
                   size_t cap);

#endif
