// Files that others than us read: whoever scrapes the metrics, whoever looks at the report.
// Replaced whole or not at all; there is never a secret in them.
#ifndef ROTATOR_APP_REPORT_PUBLIC_FILE_H
#define ROTATOR_APP_REPORT_PUBLIC_FILE_H

#include "rotator/base/atomic_file.h"

// The file may belong to anybody, and its directory may be anybody's. Errors as file_replace_with.
enum err public_file_write(const char *path, mode_t mode, const struct file_content *content,
                           struct error *e);

#endif
