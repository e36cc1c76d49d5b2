// The checked entrances of the stores. Every call of the engine passes here, so a store may rely on
// its side of the contract, and the engine on its own: results are handed on only when the store
// kept what it promised, errors always bear the item's name and a text.
#include "backends/store.h"

#include <string.h>

void store_record_clear(struct store_record *r) {
  if (!r)
    return;
  secret_free(r->value);
  memset(r, 0, sizeof(*r));
}

enum err store_record_copy(struct store_record *ret, const struct store_record *r) {
  struct secret *value = secret_dup(r->value);
  if (r->value && !value)
    return ERR_INTERNAL;
  *ret = *r;
  ret->value = value;
  return ERR_OK;
}

// What is wrong with a byte of a key, or NULL.
static const char *byte_fault(unsigned char c) {
  switch (c) {
  case '\0':
    return "a NUL";
  case '\n':
    return "a line break";
  case '\r':
    return "a carriage return";
  case ' ':
    return "a space";
  case '"':
  case '\'':
  case '`':
    return "a quote";
  case '\\':
    return "a backslash";
  default:
    if (c < 0x20 || c == 0x7f)
      return "a control character";
    return c > 0x7f ? "a byte that is not ASCII" : NULL;
  }
}

enum err store_value_check(const struct secret *value, enum err kind, struct error *e) {
  size_t len = secret_len(value);
  if (len == 0)
    return error_set(e, kind, "the key is empty");
  if (len > STORE_SINK_MAX)
    return error_set(e, kind, "%zu bytes are too long for a key (at most %d)", len, STORE_SINK_MAX);
  const char *bytes = secret_bytes(value);
  for (size_t i = 0; i < len; i++) {
    const char *fault = byte_fault((unsigned char)bytes[i]);
    if (fault)
      return error_set(e, kind, "not a key: %s at byte %zu of %zu", fault, i + 1, len);
  }
  return ERR_OK;
}

static bool terminated(const char *s, size_t cap) {
  return memchr(s, '\0', cap) != NULL;
}

static bool record_sound(const struct store_record *r) {
  return terminated(r->key_id, sizeof r->key_id) && terminated(r->key_name, sizeof r->key_name);
}

static bool version_sound(const struct store_version *v) {
  return terminated(v->text, sizeof v->text);
}

// The end of every entrance: completes a failure's story, names the item in it, and hands it to the
// caller.
static enum err finish(const struct store_item *it, enum err err, struct error *mine,
                       struct error *e) {
  if (err == ERR_OK)
    return ERR_OK;
  if ((int)err < 0 || err >= ERR_COUNT)
    err = error_set(mine, ERR_INTERNAL, "the store gave an answer that does not exist");
  if (mine->text[0] == '\0')
    error_set(mine, err, "%s", err_name(err));
  mine->kind = err;
  error_wrap(mine, "%s", it->what);
  if (e)
    *e = *mine;
  return err;
}

static enum err check_reading(const struct store_item *it, const struct store_record *r,
                              const struct store_version *v, struct error *e) {
  if (secret_is_empty(r->value) || !record_sound(r) || v->text[0] == '\0')
    return error_set(e, ERR_INTERNAL,
                     "the store broke its contract: a reading without value or version");
  if (it->kind == STORE_HOME && secret_len(r->value) > STORE_HOME_MAX)
    return error_set(e, ERR_CORRUPT, "a document of %zu bytes is too large (at most %d)",
                     secret_len(r->value), STORE_HOME_MAX);
  return it->kind == STORE_SINK ? store_value_check(r->value, ERR_CORRUPT, e) : ERR_OK;
}

enum err store_read(struct store_item *it, struct store_record *ret,
                    struct store_version *ret_version, struct error *e) {
  if (!it || !ret || !ret_version)
    return error_set(e, ERR_INTERNAL, "store_read: an argument is missing");
  struct error mine = {0};
  struct store_record r = {0};
  struct store_version v = {0};
  enum err err = it->ops->read(it, &r, &v, &mine);
  if (!version_sound(&v))
    err = error_set(&mine, ERR_INTERNAL, "the store broke its contract: a version without end");
  if (err == ERR_OK)
    err = check_reading(it, &r, &v, &mine);
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  if (err == ERR_OK || err == ERR_MISSING || err == ERR_CORRUPT)
    *ret_version = v;
  return finish(it, err, &mine, e);
}

enum err store_read_served(struct store_item *it, struct secret **ret, struct error *e) {
  if (!it || !ret || it->kind != STORE_SINK)
    return error_set(e, ERR_INTERNAL, "store_read_served: an argument is missing");
  struct error mine = {0};
  SECRET_AUTO value = NULL;
  enum err err = it->ops->read_served
                     ? it->ops->read_served(it, &value, &mine)
                     : error_set(&mine, ERR_MISSING, "nothing but what is read is served");
  if (err == ERR_OK)
    err = store_value_check(value, ERR_MISSING, &mine);
  if (err == ERR_OK) {
    *ret = value;
    value = NULL;
  }
  return finish(it, err, &mine, e);
}

static enum err check_writing(const struct store_item *it, const struct store_record *r,
                              const struct store_version *expect, struct error *e) {
  if (!record_sound(r) || !version_sound(expect))
    return error_set(e, ERR_INTERNAL, "store_write: a text without end");
  if (it->kind == STORE_SINK)
    return store_value_check(r->value, ERR_REFUSED, e);
  if (secret_is_empty(r->value))
    return error_set(e, ERR_REFUSED, "an empty document is never written");
  if (secret_len(r->value) > STORE_HOME_MAX)
    return error_set(e, ERR_REFUSED, "a document of %zu bytes is too large (at most %d)",
                     secret_len(r->value), STORE_HOME_MAX);
  return ERR_OK;
}

enum err store_write(struct store_item *it, const struct store_record *r,
                     const struct store_version *expect, struct store_version *ret_version,
                     struct error *e) {
  if (!it || !r || !expect || !ret_version)
    return error_set(e, ERR_INTERNAL, "store_write: an argument is missing");
  struct error mine = {0};
  struct store_version v = {0};
  enum err err = check_writing(it, r, expect, &mine);
  if (err == ERR_OK)
    err = it->ops->write(it, r, expect, &v, &mine);
  if (err == ERR_OK && (!version_sound(&v) || v.text[0] == '\0'))
    err = error_set(&mine, ERR_UNSURE, "the store broke its contract: written, without a version");
  if (err == ERR_OK)
    *ret_version = v;
  return finish(it, err, &mine, e);
}

size_t store_version_write_len(const struct store_version *v) {
  const char *plus = strrchr(v->text, '+');
  return plus ? (size_t)(plus - v->text) : strlen(v->text);
}

bool store_version_same_write(const struct store_version *a, const struct store_version *b) {
  size_t len = store_version_write_len(a);
  return len > 0 && len == store_version_write_len(b) && memcmp(a->text, b->text, len) == 0;
}

enum err store_destroy_old(struct store_item *it, struct error *e) {
  if (!it)
    return error_set(e, ERR_INTERNAL, "store_destroy_old: an argument is missing");
  struct error mine = {0};
  return finish(it, it->ops->destroy_old ? it->ops->destroy_old(it, &mine) : ERR_OK, &mine, e);
}

enum err store_check(struct store_item *it, struct error *e) {
  if (!it)
    return error_set(e, ERR_INTERNAL, "store_check: an argument is missing");
  struct error mine = {0};
  enum err err = it->ops->check(it, &mine);
  if (err == ERR_OK && e)
    *e = mine.kind == ERR_OK ? mine : (struct error){0}; // not what it met on its way
  return finish(it, err, &mine, e);
}

struct store_item *store_item_free(struct store_item *it) {
  if (it)
    it->ops->free(it);
  return NULL;
}

const struct store_setting *store_setting_find(const struct store_setting *settings, size_t n,
                                               const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(settings[i].name, name) == 0)
      return &settings[i];
  return NULL;
}

const char *store_setting_get(const struct store_setting *settings, size_t n, const char *name) {
  const struct store_setting *s = store_setting_find(settings, n, name);
  return s ? s->value : NULL;
}
