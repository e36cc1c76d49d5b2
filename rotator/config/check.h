// What the checks of single values share. Private to value.c and text.c.
#ifndef ROTATOR_CONFIG_CHECK_H
#define ROTATOR_CONFIG_CHECK_H

#include "rotator/config/internal.h"

struct config_check {
  const struct config_limits *lim;
  const char *text;
  int64_t *number; // where the number goes that the text stands for
  char *nearest;   // WINDOW_NEAREST_MAX
  struct error *e;
};

// "expected WHAT, not \"TEXT\""; ERR_INVALID.
enum err config_expected(const struct config_check *c, const char *what);
void config_suggest(const struct config_check *c, const char *word);

// text.c: the types that stay texts. ERR_OK or ERR_INVALID.
enum err config_check_text(const struct config_check *c);
enum err config_check_label(const struct config_check *c);
enum err config_check_name(const struct config_check *c);
enum err config_check_token(const struct config_check *c);
enum err config_check_path(const struct config_check *c);
enum err config_check_mode(const struct config_check *c);
enum err config_check_identity(const struct config_check *c);

#endif
