#include "backends/program.h"

#include <stdlib.h>
#include <string.h>

#include "backends/program_call.h"
#include "rotator/base/child.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/base/text_time.h"

#define HASH_CHARACTERS 32 // of a version that we make ourselves

static struct program_item *mine(struct store_item *it) {
  return (struct program_item *)it;
}

// --- reading ---

// The program's own version of the content, or one made from the content: in class C it need only
// tell contents apart. What is long or not printable is taken by its digest.
static void take_version(const cJSON *answer, const struct store_record *r,
                         struct store_version *ret) {
  char hex[TEXT_SHA256_HEX], plain[sizeof ret->text];
  const char *given = json_text(answer, "version");
  memset(ret, 0, sizeof(*ret));
  if (given && given[0]) {
    text_printable(plain, sizeof plain, given, strlen(given));
    if (strcmp(plain, given) == 0) {
      text_copy(ret->text, sizeof ret->text, given);
      return;
    }
    text_sha256_hex(hex, given, strlen(given));
  } else {
    text_sha256_hex(hex, secret_bytes(r->value), secret_len(r->value));
  }
  memcpy(ret->text, hex, HASH_CHARACTERS);
}

static void take_details(const cJSON *answer, struct store_record *ret) {
  const char *created = json_text(answer, "created");
  json_copy_text(answer, "key_id", ret->key_id, sizeof ret->key_id);
  json_copy_text(answer, "key_name", ret->key_name, sizeof ret->key_name);
  if (!created || text_parse_time(created, &ret->created_s) != ERR_OK)
    ret->created_s = 0;
}

static enum err take_record(const struct store_item *it, const cJSON *answer,
                            struct store_record *ret, struct error *e) {
  const cJSON *value = json_get(answer, "value");
  if (json_bool(answer, "absent", false) ||
      (value && cJSON_IsString(value) && !value->valuestring[0]))
    return error_set(e, ERR_MISSING, "there is no such item");
  ret->value = json_secret(answer, "value");
  if (!ret->value)
    return error_set(e, ERR_REFUSED, "the program broke the protocol: neither value nor absent");
  if (it->kind == STORE_HOME)
    return ERR_OK;
  take_details(answer, ret);
  return store_value_check(ret->value, ERR_CORRUPT, e);
}

static enum err program_read(struct store_item *it, struct store_record *ret,
                             struct store_version *ret_version, struct error *e) {
  struct store_record r = {0};
  JSON_AUTO answer = NULL;
  memset(ret_version, 0, sizeof(*ret_version));
  enum err err = program_call(mine(it), "read", cJSON_CreateObject(), &answer, e);
  if (err == ERR_OK)
    err = take_record(it, answer, &r, e);
  if (r.value)
    take_version(answer, &r, ret_version);
  if (err == ERR_OK)
    *ret = r;
  else
    store_record_clear(&r);
  return err;
}

// --- writing ---

// JSON carries text. A home is JSON of our own, so this is never seen but in tests.
static enum err check_text(const struct secret *value, struct error *e) {
  if (memchr(secret_bytes(value), '\0', secret_len(value)))
    return error_set(e, ERR_REFUSED, "a document with a NUL cannot be given to a program");
  return ERR_OK;
}

static bool put(cJSON *o, const char *name, const char *text) {
  return !text[0] || json_add_text(o, name, text);
}

// NULL without memory.
static cJSON *write_request(const struct store_item *it, const struct store_record *r) {
  cJSON *o = cJSON_CreateObject();
  char created[32] = "";
  bool sink = it->kind == STORE_SINK;
  if (r->created_s > 0)
    text_format_time(created, sizeof created, r->created_s);
  bool made = json_add_text(o, "value", secret_bytes(r->value)) &&
              (!sink || (put(o, "key_id", r->key_id) && put(o, "key_name", r->key_name) &&
                         put(o, "created", created)));
  return made ? o : json_free(o);
}

// Nothing but a second run that finds the value says that it is there.
static enum err read_back(struct store_item *it, const struct store_record *r,
                          struct store_version *ret_version, struct error *e) {
  struct store_record seen = {0};
  struct store_version version;
  enum err err = program_read(it, &seen, &version, e);
  if (err == ERR_OK && secret_equal(seen.value, r->value))
    *ret_version = version;
  else if (err == ERR_OK)
    err = error_set(e, ERR_UNSURE, "written, and another value was read back");
  else if (err == ERR_MISSING)
    err = error_set(e, ERR_UNSURE, "written, and not there when it was read back");
  else {
    error_wrap(e, "written, but not read back");
    err = e->kind = ERR_UNSURE;
  }
  store_record_clear(&seen);
  return err;
}

static enum err program_write(struct store_item *it, const struct store_record *r,
                              const struct store_version *expect, struct store_version *ret_version,
                              struct error *e) {
  (void)expect; // class C: the caller's lock is what there is
  JSON_AUTO answer = NULL;
  enum err err = check_text(r->value, e);
  if (err == ERR_OK)
    err = program_call(mine(it), "write", write_request(it, r), &answer, e);
  if (err == ERR_OK && !json_bool(answer, "ok", false))
    err = error_set(e, ERR_UNSURE, "the program broke the protocol: neither ok nor an error");
  return err == ERR_OK ? read_back(it, r, ret_version, e) : err;
}

static enum err program_check(struct store_item *it, struct error *e) {
  JSON_AUTO answer = NULL;
  enum err err = program_call(mine(it), "check", cJSON_CreateObject(), &answer, e);
  if (err == ERR_OK && !json_bool(answer, "ok", false))
    err = error_set(e, ERR_REFUSED, "the program broke the protocol: neither ok nor an error");
  return err;
}

static void program_free(struct store_item *it) {
  free(mine(it));
}

// --- opening ---

enum err program_check_name(const char *what, const char *name, struct error *e) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static const char more[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@:+=/-";
  size_t len = strlen(name);
  if (len == 0 || len > PROGRAM_ITEM_MAX)
    return error_set(e, ERR_INVALID, "%s must have 1 to %d characters", what, PROGRAM_ITEM_MAX);
  if (!strchr(letters, name[0]))
    return error_set(e, ERR_INVALID, "%s must begin with a letter or digit", what);
  if (name[strspn(name, more)] != '\0')
    return error_set(e, ERR_INVALID, "%s may have letters, digits and ._@:+=/- only", what);
  if (strstr(name, "/../") || text_ends(name, "/..") || strstr(name, "//") || text_ends(name, "/"))
    return error_set(e, ERR_INVALID, "%s must not have '..' or nothing between slashes", what);
  return ERR_OK;
}

enum err program_parse_timeout(const char *text, int64_t *ret_ms, struct error *e) {
  int64_t s = 0;
  if (text_parse_duration(text ? text : PROGRAM_TIMEOUT, &s) != ERR_OK || s < 1 || s > 300)
    return error_set(e, ERR_INVALID, "timeout must be 1s to 5m");
  *ret_ms = s * 1000;
  return ERR_OK;
}

static void describe(struct program_item *p, enum store_kind kind,
                     const struct program_spec *spec) {
  static const struct store_ops ops = {
      .read = program_read, .write = program_write, .check = program_check, .free = program_free};
  struct store_item *it = &p->item;
  it->ops = &ops;
  it->kind = kind;
  it->class = STORE_CLASS_C;
  it->longest_ms = spec->limit_ms + CHILD_MERCY_MS;
  text_copy(it->what, sizeof it->what, spec->store);
  text_copy(it->what + strlen(it->what), sizeof it->what - strlen(it->what), " item ");
  text_copy(it->what + strlen(it->what), sizeof it->what - strlen(it->what), spec->item);
  text_copy(it->place, sizeof it->place, spec->place);
}

enum err program_open(const struct store_context *ctx, enum store_kind kind,
                      const struct program_spec *spec, struct store_item **ret, struct error *e) {
  struct program_item *p = calloc(1, sizeof(*p));
  if (!p)
    return error_no_memory(e);
  describe(p, kind, spec);
  p->env = ctx && ctx->env ? ctx->env : env_real();
  p->limit_ms = spec->limit_ms;
  bool fits = text_copy(p->path, sizeof p->path, spec->path) &&
              text_copy(p->name, sizeof p->name, spec->item) &&
              spec->n_options <= PROGRAM_OPTIONS_MAX;
  for (size_t i = 0; fits && i < spec->n_options; i++) {
    fits = text_copy(p->options[i].name, sizeof p->options[i].name, spec->options[i].name) &&
           text_copy(p->options[i].value, sizeof p->options[i].value, spec->options[i].value);
    p->n_options = i + 1;
  }
  if (!fits) {
    free(p);
    return error_set(e, ERR_INTERNAL, "%s: a setting is too long", spec->store);
  }
  *ret = &p->item;
  return ERR_OK;
}
