// One turn of a writer on the file store, for the tests that kill it or fail its system calls:
//   file_store_driver KIND PATH VALUE [SETTING VALUE]…     KIND: sink, home
// Reads what is there, writes VALUE over it. Exit status: 0 written, 1 certainly not written, 2 not
// known, 3 wrong arguments. A getppid before and after the turn shows in a trace where it is: what
// the loader and sanitizers do around it is of no interest.
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/store.h"

enum { SETTINGS_MAX = 8 };

static struct store_item *open_item(int argc, char **argv) {
  struct store_setting s[SETTINGS_MAX] = {{"path", argv[2], 1}};
  struct store_item *it = NULL;
  struct error e = {0};
  size_t n = 1;
  int line = 0;
  for (int i = 4; i + 1 < argc && n < SETTINGS_MAX; i += 2)
    s[n++] = (struct store_setting){argv[i], argv[i + 1], i};
  enum store_kind kind = strcmp(argv[1], "home") == 0 ? STORE_HOME : STORE_SINK;
  if (store_backend_find("file")->open(NULL, kind, s, n, &it, &line, &e) != ERR_OK)
    fprintf(stderr, "argument %d: %s\n", line, e.text);
  return it;
}

static enum err turn(struct store_item *it, const char *value, struct error *e) {
  struct store_record old = {0}, new = {.value = secret_copy_text(value)};
  struct store_version v = {""};
  enum err err = store_read(it, &old, &v, e);
  if (err == ERR_OK || err == ERR_MISSING)
    err = store_write(it, &new, &v, &v, e);
  store_record_clear(&old);
  store_record_clear(&new);
  return err;
}

int main(int argc, char **argv) {
  struct store_item *it = argc >= 4 ? open_item(argc, argv) : NULL;
  if (!it)
    return 3;
  struct error e = {0};
  syscall(SYS_getppid);
  enum err err = turn(it, argv[3], &e);
  syscall(SYS_getppid);
  store_item_free(it);
  if (err == ERR_OK)
    return 0;
  fprintf(stderr, "%s: %s\n", err_name(err), e.text);
  return err == ERR_UNSURE ? 2 : 1;
}
