// Types of values: one row each in the table at the end, which says how a text is checked, how it
// is kept, and what it looks like in the JSON Schema and in the manual.
//
// A check takes the text of a config_value apart and notes what it stands for; on a mistake it says
// what was expected, and the nearest right text if there is one.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/base/text_time.h"
#include "rotator/config/internal.h"
#include "rotator/config/window.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

// --- checks ---

static enum err expected(struct config_value *v, const char *what) {
  char shown[CONFIG_SHOWN_MAX];
  return error_set(&v->e, ERR_INVALID, "expected %s, not %s", what,
                   config_show_text(shown, v->text));
}

static void suggest(struct config_value *v, const char *word) {
  text_copy(v->nearest, sizeof v->nearest, word);
}

static bool has_control(const char *s) {
  for (; *s; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7f)
      return true;
  return false;
}

static enum err check_version(struct config_value *v) {
  return strcmp(v->text, "1") == 0 ? ERR_OK : expected(v, "1, the one version there is");
}

static enum err check_text(struct config_value *v) {
  size_t len = strlen(v->text);
  if (len == 0)
    return error_set(&v->e, ERR_INVALID, "expected a text, not an empty one");
  if (has_control(v->text))
    return error_set(&v->e, ERR_INVALID, "a text with a line break or another control character");
  if (v->most > 0 && len > (size_t)v->most)
    return error_set(&v->e, ERR_INVALID, "%zu bytes are too long, at most %lld", len,
                     (long long)v->most);
  return ERR_OK;
}

static enum err check_label(struct config_value *v) {
  enum err err = check_text(v);
  for (const char *s = v->text; err == ERR_OK && *s; s++)
    if ((unsigned char)*s > 0x7e || strchr("\"'`\\", *s))
      err = expected(v, "printable ASCII without quotes and backslash");
  return err;
}

static enum err check_letters(struct config_value *v, const char *letters, const char *what) {
  size_t len = strlen(v->text);
  bool fits = v->most <= 0 || len <= (size_t)v->most;
  return len > 0 && fits && strspn(v->text, letters) == len ? ERR_OK : expected(v, what);
}

static enum err check_name(struct config_value *v) {
  static const char what[] =
      "a name of lower-case letters, digits, \".\", \"_\" and \"-\", at most 64 long";
  if (strchr("._-", v->text[0]))
    return expected(v,
                    v->text[0] ? "a name that begins with a lower-case letter or a digit" : what);
  enum err err = check_letters(v, LOWER DIGITS "._-", what);
  char low[NEAREST_MAX];
  if (err != ERR_OK && text_copy(low, sizeof low, v->text)) {
    for (char *s = low; *s; s++)
      *s = (char)tolower((unsigned char)*s);
    suggest(v, strspn(low, LOWER DIGITS "._-") == strlen(low) ? low : "");
  }
  return err;
}

static enum err check_token(struct config_value *v) {
  return check_letters(v, LOWER UPPER DIGITS "._-", "letters, digits, \".\", \"_\" and \"-\"");
}

static enum err check_path(struct config_value *v) {
  size_t len = strlen(v->text);
  if (v->text[0] == '~')
    return error_set(&v->e, ERR_INVALID, "expected an absolute path; ~ is not expanded");
  if (v->text[0] != '/')
    return expected(v, "an absolute path");
  if (len > 1 && v->text[len - 1] == '/')
    return error_set(&v->e, ERR_INVALID, "expected a path without / at its end");
  if (strstr(v->text, "/../") || text_ends(v->text, "/.."))
    return error_set(&v->e, ERR_INVALID, "expected a path without ..");
  if (len >= 4096 || has_control(v->text))
    return error_set(&v->e, ERR_INVALID,
                     "expected a path, at most 4095 bytes without control characters");
  return ERR_OK;
}

static enum err check_mode(struct config_value *v) {
  size_t len = strlen(v->text);
  if (len < 3 || len > 4 || strspn(v->text, "01234567") != len || (len == 4 && v->text[0] != '0'))
    return expected(v, "a file mode such as \"0600\"");
  return ERR_OK;
}

static enum err check_identity(struct config_value *v) {
  enum err err = config_service_id_check(v);
  return err == ERR_OK ? check_text(v) : err;
}

static enum err check_instance(struct config_value *v) {
  struct config_crn crn;
  return config_crn_read(v->text, &crn, v->nearest, &v->e);
}

static enum err check_bool(struct config_value *v) {
  static const struct {
    const char *written, *meant;
  } near[] = {{"yes", "true"}, {"on", "true"},   {"true", "true"},
              {"no", "false"}, {"off", "false"}, {"false", "false"}};
  v->number = strcmp(v->text, "true") == 0;
  if (v->number || strcmp(v->text, "false") == 0)
    return ERR_OK;
  for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
    if (strcasecmp(v->text, near[i].written) == 0)
      suggest(v, near[i].meant);
  return expected(v, "true or false");
}

static bool read_number(const char *s, int64_t *ret) {
  size_t len = strspn(s, DIGITS);
  if (len == 0 || len > 15 || s[len] != '\0' || (s[0] == '0' && len > 1))
    return false;
  *ret = strtoll(s, NULL, 10);
  return true;
}

static bool within(const struct config_value *v, int64_t n) {
  bool bounded = v->least != 0 || v->most != 0;
  return !bounded || (n >= v->least && n <= v->most);
}

static enum err check_number(struct config_value *v) {
  if (read_number(v->text, &v->number) && within(v, v->number))
    return ERR_OK;
  char what[80] = "a whole number";
  if (v->least != 0 || v->most != 0)
    snprintf(what, sizeof what, "a whole number from %lld to %lld", (long long)v->least,
             (long long)v->most);
  return expected(v, what);
}

// "65 minutes" and "65min" mean 65m.
static void suggest_duration(struct config_value *v) {
  static const char *const units[] = {"seconds", "minutes", "hours", "days", "weeks"};
  size_t digits = strspn(v->text, DIGITS);
  const char *unit = v->text + digits + strspn(v->text + digits, " ");
  char near[NEAREST_MAX];
  for (size_t i = 0; i < 5 && digits > 0 && digits < 8 && unit[0]; i++)
    if (strncasecmp(unit, units[i], strlen(unit)) == 0) {
      snprintf(near, sizeof near, "%.*s%c", (int)digits, v->text, units[i][0]);
      suggest(v, near);
    }
}

static enum err no_duration(struct config_value *v) {
  int64_t bare = 0;
  if (read_number(v->text, &bare))
    return expected(v, "a duration with its unit (s, m, h, d, w)");
  suggest_duration(v);
  if (strcmp(v->nearest, v->text) != 0)
    return expected(v, "a duration such as 90m, 24h or 30d");
  suggest(v, ""); // nothing is wrong with how it is written
  return expected(v, "a duration of at most 10 years");
}

static enum err check_duration(struct config_value *v) {
  if (text_parse_duration(v->text, &v->number) != ERR_OK)
    return no_duration(v);
  if (within(v, v->number))
    return ERR_OK;
  char least[32], most[32], what[96];
  text_format_duration(least, sizeof least, v->least);
  text_format_duration(most, sizeof most, v->most);
  snprintf(what, sizeof what, "a duration from %s to %s", least, most);
  return expected(v, what);
}

// "a, b or c"
static void list_choices(char *dst, size_t cap, const char *choices) {
  char word[CHOICE_MAX];
  size_t n = 0;
  dst[0] = '\0';
  for (const char *at = choices; choices_next(&at, word);) {
    const char *before = n == 0 ? "" : *at == '\0' ? " or " : ", ";
    int put = snprintf(dst + n, cap - n, "%s%s", before, word);
    n += put > 0 && (size_t)put < cap - n ? (size_t)put : 0;
  }
}

static enum err check_choice(struct config_value *v) {
  char list[256];
  int at = choices_find(v->choices, v->text);
  v->number = at;
  if (at >= 0)
    return ERR_OK;
  suggest(v, nearest_choice(v->choices, v->text).best);
  list_choices(list, sizeof list, v->choices);
  return expected(v, list);
}

static enum err check_severity(struct config_value *v) {
  if (read_number(v->text, &v->number) && within(v, v->number))
    return ERR_OK;
  if (check_choice(v) != ERR_OK)
    return expected(v,
                    "a severity from 1 to 6, or debug, verbose, info, warning, error or critical");
  v->number++;
  return ERR_OK;
}

// Windows are few and targets many: each text is worked out once.
struct config_window_cached {
  struct config_window_cached *next;
  const char *text;
  struct policy_window window;
};

static enum err check_window(struct config_value *v) {
  struct config_loader *l = v->loader;
  for (const struct config_window_cached *c = l->windows; c; c = c->next)
    if (strcmp(c->text, v->text) == 0) {
      v->window = c->window;
      return ERR_OK;
    }
  enum err err = window_read(v->text, l->now_s, &v->window, v->nearest, &v->e);
  struct config_window_cached *c = err == ERR_OK ? config_scratch(l, sizeof *c) : NULL;
  if (c && (c->text = config_scratch_text(l, v->text))) {
    c->window = v->window;
    c->next = l->windows;
    l->windows = c;
  }
  return err;
}

// --- where it is kept ---

static void keep_nothing(const struct config_value *v, void *at) {
  (void)v;
  (void)at;
}

static void keep_text(const struct config_value *v, void *at) {
  char *kept = config_keep(v->loader, v->text);
  memcpy(at, &kept, sizeof kept);
}

// One word for both, the second of which stands behind the first; that for queries follows from it.
static void keep_endpoints(const struct config_value *v, void *at) {
  char *none = NULL;
  keep_text(v, at);
  memcpy((unsigned char *)at + offsetof(struct config_target, api_url) -
             offsetof(struct config_target, iam_url),
         &none, sizeof none);
  keep_text(v, (unsigned char *)at + offsetof(struct config_target, ingress_url) -
                   offsetof(struct config_target, iam_url));
}

static void keep_bool(const struct config_value *v, void *at) {
  bool b = v->number != 0;
  memcpy(at, &b, sizeof b);
}

static void keep_int(const struct config_value *v, void *at) {
  int i = (int)v->number;
  memcpy(at, &i, sizeof i);
}

static void keep_int64(const struct config_value *v, void *at) {
  memcpy(at, &v->number, sizeof v->number);
}

// All enums that the table of options writes are of this size.
_Static_assert(sizeof(enum policy_origin) == sizeof(unsigned) &&
                   sizeof(enum policy_still_used) == sizeof(unsigned),
               "enums are written as unsigned");
static void keep_unsigned(const struct config_value *v, void *at) {
  unsigned u = (unsigned)v->number;
  memcpy(at, &u, sizeof u);
}

static void keep_window(const struct config_value *v, void *at) {
  memcpy(at, &v->window, sizeof v->window);
}

// --- the types ---

#define PATTERN(p) "{\"type\":\"string\",\"pattern\":\"" p "\"}"
#define REFERENCE(name) "{\"$ref\":\"#/$defs/" name "\"}"
#define LIST(items) "{\"type\":\"array\",\"items\":" items "}"
#define ANY_TEXT "{\"type\":[\"string\",\"integer\"]}"
#define INTEGER "{\"type\":\"integer\"}"
#define MAPPING "{\"type\":[\"object\",\"null\"],\"additionalProperties\":false,\"properties\":{}}"
#define UUID "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#define PROFILE_CRN "^crn:v1:[^:]*:[^:]*:iam-identity::a/[^:]*::profile:Profile-" UUID "$"
#define CRN "^crn:v1:[^:]*:[^:]*:logs:[a-z0-9-]+:a/[0-9a-fA-F]{32}:[0-9a-fA-F-]{36}::$"

// check, keep, JSON Schema, manual
const struct config_type_row config_types[CONFIG_TYPES] = {
    [CONFIG_SECTION] = {NULL, NULL, MAPPING, "Ar mapping"},
    [CONFIG_VERSION] = {check_version, keep_nothing, "{\"const\":1}", "Cm 1"},
    [CONFIG_TEXT] = {check_text, keep_text, ANY_TEXT, "Ar text"},
    [CONFIG_LABEL] = {check_label, keep_text, PATTERN("^[^\\\"'`\\\\\\\\]+$"), "Ar text"},
    [CONFIG_NAME] = {check_name, keep_text, PATTERN("^[a-z0-9][a-z0-9._-]*$"), "Ar name"},
    [CONFIG_TOKEN] = {check_token, keep_text, PATTERN("^[A-Za-z0-9._-]+$"), "Ar name"},
    [CONFIG_PATH] = {check_path, keep_text, PATTERN("^/.*[^/]$"), "Ar path"},
    [CONFIG_MODE] = {check_mode, keep_text, PATTERN("^0?[0-7]{3}$"), "Ar \\(dqmode\\(dq"},
    [CONFIG_BOOL] = {check_bool, keep_bool, "{\"type\":\"boolean\"}", "Cm true | false"},
    [CONFIG_INT] = {check_number, keep_int64, INTEGER, "Ar number"},
    [CONFIG_COUNT] = {check_number, keep_unsigned, INTEGER, "Ar number"},
    [CONFIG_DURATION] = {check_duration, keep_int64, REFERENCE("duration"), "Ar duration"},
    [CONFIG_CHOICE] = {check_choice, keep_unsigned, NULL, NULL},
    [CONFIG_WORD] = {check_choice, keep_text, NULL, NULL},
    [CONFIG_SEVERITY] = {check_severity, keep_int, INTEGER, "Ar number"},
    [CONFIG_WINDOW] = {check_window, keep_window, PATTERN("."), "Ar window"},
    [CONFIG_INSTANCE] = {check_instance, keep_text, PATTERN(CRN), "Ar crn"},
    [CONFIG_IDENTITY] = {check_identity, keep_text, PATTERN("."), "Ar text"},
    [CONFIG_PROFILE] = {config_profile_id_check, keep_text, PATTERN("^Profile-" UUID "$"),
                        "Ar text"},
    [CONFIG_CRN] = {config_profile_crn_check, keep_text, PATTERN(PROFILE_CRN), "Ar crn"},
    [CONFIG_ACCOUNT] = {config_account_check, keep_text, PATTERN("^[0-9a-fA-F]{32}$"), "Ar text"},
    [CONFIG_METADATA] = {config_metadata_check, keep_text, PATTERN("^https?://"), "Ar url"},
    [CONFIG_USER] = {config_user_check, keep_text, PATTERN("^(me|[A-Za-z0-9._]+-.*[0-9].*)$"),
                     "Ar text"},
    [CONFIG_ENDPOINT] = {config_endpoint_check, keep_text, PATTERN("^https?://"), "Ar url"},
    [CONFIG_ENDPOINTS] = {config_endpoint_check, keep_endpoints, MAPPING, "Ar mapping"},
    [CONFIG_WORDS] = {NULL, NULL, LIST(ANY_TEXT), "Ar list"},
    [CONFIG_COMMAND] = {NULL, NULL, LIST(ANY_TEXT), "Ar list"},
    [CONFIG_HOME] = {NULL, NULL, REFERENCE("home"), "Ar store"},
    [CONFIG_SINKS] = {NULL, NULL, LIST(REFERENCE("sink")), "Ar list"},
    [CONFIG_TARGETS] = {NULL, NULL,
                        "{\"type\":[\"array\",\"null\"],\"items\":" REFERENCE("target") "}",
                        "Ar list"},
};

enum err config_value_check(enum config_type type, struct config_value *v) {
  v->nearest[0] = '\0';
  v->number = 0;
  return config_types[type].check(v);
}

bool config_value_read(enum config_type type, const char *label, yaml_node_t *node,
                       struct config_value *v) {
  char shown[CONFIG_SHOWN_MAX], quoted[16] = "\"0600\"";
  struct config_loader *l = v->loader;
  const yaml_mark_t *at = &node->start_mark;
  v->text = config_scalar(node);
  if (!v->text || config_is_null(node)) {
    config_wrong(l, at, NULL, "%s: expected a value, found %s", label, config_show(shown, node));
    return false;
  }
  if (type == CONFIG_MODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
    if (strspn(v->text, "01234567") == strlen(v->text) && strlen(v->text) <= 4)
      snprintf(quoted, sizeof quoted, "\"%s%s\"", v->text[0] == '0' ? "" : "0", v->text);
    config_wrong(l, at, quoted,
                 "%s: a file mode must be quoted: YAML reads a bare 0600 as the number 384", label);
    return false;
  }
  enum err err = config_value_check(type, v);
  if (err == ERR_INTERNAL)
    l->out_of_memory = true;
  else if (err != ERR_OK)
    config_wrong(l, at, v->nearest, "%s: %s", label, v->e.text);
  return err == ERR_OK;
}
