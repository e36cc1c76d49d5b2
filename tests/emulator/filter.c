#include "filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

struct parser {
  const char *at;
  filter_field_fn *field;
  const void *item;
  bool bad;
  int depth;
};

static bool parse_or(struct parser *p);

static void skip_space(struct parser *p) {
  while (isspace((unsigned char)*p->at))
    p->at++;
}

static char *take_word(struct parser *p) {
  skip_space(p);
  size_t len = 0;
  while (isalnum((unsigned char)p->at[len]) || p->at[len] == '_')
    len++;
  char *word = util_format("%.*s", (int)len, p->at);
  p->at += len;
  return word;
}

static bool take_keyword(struct parser *p, const char *keyword) {
  skip_space(p);
  size_t len = strlen(keyword);
  if (strncasecmp(p->at, keyword, len) || isalnum((unsigned char)p->at[len]))
    return false;
  p->at += len;
  return true;
}

// A quoted string with backslash escapes. NULL: not one.
static char *take_string(struct parser *p) {
  struct sbuf b = {0};
  skip_space(p);
  if (*p->at != '"')
    return NULL;
  p->at++;
  sbuf_add(&b, "", 0);
  for (; *p->at && *p->at != '"'; p->at++) {
    if (*p->at == '\\' && p->at[1])
      p->at++;
    sbuf_add(&b, p->at, 1);
  }
  if (*p->at != '"') {
    free(b.data);
    return NULL;
  }
  p->at++;
  return b.data;
}

static bool compare(const char *op, const char *have, const char *want, bool *ret_bad) {
  size_t have_len = strlen(have), want_len = strlen(want);
  bool fold = strlen(op) == 5 && !strcmp(op + 2, "_ci");
  int (*same)(const char *, const char *, size_t) = fold ? strncasecmp : strncmp;
  if (strlen(op) != 2 && !fold)
    *ret_bad = true;
  else if (!strncmp(op, "sw", 2))
    return !same(have, want, want_len);
  else if (!strncmp(op, "ew", 2))
    return have_len >= want_len && !same(have + have_len - want_len, want, want_len);
  else if (!strncmp(op, "co", 2))
    return fold ? strcasestr(have, want) != NULL : strstr(have, want) != NULL;
  else if (!strncmp(op, "eq", 2))
    return have_len == want_len && !same(have, want, want_len);
  else
    *ret_bad = true;
  return false;
}

static bool parse_comparison(struct parser *p) {
  bool known = true, result = false;
  char *name = take_word(p), *op = take_word(p), *want = take_string(p);
  const char *have = *name ? p->field(p->item, name, &known) : NULL;
  if (!*name || !known || !want)
    p->bad = true;
  else
    result = compare(op, have ? have : "", want, &p->bad) && have;
  free(name);
  free(op);
  free(want);
  return result;
}

static bool parse_primary(struct parser *p) {
  skip_space(p);
  if (*p->at != '(')
    return parse_comparison(p);
  p->at++;
  if (++p->depth > 20)
    p->bad = true;
  bool result = !p->bad && parse_or(p);
  p->depth--;
  skip_space(p);
  if (*p->at != ')')
    p->bad = true;
  else
    p->at++;
  return result;
}

static bool parse_and(struct parser *p) {
  bool result = parse_primary(p);
  while (!p->bad && take_keyword(p, "and")) {
    bool right = parse_primary(p);
    result = result && right;
  }
  return result;
}

static bool parse_or(struct parser *p) {
  bool result = parse_and(p);
  while (!p->bad && take_keyword(p, "or")) {
    bool right = parse_and(p);
    result = result || right;
  }
  return result;
}

bool filter_match(const char *text, filter_field_fn *field, const void *item, bool *ret_match) {
  struct parser p = {.at = text, .field = field, .item = item};
  bool match = parse_or(&p);
  skip_space(&p);
  if (p.bad || *p.at)
    return false;
  *ret_match = match;
  return true;
}
