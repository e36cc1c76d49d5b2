// From settings to an item. Nothing is contacted, and files (tokens, role ids) are read when they
// are needed, so that they may be replaced at any time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/session.h"
#include "backends/vault/vault.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

struct vault_opening {
  struct opening o;
  struct vault_item *v;
  struct vault_server server;
};

// --- where ---

// Percent-encodes each segment. NULL, or what is wrong.
static const char *encode_path(const char *path, char *dst, size_t cap) {
  size_t n = 0;
  for (const char *p = path; *p; p += strspn(p, "/")) {
    char segment[256];
    size_t len = strcspn(p, "/");
    if (len >= sizeof segment || n + 2 >= cap)
      return "is too long";
    memcpy(segment, p, len);
    segment[len] = '\0';
    if (len == 0 || p[len + (p[len] == '/')] == '/')
      return "has an empty part";
    if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
      return "has a part '.' or '..', which servers refuse";
    for (size_t i = 0; i < len; i++)
      if ((unsigned char)segment[i] < 0x20 || segment[i] == 0x7f)
        return "has a control character";
    if (n > 0)
      dst[n++] = '/';
    if (!http_encode(dst + n, cap - n, segment))
      return "is too long";
    n += strlen(dst + n);
    p += len;
  }
  return n == 0 ? "is empty" : dst[n - 1] == '.' ? "ends in a period, which servers refuse" : NULL;
}

static enum err take_path(struct vault_opening *o, const char *name, char *dst, size_t cap,
                          char *url) {
  const struct store_setting *s = opening_find(&o->o, name);
  if (!s)
    return OPENING_WRONG(&o->o, s, "a Vault item needs a %s", name);
  const char *value = s->value + (s->value[0] == '/');
  size_t len = strlen(value);
  len -= len > 0 && value[len - 1] == '/';
  if (len >= cap)
    return OPENING_WRONG(&o->o, s, "%s is longer than %zu bytes", name, cap - 1);
  memcpy(dst, value, len);
  dst[len] = '\0';
  const char *fault = encode_path(dst, url, VAULT_PATH_MAX);
  return fault ? OPENING_WRONG(&o->o, s, "%s %s", name, fault) : ERR_OK;
}

// --- server ---

static enum err check_address(struct vault_opening *o) {
  struct vault_server *s = &o->server;
  const struct store_setting *at = opening_find(&o->o, "address");
  if (!s->address && !(s->address = strdup("https://127.0.0.1:8200")))
    return error_no_memory(o->o.e);
  if (text_starts(s->address, "unix://")) {
    if (s->address[7] != '/' || s->tls_server_name)
      return OPENING_WRONG(&o->o, at,
                           "address of a socket: expected unix:///PATH, without tls_server_name");
    s->socket = strdup(s->address + 7);
    free(s->address);
    s->address = strdup("http://localhost");
    return s->socket && s->address ? ERR_OK : error_no_memory(o->o.e);
  }
  size_t len = strlen(s->address);
  while (len > 0 && s->address[len - 1] == '/')
    s->address[--len] = '\0';
  enum server_url kind = server_url_kind(s->address);
  if (kind == SERVER_URL_WRONG)
    return OPENING_WRONG(&o->o, at, "address is not https://HOST:PORT");
  if (kind == SERVER_URL_PLAIN)
    return OPENING_WRONG(&o->o, at,
                         "address: plain http:// is for loopback addresses only, use https://");
  return ERR_OK;
}

static enum err take_server(struct vault_opening *o) {
  struct vault_server *s = &o->server;
  const struct store_setting *timeout = opening_find(&o->o, "timeout");
  int64_t seconds = 0;
  if (timeout &&
      (text_parse_duration(timeout->value, &seconds) != ERR_OK || seconds < 1 || seconds > 600))
    return OPENING_WRONG(&o->o, timeout, "timeout: expected 1s to 10m");
  s->timeout_ms = seconds * 1000;
  if (!opening_keep(&o->o, "address", &s->address) ||
      !opening_keep(&o->o, "namespace", &s->space) ||
      !opening_keep(&o->o, "ca_file", &s->ca_file) ||
      !opening_keep(&o->o, "client_cert", &s->client_cert) ||
      !opening_keep(&o->o, "client_key", &s->client_key) ||
      !opening_keep(&o->o, "tls_server_name", &s->tls_server_name))
    return error_no_memory(o->o.e);
  enum err err = vault_env_complete(s, o->o.e);
  if (err != ERR_OK)
    return err;
  err = opening_check_pair(&o->o, s->client_cert, s->client_key);
  return err ? err : check_address(o);
}

// --- authentication ---

static enum err one_of(struct vault_opening *o, const char *a, const char *b, bool needed,
                       const char *what) {
  const struct store_setting *x = opening_find(&o->o, a), *y = opening_find(&o->o, b);
  if (x && y)
    return OPENING_WRONG(&o->o, y, "%s: expected one of %s and %s, found both", what, a, b);
  return needed && !x && !y ? OPENING_WRONG(&o->o, x, "%s: expected %s or %s", what, a, b) : ERR_OK;
}

static enum err take_approle(struct vault_opening *o, struct vault_auth_settings *a) {
  enum err err = one_of(o, "auth.approle.role_id", "auth.approle.role_id_file", true, "approle");
  a->method = &vault_auth_approle;
  a->wrapped = opening_is_true(&o->o, "auth.approle.secret_id.wrapped");
  if (err == ERR_OK)
    err = one_of(o, "auth.approle.secret_id.file", "auth.approle.secret_id.credential", a->wrapped,
                 "approle secret_id");
  if (err == ERR_OK &&
      (!opening_keep(&o->o, "auth.approle.mount", &a->mount) ||
       !opening_keep(&o->o, "auth.approle.role", &a->role) ||
       !opening_keep(&o->o, "auth.approle.role_id", &a->role_id) ||
       !opening_keep(&o->o, "auth.approle.role_id_file", &a->role_id_file) ||
       !opening_keep(&o->o, "auth.approle.secret_id.file", &a->secret_file) ||
       !opening_keep(&o->o, "auth.approle.secret_id.credential", &a->secret_credential)))
    err = error_no_memory(o->o.e);
  if (err == ERR_OK && a->wrapped && !a->role)
    err = OPENING_WRONG(
        &o->o, opening_find(&o->o, "auth.approle.secret_id.wrapped"),
        "approle: wrapped needs the AppRole's name as role, to check where the wrapping"
        " token comes from");
  return err;
}

static enum err take_kubernetes(struct vault_opening *o, struct vault_auth_settings *a) {
  a->method = &vault_auth_kubernetes;
  if (!opening_keep(&o->o, "auth.kubernetes.mount", &a->mount) ||
      !opening_keep(&o->o, "auth.kubernetes.role", &a->role) ||
      !opening_keep(&o->o, "auth.kubernetes.token_file", &a->secret_file))
    return error_no_memory(o->o.e);
  return a->role ? ERR_OK
                 : OPENING_WRONG(&o->o, opening_find(&o->o, "auth.kubernetes.mount"),
                                 "kubernetes needs a role");
}

static enum err take_token(struct vault_opening *o, struct vault_auth_settings *a) {
  a->method = &vault_auth_token;
  if (!opening_keep(&o->o, "auth.token.file", &a->secret_file) ||
      !opening_keep(&o->o, "auth.token.credential", &a->secret_credential))
    return error_no_memory(o->o.e);
  return one_of(o, "auth.token.file", "auth.token.credential", true, "token");
}

// It becomes a part of a URL, and of a path that is compared.
static enum err check_mount_name(struct vault_opening *o, const char *setting) {
  const struct store_setting *s = opening_find(&o->o, setting);
  if (!s || strspn(s->value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_/") == strlen(s->value))
    return ERR_OK;
  return OPENING_WRONG(&o->o, s, "%s: expected letters, digits, '-', '_' and '/'", setting);
}

static enum err take_auth(struct vault_opening *o) {
  struct vault_auth_settings *a = &o->server.auth;
  const struct store_setting *first = NULL;
  for (size_t i = 0; i < o->o.n; i++) {
    const struct store_setting *s = &o->o.settings[i];
    if (strcmp(s->name, "auth") == 0) { // its one word
      a->method = &vault_auth_listener;
      return ERR_OK;
    }
    if (!text_starts(s->name, "auth."))
      continue;
    size_t len = strcspn(s->name + 5, ".") + 5;
    if (first && strncmp(first->name, s->name, len + 1) != 0)
      return OPENING_WRONG(&o->o, s, "auth: expected one method, found two");
    first = s;
  }
  if (!first) {
    a->method = &vault_auth_ambient;
    return ERR_OK;
  }
  enum err err = check_mount_name(o, "auth.approle.mount");
  if (err == ERR_OK)
    err = check_mount_name(o, "auth.kubernetes.mount");
  if (err != ERR_OK)
    return err;
  if (text_starts(first->name, "auth.approle."))
    return take_approle(o, a);
  return text_starts(first->name, "auth.kubernetes.") ? take_kubernetes(o, a) : take_token(o, a);
}

// --- what ---

static enum err take_fields(struct vault_opening *o, enum store_kind kind) {
  static const char *const names[FIELD_COUNT] = {"fields.value", "fields.id", "fields.name",
                                                 "fields.created", "fields.stamp"};
  static const char *const sink[FIELD_COUNT] = {"api_key", "api_key_id", "", "", "rotator_stamp"};
  static const char *const home[FIELD_COUNT] = {"state", "", "", "", "rotator_stamp"};
  const char *const *fallback = kind == STORE_SINK ? sink : home;
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    const struct store_setting *s = opening_find(&o->o, names[i]);
    const char *value = s && kind == STORE_SINK ? s->value : fallback[i];
    if (!text_copy(o->v->field[i], sizeof o->v->field[i], value))
      return OPENING_WRONG(&o->o, s, "%s is longer than %d bytes", names[i], VAULT_FIELD_MAX);
    if (!*value && (i == FIELD_VALUE || i == FIELD_STAMP))
      return OPENING_WRONG(&o->o, s, "%s needs a name", names[i]);
    for (size_t k = 0; k < i; k++)
      if (*value && strcmp(value, o->v->field[k]) == 0)
        return OPENING_WRONG(&o->o, s, "%s and %s are the same field", names[k], names[i]);
  }
  return ERR_OK;
}

static void take_kind(struct vault_opening *o, enum store_kind kind) {
  const char *version = opening_text(&o->o, "kv_version");
  const char *reads = opening_text(&o->o, "reads");
  const char *destroy = opening_text(&o->o, "destroy_old");
  struct vault_item *v = o->v;
  bool one = version && strcmp(version, "1") == 0;
  v->item.kind = kind;
  v->item.ops = one ? &vault_kv1_ops : &vault_kv2_ops;
  v->item.class = one ? STORE_CLASS_C : STORE_CLASS_A;
  v->item.longest_ms = VAULT_LONGEST_MS;
  v->item.stale_reads = !reads || strcmp(reads, "stale") == 0;
  v->ask_mount = version && strcmp(version, "auto") == 0;
  v->destroy_old = !one && (!destroy || strcmp(destroy, "true") == 0);
}

static enum err name_item(struct vault_opening *o) {
  struct vault_item *v = o->v;
  const struct vault_server *s = &o->server;
  snprintf(v->item.what, sizeof v->item.what, "vault %.80s/%.160s", v->mount, v->path);
  text_copy(v->item.label, sizeof v->item.label, v->field[FIELD_VALUE]);
  int n = snprintf(v->item.place, sizeof v->item.place, "vault:%s%s|%s|%s/%s",
                   s->socket ? "unix:" : s->address, s->socket ? s->socket : "",
                   s->space ? s->space : "", v->mount, v->path);
  if (n < 0 || (size_t)n >= sizeof v->item.place)
    return OPENING_WRONG(&o->o, opening_find(&o->o, "path"),
                         "address, mount and path together are too long");
  return ERR_OK;
}

static enum err configure(struct vault_opening *o, const struct store_context *ctx,
                          enum store_kind kind) {
  struct vault_item *v = o->v;
  enum err err = take_path(o, "mount", v->mount, sizeof v->mount, v->mount_url);
  if (err == ERR_OK)
    err = take_path(o, "path", v->path, sizeof v->path, v->path_url);
  if (err == ERR_OK)
    err = take_server(o);
  if (err == ERR_OK)
    err = take_auth(o);
  if (err == ERR_OK)
    err = take_fields(o, kind);
  if (err == ERR_OK)
    err = name_item(o);
  if (err != ERR_OK)
    return err;
  take_kind(o, kind);
  v->env = ctx && ctx->env ? ctx->env : env_real();
  v->session = vault_session_get(&o->server, v->env);
  return v->session ? ERR_OK : error_no_memory(o->o.e);
}

enum err vault_open(const struct store_context *ctx, enum store_kind kind,
                    const struct store_setting *settings, size_t n, struct store_item **ret,
                    int *ret_line, struct error *e) {
  struct vault_opening o = {.o = {settings, n, ret_line, e}};
  o.v = calloc(1, sizeof *o.v);
  if (!o.v)
    return error_no_memory(e);
  *ret_line = 0;
  enum err err = configure(&o, ctx, kind);
  vault_server_clear(&o.server);
  if (err == ERR_OK)
    *ret = &o.v->item;
  else
    free(o.v);
  return err;
}
