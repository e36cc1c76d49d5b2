// From settings to an item of the file store: what each one may be, and which of them go together.
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/file/filestore.h"
#include "rotator/base/text.h"

struct opening {
  struct filestore *fs;
  const struct store_setting *settings;
  size_t n;
  int *ret_line;
  struct error *e;
};

// Answers ERR_INVALID with the setting's line and a text.
#define WRONG(o, setting, ...)                                                                     \
  (*(o)->ret_line = (setting)->line, error_set((o)->e, ERR_INVALID, __VA_ARGS__))

static const struct store_setting *given(const struct opening *o, const char *name) {
  return store_setting_find(o->settings, o->n, name);
}

// Absolute, and written without detours, so that one file has one name and `place` can be compared.
static bool path_plain(const char *path) {
  return path[0] == '/' && path[1] != '\0' && !strstr(path, "//") && !strstr(path, "/./") &&
         !strstr(path, "/../") && !text_ends(path, "/") && !text_ends(path, "/.") &&
         !text_ends(path, "/..");
}

static enum err take_path(struct opening *o) {
  const struct store_setting *s = given(o, "path");
  if (!s) {
    *o->ret_line = 0;
    return error_set(o->e, ERR_INVALID, "a file needs a path");
  }
  if (!path_plain(s->value))
    return WRONG(o, s, "path must be absolute and name a file, without '.', '..' and '//'");
  if (!text_copy(o->fs->path, sizeof o->fs->path, s->value))
    return WRONG(o, s, "path is longer than %d bytes", FILESTORE_PATH_MAX);
  const char *slash = strrchr(s->value, '/');
  if (strlen(slash + 1) > 200) // the temporary name beside it is longer
    return WRONG(o, s, "the file's name is longer than 200 bytes");
  size_t len = slash == s->value ? 1 : (size_t)(slash - s->value);
  memcpy(o->fs->dir, s->value, len);
  return ERR_OK;
}

static bool shell_name(const char *s) {
  for (size_t i = 0; s[i]; i++) {
    bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
    if (!letter && !(i > 0 && s[i] >= '0' && s[i] <= '9'))
      return false;
  }
  return s[0] != '\0' && strlen(s) <= FILESTORE_VARIABLE_MAX;
}

static enum err take_format(struct opening *o) {
  static const struct filestore_format *const formats[] = {&filestore_raw, &filestore_json,
                                                           &filestore_env};
  const struct store_setting *format = given(o, "format");
  o->fs->format = format ? NULL : &filestore_raw;
  for (size_t i = 0; format && i < sizeof formats / sizeof formats[0]; i++)
    if (strcmp(format->value, formats[i]->name) == 0)
      o->fs->format = formats[i];
  if (!o->fs->format)
    return WRONG(o, format, "format must be raw, json or env");

  const struct store_setting *variable = given(o, "variable");
  if (variable && o->fs->format != &filestore_env)
    return WRONG(o, variable, "variable goes with format env only");
  if (variable && !shell_name(variable->value))
    return WRONG(o, variable,
                 "variable must be a shell name: letters, digits and '_', no digit first");
  text_copy(o->fs->variable, sizeof o->fs->variable, variable ? variable->value : "IAM_API_KEY");

  const struct store_setting *newline = given(o, "newline");
  if (newline && o->fs->format != &filestore_raw)
    return WRONG(o, newline, "newline goes with format raw only");
  o->fs->newline = !newline || strcmp(newline->value, "true") == 0;
  return ERR_OK;
}

static enum err take_mode(struct opening *o) {
  const struct store_setting *s = given(o, "mode");
  o->fs->rules.mode = 0600;
  if (!s)
    return ERR_OK;
  const char *digits = s->value[0] == '0' ? s->value + 1 : s->value;
  if (strlen(digits) != 3 || strspn(digits, "01234567") != 3)
    return WRONG(o, s, "mode must be an octal text like \"0640\"");
  mode_t mode = (mode_t)strtoul(digits, NULL, 8);
  if (mode & (S_IWGRP | S_IWOTH))
    return WRONG(o, s, "mode %s lets group or others write the key: take away the write bits",
                 s->value);
  if (!(mode & S_IRUSR))
    return WRONG(o, s, "mode %s does not let the owner read the key", s->value);
  o->fs->rules.mode = mode;
  return ERR_OK;
}

// 0: *ret is set. ENOENT: unknown name. Another errno: the look-up failed.
static int look_up(const char *name, bool group, char *buf, size_t cap, id_t *ret) {
  struct passwd pw, *user = NULL;
  struct group gr, *grp = NULL;
  int got = group ? getgrnam_r(name, &gr, buf, cap, &grp) : getpwnam_r(name, &pw, buf, cap, &user);
  if (got == ESRCH || (got == 0 && !user && !grp))
    return ENOENT;
  if (got == 0)
    *ret = group ? grp->gr_gid : user->pw_uid;
  return got;
}

// Groups with many members need more room than any fixed buffer.
static int look_up_name(const char *name, bool group, id_t *ret) {
  int got = ERANGE;
  for (size_t cap = 4096; got == ERANGE && cap <= 4 * 1024 * 1024; cap *= 4) {
    char *buf = malloc(cap);
    if (!buf)
      return ENOMEM;
    got = look_up(name, group, buf, cap, ret);
    free(buf);
  }
  return got;
}

static enum err take_id(struct opening *o, const char *setting, id_t *ret) {
  const struct store_setting *s = given(o, setting);
  *ret = (id_t)-1;
  if (!s)
    return ERR_OK;
  size_t digits = strspn(s->value, "0123456789");
  if (digits > 0 && s->value[digits] == '\0') {
    unsigned long long number = strtoull(s->value, NULL, 10);
    if (digits > 10 || number >= UINT32_MAX)
      return WRONG(o, s, "%s %s is no id of this system", setting, s->value);
    *ret = (id_t)number;
    return ERR_OK;
  }
  int got = look_up_name(s->value, strcmp(setting, "group") == 0, ret);
  if (got == ENOENT)
    return WRONG(o, s, "%s '%s' is not known on this system", setting, s->value);
  if (got != 0)
    return WRONG(o, s, "%s '%s' cannot be looked up: %s", setting, s->value, strerror(got));
  return ERR_OK;
}

static enum err take_access(struct opening *o) {
  enum err err = take_mode(o);
  if (err == ERR_OK)
    err = take_id(o, "owner", &o->fs->rules.owner);
  if (err == ERR_OK)
    err = take_id(o, "group", &o->fs->rules.group);
  return err;
}

// A home is private to the rotator: its layout and its access are not for the configuration to
// choose.
static enum err take_home(struct opening *o) {
  for (size_t i = 0; i < o->n; i++)
    if (strcmp(o->settings[i].name, "path") != 0)
      return WRONG(o, &o->settings[i],
                   "%s is for sinks: a home file is written as it is, with mode 0600",
                   o->settings[i].name);
  o->fs->format = &filestore_document;
  o->fs->rules = (struct file_rules){.mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1};
  return ERR_OK;
}

enum err filestore_configure(struct filestore *fs, enum store_kind kind,
                             const struct store_setting *settings, size_t n, int *ret_line,
                             struct error *e) {
  struct opening o = {fs, settings, n, ret_line, e};
  enum err err = take_path(&o);
  if (err == ERR_OK && kind == STORE_HOME)
    err = take_home(&o);
  if (err == ERR_OK && kind == STORE_SINK)
    err = take_format(&o);
  if (err == ERR_OK && kind == STORE_SINK)
    err = take_access(&o);
  if (err != ERR_OK)
    return err;
  fs->rules.private_dir = true;
  fs->rules.max_bytes = kind == STORE_HOME ? STORE_HOME_MAX : FILESTORE_BYTES_MAX;
  fs->item.kind = kind;
  fs->item.class = STORE_CLASS_B;
  if (fs->format == &filestore_env)
    text_copy(fs->item.label, sizeof fs->item.label, fs->variable);
  text_copy(fs->item.what, sizeof fs->item.what, "file ");
  text_copy(fs->item.what + 5, sizeof fs->item.what - 5, fs->path);
  text_copy(fs->item.place, sizeof fs->item.place, "file:");
  text_copy(fs->item.place + 5, sizeof fs->item.place - 5, fs->path);
  return ERR_OK;
}
