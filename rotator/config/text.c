// Values that stay texts: names, paths, modes, identities.
#include <ctype.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/check.h"
#include "rotator/config/window.h"

static bool has_control(const char *s) {
  for (; *s; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7f)
      return true;
  return false;
}

enum err config_check_text(const struct config_check *c) {
  size_t len = strlen(c->text);
  if (len == 0)
    return error_set(c->e, ERR_INVALID, "expected a text, not an empty one");
  if (has_control(c->text))
    return error_set(c->e, ERR_INVALID, "a text with a line break or another control character");
  if (c->lim->most > 0 && len > (size_t)c->lim->most)
    return error_set(c->e, ERR_INVALID, "%zu bytes are too long, at most %lld", len,
                     (long long)c->lim->most);
  return ERR_OK;
}

static enum err check_letters(const struct config_check *c, const char *letters, const char *what) {
  size_t len = strlen(c->text);
  if (len == 0 || strspn(c->text, letters) != len ||
      (c->lim->most > 0 && len > (size_t)c->lim->most))
    return config_expected(c, what);
  return ERR_OK;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum err config_check_name(const struct config_check *c) {
  static const char what[] =
      "a name of lower-case letters, digits, \".\", \"_\" and \"-\", at most 64 long";
  if (strchr("._-", c->text[0]))
    return config_expected(c, c->text[0] ? "a name that begins with a lower-case letter or a digit"
                                         : what);
  enum err err = check_letters(c, LOWER DIGITS "._-", what);
  char low[WINDOW_NEAREST_MAX];
  if (err != ERR_OK && text_copy(low, sizeof low, c->text)) {
    for (char *s = low; *s; s++)
      *s = (char)tolower((unsigned char)*s);
    config_suggest(c, strspn(low, LOWER DIGITS "._-") == strlen(low) ? low : "");
  }
  return err;
}

enum err config_check_label(const struct config_check *c) {
  enum err err = config_check_text(c);
  for (const char *s = c->text; err == ERR_OK && *s; s++)
    if ((unsigned char)*s > 0x7e || strchr("\"'`\\", *s))
      err = config_expected(c, "printable ASCII without quotes and backslash");
  return err;
}

enum err config_check_path(const struct config_check *c) {
  size_t len = strlen(c->text);
  if (c->text[0] == '~')
    return error_set(c->e, ERR_INVALID, "expected an absolute path; ~ is not expanded");
  if (c->text[0] != '/')
    return config_expected(c, "an absolute path");
  if (len > 1 && c->text[len - 1] == '/')
    return error_set(c->e, ERR_INVALID, "expected a path without / at its end");
  if (strstr(c->text, "/../") || text_ends(c->text, "/.."))
    return error_set(c->e, ERR_INVALID, "expected a path without ..");
  if (len >= 4096 || has_control(c->text))
    return error_set(c->e, ERR_INVALID,
                     "expected a path, at most 4095 bytes without control characters");
  return ERR_OK;
}

enum err config_check_mode(const struct config_check *c) {
  size_t len = strlen(c->text);
  if (len < 3 || len > 4 || strspn(c->text, "01234567") != len || (len == 4 && c->text[0] != '0'))
    return config_expected(c, "a file mode such as \"0600\"");
  return ERR_OK;
}

enum err config_check_identity(const struct config_check *c) {
  const char *s = c->text;
  if (text_starts(s, "iam-ServiceId-")) {
    config_suggest(c, s + strlen("iam-"));
    return error_set(c->e, ERR_INVALID,
                     "an IAM id; expected the name of a service ID, or ServiceId-UUID");
  }
  if (text_starts(s, "ServiceId-") && !text_is_uuid(s + strlen("ServiceId-")))
    return error_set(c->e, ERR_INVALID,
                     "expected ServiceId- and a UUID (8-4-4-4-12 hexadecimal digits)");
  if (text_starts(s, "crn:"))
    return error_set(c->e, ERR_INVALID,
                     "a CRN; expected the name of a service ID, or ServiceId-UUID");
  if (text_starts(s, "IBMid-"))
    return error_set(c->e, ERR_INVALID,
                     "a user; expected the name of a service ID, or ServiceId-UUID");
  return config_check_text(c);
}

enum err config_check_token(const struct config_check *c) {
  return check_letters(c, LOWER UPPER DIGITS "._-", "letters, digits, \".\", \"_\" and \"-\"");
}
