// Values that stand for something: durations, numbers, choices. And which check a type asks for.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/config/check.h"
#include "rotator/config/window.h"

enum err config_expected(const struct config_check *c, const char *what) {
  char shown[CONFIG_SHOWN_MAX];
  return error_set(c->e, ERR_INVALID, "expected %s, not %s", what,
                   config_show_text(shown, c->text));
}

void config_suggest(const struct config_check *c, const char *word) {
  text_copy(c->nearest, WINDOW_NEAREST_MAX, word);
}

// The place of the text among "a|b|c", or −1 with the nearest of them.
static int choice_find(const struct config_check *c) {
  struct config_nearest n = config_nearest_start(c->text);
  char word[WINDOW_NEAREST_MAX], best[WINDOW_NEAREST_MAX] = "";
  const char *s = c->lim->choices;
  for (int i = 0; *s; i++) {
    size_t len = strcspn(s, "|");
    snprintf(word, sizeof word, "%.*s", (int)len, s);
    if (strcmp(word, c->text) == 0)
      return i;
    n.best = NULL;
    config_nearest_try(&n, word);
    if (n.best || strcasecmp(word, c->text) == 0)
      text_copy(best, sizeof best, word);
    s += len + (s[len] != '\0');
  }
  config_suggest(c, best);
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

static enum err check_choice(const struct config_check *c) {
  int at = choice_find(c);
  if (at < 0) {
    char list[256];
    choice_list(list, sizeof list, c->lim->choices);
    return config_expected(c, list);
  }
  *c->number = at;
  return ERR_OK;
}

static enum err check_bool(const struct config_check *c) {
  if (strcmp(c->text, "true") != 0 && strcmp(c->text, "false") != 0) {
    if (strcasecmp(c->text, "yes") == 0 || strcasecmp(c->text, "on") == 0 ||
        strcasecmp(c->text, "true") == 0)
      config_suggest(c, "true");
    if (strcasecmp(c->text, "no") == 0 || strcasecmp(c->text, "off") == 0 ||
        strcasecmp(c->text, "false") == 0)
      config_suggest(c, "false");
    return config_expected(c, "true or false");
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

static enum err check_number(const struct config_check *c) {
  int64_t n = 0;
  bool bounded = c->lim->least != 0 || c->lim->most != 0;
  if (!read_number(c->text, &n) || (bounded && (n < c->lim->least || n > c->lim->most))) {
    char what[80] = "a whole number";
    if (bounded)
      snprintf(what, sizeof what, "a whole number from %lld to %lld", (long long)c->lim->least,
               (long long)c->lim->most);
    return config_expected(c, what);
  }
  *c->number = n;
  return ERR_OK;
}

// "65 minutes" and "65min" mean 65m.
static void suggest_duration(const struct config_check *c) {
  static const char *const units[] = {"seconds", "minutes", "hours", "days", "weeks"};
  size_t digits = strspn(c->text, "0123456789");
  const char *unit = c->text + digits + strspn(c->text + digits, " ");
  char near[WINDOW_NEAREST_MAX];
  for (size_t i = 0; i < 5 && digits > 0 && digits < 8 && unit[0]; i++)
    if (strncasecmp(unit, units[i], strlen(unit)) == 0) {
      snprintf(near, sizeof near, "%.*s%c", (int)digits, c->text, units[i][0]);
      config_suggest(c, near);
    }
}

static enum err check_duration(const struct config_check *c) {
  int64_t s = 0;
  if (text_parse_duration(c->text, &s) != ERR_OK) {
    int64_t bare = 0;
    if (read_number(c->text, &bare))
      return config_expected(c, "a duration with its unit (s, m, h, d, w)");
    suggest_duration(c);
    if (strcmp(c->nearest, c->text) == 0) {
      config_suggest(c, "");
      return config_expected(c, "a duration of at most 10 years");
    }
    return config_expected(c, "a duration such as 90m, 24h or 30d");
  }
  bool bounded = c->lim->least != 0 || c->lim->most != 0;
  if (bounded && (s < c->lim->least || s > c->lim->most)) {
    char least[32], most[32], what[96];
    text_format_duration(least, sizeof least, c->lim->least);
    text_format_duration(most, sizeof most, c->lim->most);
    snprintf(what, sizeof what, "a duration from %s to %s", least, most);
    return config_expected(c, what);
  }
  *c->number = s;
  return ERR_OK;
}

static enum err check_severity(const struct config_check *c) {
  int64_t n = 0;
  if (read_number(c->text, &n) && n >= c->lim->least && n <= c->lim->most) {
    *c->number = n;
    return ERR_OK;
  }
  if (check_choice(c) == ERR_OK) {
    ++*c->number;
    return ERR_OK;
  }
  return config_expected(
      c, "a severity from 1 to 6, or debug, verbose, info, warning, error or critical");
}

enum err config_value_check(enum config_type type, const struct config_limits *lim,
                            const char *text, int64_t *ret_number, char *nearest, struct error *e) {
  struct config_crn crn;
  const struct config_check c = {lim, text, ret_number, nearest, e};
  config_suggest(&c, "");
  switch (type) {
  case CONFIG_VERSION:
    return strcmp(text, "1") == 0 ? ERR_OK : config_expected(&c, "1, the one version there is");
  case CONFIG_TEXT:
    return config_check_text(&c);
  case CONFIG_LABEL:
    return config_check_label(&c);
  case CONFIG_NAME:
    return config_check_name(&c);
  case CONFIG_TOKEN:
    return config_check_token(&c);
  case CONFIG_PATH:
    return config_check_path(&c);
  case CONFIG_MODE:
    return config_check_mode(&c);
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
    return config_check_identity(&c);
  case CONFIG_ENDPOINT:
    return config_endpoint_check(text, lim->choices, lim->plain_loopback, nearest, e);
  default:
    return error_set(e, ERR_INTERNAL, "not a single value");
  }
}
