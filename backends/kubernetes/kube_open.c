// From settings and surroundings to an item. Nothing is contacted, and tokens are read when they
// are needed. In a pod everything but the Secret's name is known; outside, a server must be named,
// and then nothing of the pod is used.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "rotator/base/text.h"
#include "rotator/http/transport.h"

const struct store_option kube_options[] = {
    {"name", STORE_OPT_TEXT, true, NULL, NULL, "Name of the Secret."},
    {"namespace", STORE_OPT_TEXT, false, NULL, NULL,
     "Its namespace; by default that of the pod in which the rotator runs."},
    {"key", STORE_OPT_TEXT, false, NULL, NULL,
     "Key of the Secret under which the value stands; by default IAM_API_KEY, for a home 'state'."},
    {"create", STORE_OPT_BOOL, false, NULL, "false",
     "Make the Secret when it is not there; needs the right to create secrets."},
    {"force_owner", STORE_OPT_BOOL, false, NULL, "false",
     "Write a Secret that Helm, kubectl apply or an operator keeps as well."},
    {"server", STORE_OPT_TEXT, false, NULL, NULL,
     "URL of the API server; by default that of the cluster in whose pod the rotator runs."},
    {"ca_file", STORE_OPT_PATH, false, NULL, NULL,
     "PEM file of the authorities that the server is verified with; by default the pod's, or with"
     " server the system's."},
    {"token_file", STORE_OPT_PATH, false, NULL, NULL,
     "File of the bearer token, read again every minute; by default the pod's, or with server "
     "none."},
    {"client_cert", STORE_OPT_PATH, false, NULL, NULL,
     "PEM file of a client certificate, instead of a token."},
    {"client_key", STORE_OPT_PATH, false, NULL, NULL, "PEM file of its private key."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};

struct opening {
  struct kube_item *k;
  struct kube_server server;
  const struct store_setting *settings;
  size_t n;
  int *ret_line;
  struct error *e;
};

// Answers ERR_INVALID with the setting's line (NULL: of no single one) and a text.
#define WRONG(o, setting, ...)                                                                     \
  (*(o)->ret_line = (setting) ? (setting)->line : 0, error_set((o)->e, ERR_INVALID, __VA_ARGS__))

static const struct store_setting *given(const struct opening *o, const char *name) {
  return store_setting_find(o->settings, o->n, name);
}

static bool is_true(const struct opening *o, const char *name) {
  const struct store_setting *s = given(o, name);
  return s && strcmp(s->value, "true") == 0;
}

// Lower case letters, digits and '-' (and '.' where `dots`), with a letter or digit at each end.
static bool object_name(const char *s, size_t most, bool dots) {
  size_t len = strlen(s);
  for (size_t i = 0; i < len; i++) {
    bool edge = i == 0 || i == len - 1 || s[i - 1] == '.' || s[i + 1] == '.';
    bool word = islower((unsigned char)s[i]) || isdigit((unsigned char)s[i]);
    if (!word && !(s[i] == '-' && !edge) && !(s[i] == '.' && dots && i > 0 && i < len - 1))
      return false;
  }
  return len > 0 && len <= most && !strstr(s, "..");
}

static bool key_name(const char *s) {
  size_t len = strlen(s);
  for (size_t i = 0; i < len; i++)
    if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
      return false;
  return len > 0 && len <= KUBE_KEY_MAX && isalnum((unsigned char)s[0]) &&
         isalnum((unsigned char)s[len - 1]);
}

// The pod's own, "" where it cannot be read: then the first use says so.
static void pod_namespace(char *dst, size_t cap) {
  char text[KUBE_NAMESPACE_MAX + 3] = "";
  FILE *f = fopen(KUBE_POD_DIR "namespace", "re");
  if (!f)
    return;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  while (n > 0 && isspace((unsigned char)text[n - 1]))
    text[--n] = '\0';
  if (object_name(text, KUBE_NAMESPACE_MAX, false))
    text_copy(dst, cap, text);
}

static enum err take_names(struct opening *o) {
  struct kube_item *k = o->k;
  const struct store_setting *name = given(o, "name"), *space = given(o, "namespace"),
                             *key = given(o, "key");
  if (!name || !object_name(name->value, KUBE_NAME_MAX, true))
    return WRONG(o, name, "name must be that of a Secret: lower case letters, digits, '-' and '.'");
  if (space && !object_name(space->value, KUBE_NAMESPACE_MAX, false))
    return WRONG(o, space, "namespace must be lower case letters, digits and '-'");
  if (key && !key_name(key->value))
    return WRONG(o, key,
                 "key must be 1 to %d letters, digits, '-', '_' and '.', with a letter or digit at"
                 " each end",
                 KUBE_KEY_MAX);
  text_copy(k->name, sizeof k->name, name->value);
  text_copy(k->key, sizeof k->key,
            key                          ? key->value
            : k->item.kind == STORE_HOME ? "state"
                                         : "IAM_API_KEY");
  if (space)
    text_copy(k->namespace, sizeof k->namespace, space->value);
  else if (!given(o, "server"))
    pod_namespace(k->namespace, sizeof k->namespace);
  else
    return WRONG(o, given(o, "server"), "server needs a namespace beside it");
  return ERR_OK;
}

static bool keep(char **dst, const char *text) {
  *dst = text ? strdup(text) : NULL;
  return !text || *dst;
}

static enum err keep_server(struct opening *o, const char *user_agent) {
  const struct store_setting *server = given(o, "server");
  bool in_pod = !server;
  const char *ca = store_setting_get(o->settings, o->n, "ca_file");
  const char *token = store_setting_get(o->settings, o->n, "token_file");
  const char *cert = store_setting_get(o->settings, o->n, "client_cert");
  struct kube_server *s = &o->server;
  if (in_pod && !ca)
    ca = KUBE_POD_DIR "ca.crt";
  if (in_pod && !token && !cert)
    token = KUBE_POD_DIR "token";
  if (!keep(&s->url, server ? server->value : NULL) || !keep(&s->ca_file, ca) ||
      !keep(&s->token_file, token) || !keep(&s->client_cert, cert) ||
      !keep(&s->client_key, store_setting_get(o->settings, o->n, "client_key")) ||
      !keep(&s->user_agent, user_agent))
    return error_set(o->e, ERR_INTERNAL, "memory is exhausted");
  return ERR_OK;
}

static enum err take_server(struct opening *o, const char *user_agent) {
  const struct store_setting *server = given(o, "server"), *cert = given(o, "client_cert"),
                             *key = given(o, "client_key"), *token = given(o, "token_file");
  char host[256];
  bool https = true;
  int port = 0;
  if (server && (!http_url_host(server->value, host, sizeof host, &https, &port) ||
                 strpbrk(server->value, "?#@ ") || text_ends(server->value, "/")))
    return WRONG(o, server, "server must be https://HOST[:PORT], without a slash at its end");
  if (server && !https && !http_host_is_loopback(host))
    return WRONG(o, server, "server must be https, or http to this host ('kubectl proxy')");
  if (server && !https && (token || cert))
    return WRONG(o, token ? token : cert, "no credential is sent to an http server");
  if (!cert != !key)
    return WRONG(o, cert ? cert : key, "client_cert and client_key go together");
  if (cert && token)
    return WRONG(o, token, "either token_file or client_cert, not both");
  if (server && https && !token && !cert)
    return WRONG(o, server, "server needs token_file, or client_cert and client_key");
  return keep_server(o, user_agent);
}

static void name_item(struct kube_item *k, const struct kube_server *server) {
  struct store_item *it = &k->item;
  const char *space = k->namespace[0] ? k->namespace : "?";
  int n = snprintf(it->what, sizeof it->what, "Secret %s/%s key %s", space, k->name, k->key);
  if (n < 0 || (size_t)n >= sizeof it->what)
    snprintf(it->what, sizeof it->what, "Secret %s/%.150s...", space, k->name);
  // One cluster has one name here, though its address may differ from pod to pod.
  snprintf(it->place, sizeof it->place, "kubernetes:%.100s/%s/%s/%s",
           server->url ? server->url : "in-cluster", space, k->name, k->key);
}

static enum err configure(struct opening *o, const struct store_context *ctx) {
  struct kube_item *k = o->k;
  enum err err = take_names(o);
  if (err == ERR_OK)
    err = take_server(o, ctx->user_agent);
  if (err != ERR_OK)
    return err;
  k->create = is_true(o, "create");
  k->force_owner = is_true(o, "force_owner");
  name_item(k, &o->server);
  k->session = kube_session_get(&o->server, ctx->env);
  return k->session ? ERR_OK : error_set(o->e, ERR_INTERNAL, "memory is exhausted");
}

enum err kube_open(const struct store_context *ctx, enum store_kind kind,
                   const struct store_setting *settings, size_t n, struct store_item **ret,
                   int *ret_line, struct error *e) {
  struct kube_item *k = calloc(1, sizeof(*k));
  if (!k)
    return error_set(e, ERR_INTERNAL, "memory is exhausted");
  k->env = ctx->env;
  k->item = (struct store_item){
      .ops = &kube_ops, .kind = kind, .class = STORE_CLASS_A, .longest_ms = KUBE_LONGEST_MS};
  struct opening o = {k, {0}, settings, n, ret_line, e};
  enum err err = configure(&o, ctx);
  kube_server_clear(&o.server);
  if (err != ERR_OK)
    free(k);
  else
    *ret = &k->item;
  return err;
}
