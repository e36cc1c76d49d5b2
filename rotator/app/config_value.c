// Single values: what a text must look like to be a duration, a path, a choice …, and where it goes.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/app/config_loader.h"
#include "rotator/app/window.h"
#include "rotator/base/text.h"

struct check {
  const struct config_limits *lim;
  const char *text;
  int64_t *number;
  char *nearest;
  struct error *e;
};

static enum err expected(const struct check *c, const char *what) {
  char shown[CONFIG_SHOWN_MAX];
  return error_set(c->e, ERR_INVALID, "expected %s, not %s", what,
                   config_show_text(shown, c->text));
}

static void suggest(const struct check *c, const char *word) {
  text_copy(c->nearest, WINDOW_NEAREST_MAX, word);
}

// The place of the text among "a|b|c", or −1 with the nearest of them.
static int choice_find(const struct check *c) {
  struct config_nearest n = config_nearest_start(c->text);
  char word[WINDOW_NEAREST_MAX], best[WINDOW_NEAREST_MAX] = "";
  const char *s = c->lim->choices;
  for (int i = 0; *s; i++) {
    size_t len = strcspn(s, "|");
    snprintf(word, sizeof(word), "%.*s", (int)len, s);
    if (strcmp(word, c->text) == 0)
      return i;
    n.best = NULL;
    config_nearest_try(&n, word);
    if (n.best || strcasecmp(word, c->text) == 0)
      text_copy(best, sizeof(best), word);
    s += len + (s[len] != '\0');
  }
  suggest(c, best);
  return -1;
}

// "a, b or c"
static void choice_list(char *dst, size_t cap, const char *choices) {
  size_t n = 0;
  dst[0] = '\0';
  for (const char *s = choices; *s;) {
    size_t len = strcspn(s, "|");
    bool last = s[len] == '\0', first = s == choices;
    int put = snprintf(dst + n, cap - n, "%s%.*s", first ? "" : last ? " or " : ", ", (int)len, s);
    n += put > 0 && (size_t)put < cap - n ? (size_t)put : 0;
    s += len + !last;
  }
}

static enum err check_choice(const struct check *c) {
  int at = choice_find(c);
  if (at < 0) {
    char list[256];
    choice_list(list, sizeof(list), c->lim->choices);
    return expected(c, list);
  }
  *c->number = at;
  return ERR_OK;
}

static enum err check_bool(const struct check *c) {
  if (strcmp(c->text, "true") != 0 && strcmp(c->text, "false") != 0) {
    if (strcasecmp(c->text, "yes") == 0 || strcasecmp(c->text, "on") == 0 ||
        strcasecmp(c->text, "true") == 0)
      suggest(c, "true");
    if (strcasecmp(c->text, "no") == 0 || strcasecmp(c->text, "off") == 0 ||
        strcasecmp(c->text, "false") == 0)
      suggest(c, "false");
    return expected(c, "true or false");
  }
  *c->number = c->text[0] == 't';
  return ERR_OK;
}

static bool read_number(const char *s, int64_t *ret) {
  size_t len = strspn(s, "0123456789");
  if (len == 0 || len > 15 || s[len] != '\0' || (s[0] == '0' && len > 1))
    return false;
  *ret = strtoll(s, NULL, 10);
  return true;
}

static enum err check_number(const struct check *c) {
  int64_t n = 0;
  bool bounded = c->lim->least != 0 || c->lim->most != 0;
  if (!read_number(c->text, &n) || (bounded && (n < c->lim->least || n > c->lim->most))) {
    char what[80] = "a whole number";
    if (bounded)
      snprintf(what, sizeof(what), "a whole number from %lld to %lld", (long long)c->lim->least,
               (long long)c->lim->most);
    return expected(c, what);
  }
  *c->number = n;
  return ERR_OK;
}

// "65 minutes" and "65min" mean 65m.
static void suggest_duration(const struct check *c) {
  static const char *const units[] = {"seconds", "minutes", "hours", "days", "weeks"};
  size_t digits = strspn(c->text, "0123456789");
  const char *unit = c->text + digits + strspn(c->text + digits, " ");
  char near[WINDOW_NEAREST_MAX];
  for (size_t i = 0; i < 5 && digits > 0 && digits < 8 && unit[0]; i++)
    if (strncasecmp(unit, units[i], strlen(unit)) == 0) {
      snprintf(near, sizeof(near), "%.*s%c", (int)digits, c->text, units[i][0]);
      suggest(c, near);
    }
}

static enum err check_duration(const struct check *c) {
  int64_t s = 0;
  if (text_parse_duration(c->text, &s) != ERR_OK) {
    int64_t bare = 0;
    if (read_number(c->text, &bare))
      return expected(c, "a duration with its unit (s, m, h, d, w)");
    suggest_duration(c);
    if (strcmp(c->nearest, c->text) == 0) {
      suggest(c, "");
      return expected(c, "a duration of at most 10 years");
    }
    return expected(c, "a duration such as 90m, 24h or 30d");
  }
  bool bounded = c->lim->least != 0 || c->lim->most != 0;
  if (bounded && (s < c->lim->least || s > c->lim->most)) {
    char least[32], most[32], what[96];
    text_format_duration(least, sizeof(least), c->lim->least);
    text_format_duration(most, sizeof(most), c->lim->most);
    snprintf(what, sizeof(what), "a duration from %s to %s", least, most);
    return expected(c, what);
  }
  *c->number = s;
  return ERR_OK;
}

static enum err check_severity(const struct check *c) {
  int64_t n = 0;
  if (read_number(c->text, &n) && n >= c->lim->least && n <= c->lim->most) {
    *c->number = n;
    return ERR_OK;
  }
  if (check_choice(c) == ERR_OK) {
    ++*c->number;
    return ERR_OK;
  }
  return expected(c, "a severity from 1 to 6, or debug, verbose, info, warning, error or critical");
}

static bool has_control(const char *s) {
  for (; *s; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7f)
      return true;
  return false;
}

static enum err check_text(const struct check *c) {
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

static enum err check_letters(const struct check *c, const char *letters, const char *what) {
  size_t len = strlen(c->text);
  if (len == 0 || strspn(c->text, letters) != len ||
      (c->lim->most > 0 && len > (size_t)c->lim->most))
    return expected(c, what);
  return ERR_OK;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static enum err check_name(const struct check *c) {
  static const char what[] =
      "a name of lower-case letters, digits, \".\", \"_\" and \"-\", at most 64 long";
  if (strchr("._-", c->text[0]))
    return expected(c,
                    c->text[0] ? "a name that begins with a lower-case letter or a digit" : what);
  enum err err = check_letters(c, LOWER DIGITS "._-", what);
  char low[WINDOW_NEAREST_MAX];
  if (err != ERR_OK && text_copy(low, sizeof(low), c->text)) {
    for (char *s = low; *s; s++)
      *s = (char)tolower((unsigned char)*s);
    suggest(c, strspn(low, LOWER DIGITS "._-") == strlen(low) ? low : "");
  }
  return err;
}

static enum err check_label(const struct check *c) {
  enum err err = check_text(c);
  for (const char *s = c->text; err == ERR_OK && *s; s++)
    if ((unsigned char)*s > 0x7e || strchr("\"'`\\", *s))
      err = expected(c, "printable ASCII without quotes and backslash");
  return err;
}

static enum err check_path(const struct check *c) {
  size_t len = strlen(c->text);
  if (c->text[0] == '~')
    return error_set(c->e, ERR_INVALID, "expected an absolute path; ~ is not expanded");
  if (c->text[0] != '/')
    return expected(c, "an absolute path");
  if (len > 1 && c->text[len - 1] == '/')
    return error_set(c->e, ERR_INVALID, "expected a path without / at its end");
  if (strstr(c->text, "/../") || text_ends(c->text, "/.."))
    return error_set(c->e, ERR_INVALID, "expected a path without ..");
  if (len >= 4096 || has_control(c->text))
    return error_set(c->e, ERR_INVALID,
                     "expected a path, at most 4095 bytes without control characters");
  return ERR_OK;
}

static enum err check_mode(const struct check *c) {
  size_t len = strlen(c->text);
  if (len < 3 || len > 4 || strspn(c->text, "01234567") != len || (len == 4 && c->text[0] != '0'))
    return expected(c, "a file mode such as \"0600\"");
  return ERR_OK;
}

static enum err check_identity(const struct check *c) {
  const char *s = c->text;
  if (text_starts(s, "iam-ServiceId-")) {
    suggest(c, s + strlen("iam-"));
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
  return check_text(c);
}

enum err config_value_check(enum config_type type, const struct config_limits *lim,
                            const char *text, int64_t *ret_number, char *nearest, struct error *e) {
  struct config_crn crn;
  const struct check c = {lim, text, ret_number, nearest, e};
  suggest(&c, "");
  switch (type) {
  case CONFIG_VERSION:
    return strcmp(text, "1") == 0 ? ERR_OK : expected(&c, "1, the one version there is");
  case CONFIG_TEXT:
    return check_text(&c);
  case CONFIG_LABEL:
    return check_label(&c);
  case CONFIG_NAME:
    return check_name(&c);
  case CONFIG_TOKEN:
    return check_letters(&c, LOWER UPPER DIGITS "._-", "letters, digits, \".\", \"_\" and \"-\"");
  case CONFIG_PATH:
    return check_path(&c);
  case CONFIG_MODE:
    return check_mode(&c);
  case CONFIG_BOOL:
    return check_bool(&c);
  case CONFIG_INT:
  case CONFIG_COUNT:
    return check_number(&c);
  case CONFIG_DURATION:
    return check_duration(&c);
  case CONFIG_CHOICE:
  case CONFIG_WORD:
    return check_choice(&c);
  case CONFIG_SEVERITY:
    return check_severity(&c);
  case CONFIG_INSTANCE:
    return config_crn_read(text, &crn, nearest, e);
  case CONFIG_IDENTITY:
    return check_identity(&c);
  case CONFIG_ENDPOINT:
    return config_endpoint_check(text, lim->choices, lim->plain_loopback, nearest, e);
  default:
    return error_set(e, ERR_INTERNAL, "not a single value");
  }
}
