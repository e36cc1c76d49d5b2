// file_writer FILE TEXT: replaces the file, for file_kill_test.sh. Exit status: the kind of error.
#include <stdio.h>

#include "rotator/base/atomic_file.h"

int main(int argc, char **argv) {
  const struct file_rules rules = {
      .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .private_dir = true};
  if (argc != 3)
    return ERR_INVALID;
  SECRET_AUTO text = secret_copy_text(argv[2]);
  struct error e = {0};
  enum err err = file_replace(argv[1], &rules, text, NULL, NULL, &e);
  if (err)
    fprintf(stderr, "%s\n", e.text);
  return (int)err;
}
