#include "rotator/app/report/public_file.h"

enum err public_file_write(const char *path, mode_t mode, const struct file_content *content,
                           struct error *e) {
  const struct file_rules rules = {
      .mode = mode, .owner = (uid_t)-1, .group = (gid_t)-1, .any_owner = true};
  return file_replace_with(path, &rules, content, e);
}
