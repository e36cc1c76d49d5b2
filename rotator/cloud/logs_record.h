// The body of the test log. Internal to rotator/cloud.
#ifndef ROTATOR_CLOUD_LOGS_RECORD_H
#define ROTATOR_CLOUD_LOGS_RECORD_H

#include "rotator/cloud/logs.h"

#define LOGS_RECORD_MAX 1024

// A JSON array of one object, less than LOGS_RECORD_MAX bytes. Each text is cut to its room, and
// whatever is not plain ASCII, or a quote or a backslash, becomes '?': the ingestion path strips
// escapes. NULL counts as "". NULL without memory.
struct secret *logs_record_encode(const struct logs_record *r);

#endif
