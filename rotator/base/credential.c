#include "rotator/base/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/base/env.h"
#include "rotator/base/file_dir.h"

enum { MOST_BYTES = 64 * 1024, LINK_TRIES = 3 };

static const char byte_order_mark[] = "\xef\xbb\xbf";

// --- the file ------------------------------------------------------------------------------------

static enum err find(const struct credential_file *c, char *dst, size_t cap, struct error *e) {
  const char *dir = env_credentials_dir();
  if (!c->file && (!dir || !c->credential))
    return error_set(e, ERR_INVALID,
                     "%s '%s': systemd passed none ($CREDENTIALS_DIRECTORY is not set); run it in "
                     "its unit, as root's `rotator` does, or configure a file",
                     c->what, c->credential ? c->credential : "");
  int n =
      c->file ? snprintf(dst, cap, "%s", c->file) : snprintf(dst, cap, "%s/%s", dir, c->credential);
  return n > 0 && (size_t)n < cap ? ERR_OK
                                  : error_set(e, ERR_INVALID, "%s: its path is too long", c->what);
}

// Follows the links, and reads what is at their end without following any more.
static enum err read_at_end(const char *path, const struct file_rules *rules, struct secret **ret,
                            struct error *e) {
  enum err err = ERR_MISSING;
  for (int i = 0; err == ERR_MISSING && i < LINK_TRIES; i++) {
    char *end = realpath(path, NULL);
    err = end ? file_read(end, rules, ret, NULL, e) : file_fail(e, path, "open", errno);
    free(end);
  }
  return err;
}

enum err credential_read_file(const struct credential_file *c, struct secret **ret,
                              struct error *e) {
  const struct file_rules rules = {
      .owner = (uid_t)-1,
      .group = (gid_t)-1,
      .max_bytes = MOST_BYTES,
      .any_owner = c->kind != CREDENTIAL_KEPT,
      .forbidden_mode = c->kind == CREDENTIAL_HANDED ? S_IWOTH : S_IRWXO | S_IWGRP,
  };
  char path[4096];
  enum err err = find(c, path, sizeof path, e);
  if (err)
    return err;
  err = read_at_end(path, &rules, ret, e);
  if (!err)
    return ERR_OK;
  error_wrap(e, "%s", c->what);
  if (err == ERR_MISSING && e)
    e->kind = ERR_DENIED;
  return err == ERR_MISSING ? ERR_DENIED : err;
}

// --- its bytes -----------------------------------------------------------------------------------

static bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_marked(const struct secret *s) {
  size_t n = sizeof byte_order_mark - 1;
  return secret_len(s) >= n && memcmp(secret_bytes(s), byte_order_mark, n) == 0;
}

static enum err tell_mark(const char *what, struct error *e) {
  return error_set(e, ERR_INVALID,
                   "%s: bytes 1 to 3 are a byte order mark (EF BB BF): save the file without it",
                   what);
}

enum err credential_read_word(const struct credential_file *c, struct secret **ret,
                              struct error *e) {
  SECRET_AUTO bytes = NULL;
  enum err err = credential_read_file(c, &bytes, e);
  if (err)
    return err;
  const char *text = secret_bytes(bytes);
  size_t from = 0, end = secret_len(bytes);
  while (end > 0 && is_white(text[end - 1]))
    end--;
  while (from < end && is_white(text[from]))
    from++;
  if (from == end)
    return error_set(e, ERR_INVALID, "%s: %s is empty", c->what, c->file ? c->file : c->credential);
  if (is_marked(bytes))
    return tell_mark(c->what, e);
  *ret = secret_copy(text + from, end - from);
  return *ret ? ERR_OK : error_no_memory(e);
}

// "NAME=" in front, as in a line of a shell: the name's length, 0: none. A word of base64 may end
// in '=', so something must come behind it.
static size_t name_in_front(const char *s, size_t len) {
  size_t n = 0;
  while (n < len && (s[n] == '_' || (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z')))
    n++;
  return n > 0 && n + 1 < len && s[n] == '=' && s[n + 1] != '=' ? n : 0;
}

static const char *name_of(unsigned char c) {
  return c == ' '    ? "a blank"
         : c == '\t' ? "a tab"
         : c == '\r' ? "a carriage return (a file with the line ends of Windows?)"
         : c == '\n' ? "a line break"
         : c == '\0' ? "a NUL (a file in UTF-16?)"
                     : "no printable ASCII character";
}

enum err credential_check_word(const struct secret *word, const char *what, struct error *e) {
  const char *s = secret_bytes(word);
  size_t len = secret_len(word), name = name_in_front(s, len);
  if (is_marked(word))
    return tell_mark(what, e);
  if (len >= 7 && memcmp(s, "export ", 7) == 0)
    return error_set(e, ERR_INVALID,
                     "%s: bytes 1 to 7 are 'export ', as in a shell: the file holds the bare value",
                     what);
  if (name)
    return error_set(e, ERR_INVALID,
                     "%s: bytes 1 to %zu look like NAME=, as in a shell: the file holds the bare "
                     "value",
                     what, name + 1);
  if (len > 0 && strchr("\"'", s[0]))
    return error_set(e, ERR_INVALID, "%s: byte 1 is a quote: the file holds the bare value", what);
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f)
      return error_set(e, ERR_INVALID, "%s: byte %zu is %s", what, i + 1,
                       name_of((unsigned char)s[i]));
  return ERR_OK;
}
