// The env format: one variable, for systemd's EnvironmentFile= and for a shell. The file is ours as
// a whole. A file that other people's variables stand in (/etc/default/fluent-bit) is refused with
// its first such line: a rewrite would have to understand it, and a mistake there stops somebody's
// service. Own file, and a drop-in that reads it, is the way.
//
// Where both readers take a byte as it is, the value stands bare (docker --env-file, too, reads it
// then); else in single quotes, inside which neither treats anything but the quote itself specially
// (a value never holds quotes or backslashes, see store_value_check). What the two would read
// differently is not accepted when read.
#include <string.h>

#include "backends/file/filestore.h"

static const char header[] = "# Written whole by rotator at each rotation: it must hold nothing "
                             "else. Other variables belong in another file.\n";

static bool bare_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && strchr("_-./:@%+,=", c));
}

static bool all_bare(const char *s, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!bare_char(s[i]))
      return false;
  return true;
}

static enum err env_encode(const struct filestore *fs, const struct store_record *r,
                           struct secret **ret, struct error *e) {
  const char *quote = all_bare(secret_bytes(r->value), secret_len(r->value)) ? "" : "'";
  struct secret *s = secret_new(secret_len(r->value) + sizeof header + FILESTORE_VARIABLE_MAX + 8);
  if (!s || secret_append_text(s, header) != ERR_OK ||
      secret_append_text(s, fs->variable) != ERR_OK || secret_append_text(s, "=") != ERR_OK ||
      secret_append_text(s, quote) != ERR_OK ||
      secret_append(s, secret_bytes(r->value), secret_len(r->value)) != ERR_OK ||
      secret_append_text(s, quote) != ERR_OK || secret_append_text(s, "\n") != ERR_OK) {
    secret_free(s);
    return error_no_memory(e);
  }
  *ret = s;
  return ERR_OK;
}

struct line {
  const char *at;
  size_t len;
  int number;
};

static bool is_blank(struct line l) {
  for (size_t i = 0; i < l.len; i++)
    if (l.at[i] != ' ' && l.at[i] != '\t')
      return false;
  return true;
}

static bool assigns(struct line l, const char *variable) {
  size_t len = strlen(variable);
  return l.len > len && memcmp(l.at, variable, len) == 0 && l.at[len] == '=';
}

static enum err foreign(int line, const char *what, struct error *e) {
  return error_set(e, ERR_REFUSED,
                   "line %d %s, and this file is rewritten whole: give the key a file of its own, "
                   "and add it to the"
                   " consumer's unit by a drop-in with EnvironmentFile=",
                   line, what);
}

// What a byte that may not stand bare is; '' for one that quotes would help.
static const char *name_of(char c) {
  return c == '\r'   ? ", a carriage return (the line ends of Windows)"
         : c == ' '  ? ", a blank"
         : c == '\t' ? ", a tab"
                     : "";
}

static enum err tell_bare(struct line l, size_t skip, struct error *e) {
  while (skip < l.len && bare_char(l.at[skip]))
    skip++;
  return error_set(e, ERR_CORRUPT, "line %d: the value needs quotes, for byte %zu of the line%s",
                   l.number, skip + 1, name_of(l.at[skip]));
}

// The value behind the '=': bare, or all of it in quotes.
static enum err take_value(struct line l, size_t skip, struct secret **ret, struct error *e) {
  const char *v = l.at + skip;
  size_t len = l.len - skip;
  char quote = len > 0 && (v[0] == '"' || v[0] == '\'') ? v[0] : '\0';
  if (quote && (len < 2 || v[len - 1] != quote))
    return error_set(e, ERR_CORRUPT, "line %d: the quote is not closed at the end of the line%s",
                     l.number, name_of(v[len - 1]));
  if (quote) {
    v++;
    len -= 2;
  } else if (!all_bare(v, len)) {
    return tell_bare(l, skip, e);
  }
  if (quote == '"' && memchr(v, '$', len))
    return error_set(e, ERR_CORRUPT,
                     "line %d: a shell and systemd read '$' in double quotes differently",
                     l.number);
  *ret = secret_copy(v, len);
  return *ret ? ERR_OK : error_no_memory(e);
}

// What stands between a line and one that sets our variable; NULL: it is another line altogether.
static const char *near_miss(struct line l, const char *variable) {
  static const struct {
    const char *front, *fault;
  } rows[] = {
      {"\xef\xbb\xbf", "begins with a byte order mark (EF BB BF): save the file without it"},
      {"export ", "begins with 'export ', which systemd does not read: leave it out"},
      {" ", "begins with a blank: leave it out"},
      {"\t", "begins with a tab: leave it out"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t n = strlen(rows[i].front);
    if (l.len > n && memcmp(l.at, rows[i].front, n) == 0)
      return i == 0 || assigns((struct line){l.at + n, l.len - n, l.number}, variable)
                 ? rows[i].fault
                 : NULL;
  }
  size_t len = strlen(variable);
  bool ours = l.len > len + 1 && memcmp(l.at, variable, len) == 0 && l.at[len] == ' ';
  return ours && memchr(l.at + len, '=', l.len - len) ? "has a blank before the '=': leave it out"
                                                      : NULL;
}

// What a power loss leaves of a line that was never written.
static bool is_lost(struct line l) {
  for (size_t i = 0; i < l.len; i++)
    if (l.at[i] != '\0' && l.at[i] != ' ' && l.at[i] != '\t')
      return false;
  return true;
}

static enum err take_line(const struct filestore *fs, struct line l, struct secret **value,
                          struct error *e) {
  if (is_lost(l))
    return error_set(e, ERR_CORRUPT, "line %d holds NUL bytes, as after a power loss", l.number);
  const char *fault = near_miss(l, fs->variable);
  if (fault)
    return error_set(e, ERR_REFUSED, "line %d is not ours: it %s", l.number, fault);
  if (!assigns(l, fs->variable))
    return foreign(l.number, "is not ours", e);
  if (*value)
    return error_set(e, ERR_CORRUPT, "line %d sets the variable once more", l.number);
  return take_value(l, strlen(fs->variable) + 1, value, e);
}

// The line that begins at *at, which is moved on to the next one.
static struct line next_line(const char **at, const char *end, int number) {
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));
  struct line l = {*at, (size_t)((stop ? stop : end) - *at), number};
  *at = stop ? stop + 1 : end;
  return l;
}

static enum err env_decode(const struct filestore *fs, const struct secret *bytes,
                           struct store_record *ret, struct error *e) {
  const char *at = secret_bytes(bytes), *end = at + secret_len(bytes);
  int comment = 0;
  enum err first = ERR_OK; // a line of ours that does not decode: it may be written over …
  struct error first_error = {0};
  for (int number = 1; at < end; number++) {
    struct line l = next_line(&at, end, number);
    if (is_blank(l))
      continue;
    if (l.at[0] == '#') {
      comment = comment ? comment : number;
      continue;
    }
    enum err err = take_line(fs, l, &ret->value, e);
    if (err != ERR_OK && err != ERR_CORRUPT)
      return err; // … but not where others' lines stand
    if (err != ERR_OK && first == ERR_OK) {
      first = err;
      first_error = *e;
    }
  }
  if (first != ERR_OK) {
    *e = first_error;
    return first;
  }
  if (!ret->value) // somebody's file in which everything is commented out
    return foreign(comment, "is a comment of a file that does not set the variable", e);
  return secret_is_empty(ret->value) ? error_set(e, ERR_MISSING, "the variable is empty") : ERR_OK;
}

// NAME= of any variable: what stands before its value; 0: it is no plain assignment.
static size_t name_len(struct line l) {
  size_t n = 0;
  while (n < l.len &&
         (l.at[n] == '_' || (l.at[n] >= 'a' && l.at[n] <= 'z') ||
          (l.at[n] >= 'A' && l.at[n] <= 'Z') || (n > 0 && l.at[n] >= '0' && l.at[n] <= '9')))
    n++;
  return n > 0 && n < l.len && l.at[n] == '=' ? n + 1 : 0;
}

// Of a file that holds plain assignments only, each reader takes the last one of our variable,
// whatever else is set there. One line of any other form, and they would part.
static struct secret *env_served(const struct filestore *fs, const struct secret *bytes) {
  const char *at = secret_bytes(bytes), *end = at + secret_len(bytes);
  struct secret *value = NULL;
  while (at < end) {
    struct line l = next_line(&at, end, 0);
    if (is_blank(l) || l.at[0] == '#')
      continue;
    struct secret *taken = NULL;
    size_t skip = name_len(l);
    if (skip == 0 || take_value(l, skip, &taken, NULL) != ERR_OK)
      return secret_free(value);
    bool ours = assigns(l, fs->variable);
    secret_free(ours ? value : taken);
    value = ours ? taken : value;
  }
  return value;
}

const struct filestore_format filestore_env = {"env", env_encode, env_decode, env_served};
