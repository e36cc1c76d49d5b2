// The file store: one item is one file, replaced whole (rotator/base/atomic_file.h). Class B: the
// version is the identity of the file that is there now, so a file that was replaced or edited has
// another one: inode, size and time of modification, and behind the '+' what a hard link, chmod,
// chown or mount changes as well. The lock that class B needs is the caller's.
//
// A file is absent only when its directory is there to say so: with the directory missing (a mount
// that is not there yet) the answer is ERR_REFUSED. A home makes its own directory, but not the one
// above, for the same reason.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file/file_peek.h"
#include "backends/file/filestore.h"
#include "rotator/base/text.h"

static struct filestore *mine(struct store_item *it) {
  return (struct filestore *)it;
}

static void version_format(struct store_version *ret, const struct file_version *v) {
  memset(ret, 0, sizeof *ret);
  snprintf(ret->text, sizeof ret->text, "%" PRIx64 ":%" PRIx64 ":%" PRId64 "+%" PRIx64 ":%" PRId64,
           v->ino, v->size, v->mtime_ns, v->dev, v->ctime_ns);
}

static bool all_white(const struct secret *bytes) {
  const char *s = secret_bytes(bytes);
  for (size_t i = 0; i < secret_len(bytes); i++)
    if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n')
      return false;
  return true;
}

static enum err decode(const struct filestore *fs, const struct secret *bytes,
                       struct store_record *ret, struct error *e) {
  if (all_white(bytes))
    return error_set(e, ERR_MISSING, "the file is empty");
  enum err err = fs->format->decode(fs, bytes, ret, e);
  if (err == ERR_OK && fs->item.kind == STORE_SINK)
    err = store_value_check(ret->value, ERR_CORRUPT, e);
  return err;
}

// The texts of atomic_file begin with the path, which `what` says already.
static enum err without_path(const struct filestore *fs, enum err err, struct error *e) {
  size_t len = strlen(fs->path);
  if (err != ERR_OK && strncmp(e->text, fs->path, len) == 0 && text_starts(e->text + len, ": "))
    memmove(e->text, e->text + len + 2, strlen(e->text + len + 2) + 1);
  return err;
}

// A file that changes while it is read gives no reading now: the next reading will.
static enum err read_file(const struct filestore *fs, struct secret **ret,
                          struct file_version *ret_version, struct error *e) {
  enum err err = file_read(fs->path, &fs->rules, ret, ret_version, e);
  if (err == ERR_CONFLICT)
    err = error_set(e, ERR_UNSENT, "the file changes while it is read");
  return without_path(fs, err, e);
}

static enum err filestore_read(struct store_item *it, struct store_record *ret,
                               struct store_version *ret_version, struct error *e) {
  const struct filestore *fs = mine(it);
  SECRET_AUTO bytes = NULL;
  struct file_version v = {0};
  bool there = false;
  enum err err = filestore_place(fs, &there, e);
  if (err == ERR_OK)
    err = there ? read_file(fs, &bytes, &v, e) : error_set(e, ERR_MISSING, "there is no such file");
  if (err == ERR_MISSING)
    memset(ret_version, 0, sizeof *ret_version);
  if (err != ERR_OK)
    return err;

  struct store_record r = {0};
  err = decode(fs, bytes, &r, e);
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  if (err == ERR_OK || err == ERR_MISSING || err == ERR_CORRUPT)
    version_format(ret_version, &v);
  return err;
}

static enum err filestore_read_served(struct store_item *it, struct secret **ret, struct error *e) {
  const struct filestore *fs = mine(it);
  SECRET_AUTO bytes = NULL;
  struct file_version v;
  if (!fs->format->served)
    return error_set(e, ERR_MISSING, "consumers of this format read no less than the store");
  enum err err = read_file(fs, &bytes, &v, e);
  if (err != ERR_OK)
    return err;
  struct secret *value = fs->format->served(fs, bytes);
  if (!value)
    return error_set(e, ERR_MISSING, "readers of the file would not agree on a key");
  *ret = value;
  return ERR_OK;
}

static enum err prepare_place(const struct filestore *fs, struct error *e) {
  bool there = false;
  enum err err = filestore_place(fs, &there, e);
  return err == ERR_OK && !there ? file_make_dir(fs->dir, 0700, e) : err;
}

static enum err filestore_write(struct store_item *it, const struct store_record *r,
                                const struct store_version *expect,
                                struct store_version *ret_version, struct error *e) {
  const struct filestore *fs = mine(it);
  SECRET_AUTO bytes = NULL;
  struct file_version want, v;
  if (!filestore_version_parse(expect, &want))
    return error_set(e, ERR_CONFLICT, "the expected version is none of a file");
  enum err err = fs->format->encode(fs, r, &bytes, e);
  if (err == ERR_OK)
    err = prepare_place(fs, e);
  if (err == ERR_OK)
    err = without_path(fs, file_replace(fs->path, &fs->rules, bytes, &want, &v, e), e);
  if (err == ERR_MISSING) // the directory went away meanwhile
    err = error_set(e, ERR_REFUSED, "directory %s is not there", fs->dir);
  if (err == ERR_OK)
    version_format(ret_version, &v);
  return err;
}

static enum err filestore_check(struct store_item *it, struct error *e) {
  struct store_record r = {0};
  struct store_version v;
  enum err err = filestore_read(it, &r, &v, e);
  store_record_clear(&r);
  return err == ERR_OK || err == ERR_MISSING ? filestore_check_place(mine(it), e) : err;
}

static void filestore_free(struct store_item *it) {
  free(it);
}

static const struct store_ops filestore_ops = {
    .read = filestore_read,
    .read_served = filestore_read_served,
    .write = filestore_write,
    .check = filestore_check,
    .free = filestore_free,
};

static enum err filestore_open(const struct store_context *ctx, enum store_kind kind,
                               const struct store_setting *settings, size_t n,
                               struct store_item **ret, int *ret_line, struct error *e) {
  (void)ctx;
  struct filestore *fs = calloc(1, sizeof *fs);
  if (!fs)
    return error_no_memory(e);
  enum err err = filestore_configure(fs, kind, settings, n, ret_line, e);
  if (err != ERR_OK) {
    free(fs);
    return err;
  }
  fs->item.ops = &filestore_ops;
  *ret = &fs->item;
  return ERR_OK;
}

static const struct store_option filestore_options[] = {
    {"path", STORE_OPT_PATH, true, NULL, NULL,
     "The file, an absolute path without symbolic links."},
    {"format", STORE_OPT_CHOICE, false, "raw|json|env", "raw", "How a sink's file is laid out."},
    {"variable", STORE_OPT_TEXT, false, NULL, "IAM_API_KEY",
     "With format env: the variable's name."},
    {"newline", STORE_OPT_BOOL, false, NULL, "true",
     "With format raw: end the file with a line break."},
    {"mode", STORE_OPT_MODE, false, NULL, "0600",
     "Access mode of a sink's file; no write for group and others."},
    {"owner", STORE_OPT_TEXT, false, NULL, NULL,
     "User, by name or number, that the file is given to."},
    {"group", STORE_OPT_TEXT, false, NULL, NULL,
     "Group, by name or number, that the file is given to."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};

const struct store_backend store_backend_file = {
    .name = "file",
    .options = filestore_options,
    .open = filestore_open,
};
