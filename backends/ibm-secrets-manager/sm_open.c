// From settings to an item. Nothing is contacted, and the file of an API key is read when it is
// needed.
//
// Tokens of an identity that may do a lot go to the instance's host. So the host is made of the
// instance's CRN, and a URL in its place must be one of the service's hosts or of this machine.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/ibm-secrets-manager/sm.h"
#include "backends/session.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define DOMAIN "secrets-manager.appdomain.cloud"
#define CRN_PARTS 10

#define TEXT(name, fallback, help) {name, STORE_OPT_TEXT, false, NULL, fallback, help}
#define PATH(name, help) {name, STORE_OPT_PATH, false, NULL, NULL, help}

// In the order of the manual page.
static const struct store_option sm_options[] = {
    {"instance", STORE_OPT_TEXT, true, NULL, NULL, "CRN of the Secrets Manager instance."},
    TEXT("endpoint", "public",
         "Network to reach the instance by, public or private, or its URL: a host of the service, "
         "or of this machine."),
    PATH("ca_file", "PEM file of certificate authorities to trust instead of the system's."),
    {"timeout", STORE_OPT_DURATION, false, NULL, "60s", "Time of one request."},
    PATH(
        "auth.api_key.file",
        "File that holds an API key for this store, and nothing else; by default the rotator's own "
        "identity is used."),
    TEXT("auth.api_key.credential", NULL, "Name of a systemd credential that holds the API key."),
    TEXT("group", "default", "Name of the secret group."),
    TEXT("group_id", NULL,
         "Id of the secret group; needed to make a secret in another group than default."),
    {"name", STORE_OPT_TEXT, true, NULL, NULL, "Name of the secret."},
    {"type", STORE_OPT_CHOICE, false, "arbitrary|kv", "arbitrary",
     "Type of the secret: its value is the key alone (arbitrary), or fields (kv, sinks only)."},
    TEXT("fields.value", "api_key", "Field of a kv secret that holds the key."),
    TEXT("fields.id", "api_key_id", "Field of a kv secret that holds the key's id."),
    TEXT("fields.name", NULL, "Field of a kv secret that holds the key's name."),
    TEXT("fields.created", NULL, "Field of a kv secret that holds when the key was made."),
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};

struct sm_opening {
  struct opening o;
  struct sm_item *k;
  struct sm_server server;
};

// --- where ---

// Splits in place; false unless there are ten parts.
static bool split_crn(char *crn, char *parts[CRN_PARTS]) {
  char *at = crn;
  for (size_t n = 0; n < CRN_PARTS; n++) {
    char *colon = strchr(at, ':');
    parts[n] = at;
    if (!colon)
      return n + 1 == CRN_PARTS;
    *colon = '\0';
    at = colon + 1;
  }
  return true;
}

static bool is_region(const char *s) {
  size_t len = strlen(s);
  return len > 0 && len < 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum err take_instance(struct sm_opening *o, char region[32]) {
  const struct store_setting *s = opening_find(&o->o, "instance");
  char crn[512], *p[CRN_PARTS];
  if (!s || !text_copy(crn, sizeof crn, s->value) || !split_crn(crn, p) ||
      strcmp(p[0], "crn") != 0 || strcmp(p[4], "secrets-manager") != 0 || !is_region(p[5]) ||
      !text_is_uuid(p[7]))
    return OPENING_WRONG(&o->o, s,
                         "instance: expected the CRN of a Secrets Manager instance,"
                         " crn:v1:bluemix:public:secrets-manager:REGION:a/ACCOUNT:GUID::");
  text_copy(region, 32, p[5]);
  text_copy(o->k->guid, sizeof o->k->guid, p[7]);
  return ERR_OK;
}

static enum err check_url(struct sm_opening *o, const struct store_setting *s) {
  char host[256];
  bool https;
  int port;
  enum server_url kind = server_url_kind(s->value);
  if (kind == SERVER_URL_WRONG || kind == SERVER_URL_PLAIN || text_ends(s->value, "/"))
    return OPENING_WRONG(&o->o, s,
                         "endpoint: expected public, private, or https://HOST[:PORT][/PATH] without"
                         " a slash at its end");
  http_url_host(s->value, host, sizeof host, &https, &port);
  if (!http_host_is_loopback(host) && !text_ends(host, "." DOMAIN))
    return OPENING_WRONG(
        &o->o, s, "endpoint: tokens are sent to hosts of " DOMAIN " and of this machine alone");
  return ERR_OK;
}

static enum err take_endpoint(struct sm_opening *o, const char *region) {
  const struct store_setting *s = opening_find(&o->o, "endpoint");
  char url[256];
  bool private = s && strcmp(s->value, "private") == 0;
  if (s && !private && strcmp(s->value, "public") != 0) {
    enum err err = check_url(o, s);
    return err                                               ? err
           : opening_keep(&o->o, "endpoint", &o->server.url) ? ERR_OK
                                                             : error_no_memory(o->o.e);
  }
  snprintf(url, sizeof url, "https://%s.%s%s." DOMAIN, o->k->guid, private ? "private." : "",
           region);
  o->server.url = strdup(url);
  return o->server.url ? ERR_OK : error_no_memory(o->o.e);
}

static enum err take_server(struct sm_opening *o) {
  struct sm_server *s = &o->server;
  const struct store_setting *timeout = opening_find(&o->o, "timeout"),
                             *file = opening_find(&o->o, "auth.api_key.file"),
                             *credential = opening_find(&o->o, "auth.api_key.credential");
  char region[32];
  int64_t seconds = 60;
  if (timeout &&
      (text_parse_duration(timeout->value, &seconds) != ERR_OK || seconds < 1 || seconds > 600))
    return OPENING_WRONG(&o->o, timeout, "timeout: expected 1s to 10m");
  if (file && credential)
    return OPENING_WRONG(&o->o, credential, "auth.api_key: expected one of file and credential");
  s->timeout_ms = seconds * 1000;
  if (!opening_keep(&o->o, "ca_file", &s->ca_file) ||
      !opening_keep(&o->o, "auth.api_key.file", &s->key_file) ||
      !opening_keep(&o->o, "auth.api_key.credential", &s->key_credential))
    return error_no_memory(o->o.e);
  enum err err = take_instance(o, region);
  return err == ERR_OK ? take_endpoint(o, region) : err;
}

// --- what ---

// The service's own rule for names of secrets.
static bool is_name(const char *s) {
  size_t len = strlen(s);
  for (size_t i = 0; i < len; i++)
    if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '.')
      return false;
  return len >= 2 && len <= SM_NAME_MAX && isalnum((unsigned char)s[0]) &&
         isalnum((unsigned char)s[len - 1]);
}

static enum err take_name(struct sm_opening *o) {
  struct sm_item *k = o->k;
  const struct store_setting *name = opening_find(&o->o, "name");
  if (!name || !is_name(name->value))
    return OPENING_WRONG(&o->o, name,
                         "name: expected 2 to %d letters, digits, '-' and '.', with a letter or"
                         " digit at each end",
                         SM_NAME_MAX);
  text_copy(k->name, sizeof k->name, name->value);
  return ERR_OK;
}

static enum err take_group(struct sm_opening *o) {
  struct sm_item *k = o->k;
  const struct store_setting *group = opening_find(&o->o, "group"),
                             *group_id = opening_find(&o->o, "group_id");
  const char *of_group = group ? group->value : "default";
  if (!*of_group || strlen(of_group) > 64)
    return OPENING_WRONG(&o->o, group, "group: expected the name of a secret group");
  text_copy(k->group, sizeof k->group, of_group);
  bool by_default = strcmp(of_group, "default") == 0;
  if (group_id && by_default && strcmp(group_id->value, "default") != 0)
    return OPENING_WRONG(&o->o, group_id, "group_id needs the group's name as group beside it");
  if (group_id && !by_default && !text_is_uuid(group_id->value))
    return OPENING_WRONG(&o->o, group_id, "group_id: expected the id of the group, a UUID");
  text_copy(k->group_id, sizeof k->group_id,
            group_id     ? group_id->value
            : by_default ? "default"
                         : "");
  return ERR_OK;
}

static enum err take_fields(struct sm_opening *o) {
  static const char *const names[SM_FIELD_COUNT] = {"fields.value", "fields.id", "fields.name",
                                                    "fields.created"};
  static const char *const fallback[SM_FIELD_COUNT] = {"api_key", "api_key_id", "", ""};
  struct sm_item *k = o->k;
  for (size_t i = 0; i < SM_FIELD_COUNT; i++) {
    const struct store_setting *s = opening_find(&o->o, names[i]);
    const char *value = s ? s->value : fallback[i];
    if (s && !k->kv)
      return OPENING_WRONG(&o->o, s, "%s is for secrets of type kv", names[i]);
    if (!text_copy(k->field[i], sizeof k->field[i], value))
      return OPENING_WRONG(&o->o, s, "%s is longer than %d bytes", names[i], SM_FIELD_MAX);
    if (!*value && i == SM_VALUE)
      return OPENING_WRONG(&o->o, s, "%s needs a name", names[i]);
    for (size_t j = 0; j < i; j++)
      if (*value && strcmp(value, k->field[j]) == 0)
        return OPENING_WRONG(&o->o, s, "%s and %s are the same field", names[j], names[i]);
  }
  return ERR_OK;
}

static enum err take_type(struct sm_opening *o) {
  const struct store_setting *type = opening_find(&o->o, "type");
  o->k->kv = type && strcmp(type->value, "kv") == 0;
  if (o->k->kv && o->k->item.kind == STORE_HOME)
    return OPENING_WRONG(&o->o, type, "type: a home is an arbitrary secret");
  return take_fields(o);
}

static void name_item(struct sm_item *k) {
  struct store_item *it = &k->item;
  snprintf(it->what, sizeof it->what, "Secrets Manager %.64s/%.150s", k->group, k->name);
  // Names are unique in an instance, whatever the group and the way there.
  snprintf(it->place, sizeof it->place, "ibm-secrets-manager:%s/%s/%s", k->guid, sm_type(k),
           k->name);
}

static enum err configure(struct sm_opening *o, const struct store_context *ctx) {
  struct sm_item *k = o->k;
  enum err err = take_server(o);
  if (err == ERR_OK)
    err = take_name(o);
  if (err == ERR_OK)
    err = take_group(o);
  if (err == ERR_OK)
    err = take_type(o);
  if (err != ERR_OK)
    return err;
  name_item(k);
  o->server.tokens = ctx->tokens;
  k->session = sm_session_get(&o->server, ctx->env);
  return k->session ? ERR_OK : error_no_memory(o->o.e);
}

static enum err sm_open(const struct store_context *ctx, enum store_kind kind,
                        const struct store_setting *settings, size_t n, struct store_item **ret,
                        int *ret_line, struct error *e) {
  struct sm_item *k = calloc(1, sizeof *k);
  if (!k)
    return error_no_memory(e);
  k->env = ctx->env;
  // Whether a reading can be older than the last write is not documented: so it may.
  k->item = (struct store_item){.ops = &sm_ops,
                                .kind = kind,
                                .class = STORE_CLASS_C,
                                .longest_ms = SM_LONGEST_MS,
                                .stale_reads = true};
  struct sm_opening o = {.o = {settings, n, ret_line, e}, .k = k};
  *ret_line = 0;
  enum err err = configure(&o, ctx);
  sm_server_clear(&o.server);
  if (err != ERR_OK)
    free(k);
  else
    *ret = &k->item;
  return err;
}

const struct store_backend store_backend_ibm_secrets_manager = {
    .name = "ibm-secrets-manager",
    .options = sm_options,
    .open = sm_open,
    .finish = sm_sessions_finish,
};
