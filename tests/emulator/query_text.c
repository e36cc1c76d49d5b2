#include "query_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "util.h"

enum condition_type { CONDITION_LABEL, CONDITION_SEVERITY, CONDITION_WORD };

struct condition {
  enum condition_type type;
  bool negated;
  char *label, *value;
  int severity;
};

struct query {
  struct condition *conditions;
  size_t count;
  long limit;
};

struct scanner {
  const char *at;
};

static bool take(struct scanner *s, const char *token) {
  while (isspace((unsigned char)*s->at))
    s->at++;
  size_t len = strlen(token);
  if (strncmp(s->at, token, len))
    return false;
  // A word must end where it ends.
  if (isalnum((unsigned char)token[len - 1]) && isalnum((unsigned char)s->at[len]))
    return false;
  s->at += len;
  return true;
}

static char *take_word(struct scanner *s) {
  while (isspace((unsigned char)*s->at))
    s->at++;
  size_t len = 0;
  while (isalnum((unsigned char)s->at[len]) || s->at[len] == '_')
    len++;
  char *word = len ? util_format("%.*s", (int)len, s->at) : NULL;
  s->at += len;
  return word;
}

static char *take_quoted(struct scanner *s) {
  struct sbuf b = {0};
  if (!take(s, "'"))
    return NULL;
  sbuf_add(&b, "", 0);
  for (; *s->at && *s->at != '\''; s->at++) {
    if (*s->at == '\\' && s->at[1])
      s->at++;
    sbuf_add(&b, s->at, 1);
  }
  if (*s->at != '\'') {
    free(b.data);
    return NULL;
  }
  s->at++;
  return b.data;
}

static bool take_operator(struct scanner *s, bool *ret_negated) {
  *ret_negated = take(s, "!=");
  return *ret_negated || take(s, "==");
}

static int severity_number(const char *name) {
  static const char *const names[] = {"DEBUG", "VERBOSE", "INFO", "WARNING", "ERROR", "CRITICAL"};
  for (int i = 0; name && i < 6; i++) {
    if (!strcmp(names[i], name))
      return i + 1;
  }
  return 0;
}

static bool parse_condition(struct scanner *s, struct condition *c) {
  *c = (struct condition){0};
  if (take(s, "$l.")) {
    c->type = CONDITION_LABEL;
    c->label = take_word(s);
    return c->label && take_operator(s, &c->negated) && (c->value = take_quoted(s));
  }
  if (take(s, "$m.severity")) {
    c->type = CONDITION_SEVERITY;
    bool ok = take_operator(s, &c->negated);
    char *name = ok ? take_word(s) : NULL;
    c->severity = severity_number(name);
    free(name);
    return c->severity > 0;
  }
  c->type = CONDITION_WORD;
  return take(s, "$d") && take(s, "~~") && (c->value = take_quoted(s));
}

static bool parse_filter(struct scanner *s, struct query *q) {
  do {
    q->conditions = util_realloc(q->conditions, (q->count + 1) * sizeof *q->conditions);
    if (!parse_condition(s, &q->conditions[q->count++]))
      return false;
  } while (take(s, "&&"));
  return true;
}

static bool parse_limit(struct scanner *s, struct query *q) {
  char *word = take_word(s), *end;
  if (!word)
    return false;
  q->limit = strtol(word, &end, 10);
  bool ok = !*end && q->limit >= 0;
  free(word);
  return ok;
}

static bool parse(struct scanner *s, struct query *q) {
  if (!take(s, "source") || !take(s, "logs"))
    return false;
  while (take(s, "|")) {
    if (take(s, "filter") ? !parse_filter(s, q) : !take(s, "limit") || !parse_limit(s, q))
      return false;
  }
  while (isspace((unsigned char)*s->at))
    s->at++;
  return !*s->at;
}

struct query *query_parse(const char *text) {
  struct query *q = util_alloc(sizeof *q);
  struct scanner s = {text};
  q->limit = -1;
  if (parse(&s, q))
    return q;
  query_free(q);
  return NULL;
}

void query_free(struct query *q) {
  if (!q)
    return;
  for (size_t i = 0; i < q->count; i++) {
    free(q->conditions[i].label);
    free(q->conditions[i].value);
  }
  free(q->conditions);
  free(q);
}

static bool condition_holds(const struct condition *c, const struct log_line *line) {
  switch (c->type) {
  case CONDITION_LABEL: {
    const char *have = json_text(line->labels, c->label);
    return have && !strcmp(have, c->value);
  }
  case CONDITION_SEVERITY:
    return line->severity == c->severity;
  case CONDITION_WORD:
    return strcasestr(line->text, c->value) != NULL;
  }
  return false;
}

bool query_matches(const struct query *q, const struct log_line *line) {
  for (size_t i = 0; i < q->count; i++) {
    if (condition_holds(&q->conditions[i], line) == q->conditions[i].negated)
      return false;
  }
  return true;
}

long query_limit(const struct query *q) {
  return q->limit;
}
