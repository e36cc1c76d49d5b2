#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/base/env.h"

// systemd sets JOURNAL_STREAM to "device:inode" of the stream it gave; the variable also reaches
// processes whose stderr was redirected elsewhere, hence the comparison (systemd.exec(5)).
bool env_stderr_is_journal(void) {
  const char *text = getenv("JOURNAL_STREAM");
  unsigned long long dev, ino;
  char rest;
  struct stat st;
  return text && sscanf(text, "%llu:%llu%c", &dev, &ino, &rest) == 2 &&
         fstat(STDERR_FILENO, &st) == 0 && dev == st.st_dev && ino == st.st_ino;
}
