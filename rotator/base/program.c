#include "rotator/base/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 255 // what the kernel reads of a first line

// The interpreter of a "#!" line; NULL: none is named. `line` is changed.
static char *interpreter(char *line) {
  char *path = line + 2 + strspn(line + 2, " \t");
  path[strcspn(path, " \t\n")] = '\0';
  return path[0] ? path : NULL;
}

static enum err check_script(const char *path, char *line, struct error *e) {
  const char *runs = interpreter(line);
  size_t len = runs ? strlen(runs) : 0;
  if (!runs)
    return error_set(e, ERR_REFUSED, "program %s names no interpreter after its #!", path);
  if (runs[len - 1] == '\r')
    return error_set(e, ERR_REFUSED,
                     "program %s has Windows' line ends: the interpreter of its #! line ends in a "
                     "carriage return",
                     path);
  if (faccessat(AT_FDCWD, runs, X_OK, AT_EACCESS) != 0)
    return error_set(e, ERR_REFUSED, "program %s cannot be started: its interpreter %s: %s", path,
                     runs, strerror(errno));
  return ERR_OK;
}

enum err program_check(const char *path, struct error *e) {
  char head[LINE_MAX_BYTES + 1] = "";
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return ERR_OK;
  ssize_t n = read(fd, head, LINE_MAX_BYTES);
  close(fd);
  if (n < 0)
    return ERR_OK;
  if (n >= 2 && head[0] == '#' && head[1] == '!')
    return check_script(path, head, e);
  if (n >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0)
    return ERR_OK;
  return error_set(e, ERR_REFUSED,
                   "program %s cannot be started: it is no binary and has no #! line", path);
}
