// From settings and surroundings to an item. Nothing is contacted, and tokens are read when they
// are needed. In a pod everything but the Secret's name is known; outside, a server must be named,
// and then nothing of the pod is used.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "backends/session.h"
#include "rotator/base/text.h"

static const struct store_option kube_options[] = {
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

struct kube_opening {
  struct opening o;
  struct kube_item *k;
  struct kube_server server;
};

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

static enum err take_names(struct kube_opening *o) {
  struct kube_item *k = o->k;
  const struct store_setting *name = opening_find(&o->o, "name"),
                             *space = opening_find(&o->o, "namespace"),
                             *key = opening_find(&o->o, "key");
  if (!name || !object_name(name->value, KUBE_NAME_MAX, true))
    return OPENING_WRONG(&o->o, name,
                         "name must be that of a Secret: lower case letters, digits, '-' and '.'");
  if (space && !object_name(space->value, KUBE_NAMESPACE_MAX, false))
    return OPENING_WRONG(&o->o, space, "namespace must be lower case letters, digits and '-'");
  if (key && !key_name(key->value))
    return OPENING_WRONG(
        &o->o, key,
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
  else if (!opening_find(&o->o, "server"))
    pod_namespace(k->namespace, sizeof k->namespace);
  else
    return OPENING_WRONG(&o->o, opening_find(&o->o, "server"),
                         "server needs a namespace beside it");
  return ERR_OK;
}

// What the pod has, where the settings say nothing and no server is named.
static bool fill_in(char **text, const char *of_pod) {
  return *text || (*text = strdup(of_pod));
}

static enum err keep_server(struct kube_opening *o) {
  struct kube_server *s = &o->server;
  const struct opening *from = &o->o;
  bool good = opening_keep(from, "server", &s->url) && opening_keep(from, "ca_file", &s->ca_file) &&
              opening_keep(from, "token_file", &s->token_file) &&
              opening_keep(from, "client_cert", &s->client_cert) &&
              opening_keep(from, "client_key", &s->client_key);
  if (good && !s->url)
    good = fill_in(&s->ca_file, KUBE_POD_DIR "ca.crt") &&
           (s->client_cert || fill_in(&s->token_file, KUBE_POD_DIR "token"));
  return good ? ERR_OK : error_no_memory(from->e);
}

static enum err check_url(struct kube_opening *o, const struct store_setting *server,
                          enum server_url kind) {
  if (kind == SERVER_URL_WRONG || text_ends(server->value, "/"))
    return OPENING_WRONG(&o->o, server,
                         "server must be https://HOST[:PORT], without a slash at its end");
  if (kind == SERVER_URL_PLAIN)
    return OPENING_WRONG(&o->o, server,
                         "server must be https, or http to this host ('kubectl proxy')");
  return ERR_OK;
}

static enum err take_server(struct kube_opening *o) {
  const struct store_setting *server = opening_find(&o->o, "server"),
                             *cert = opening_find(&o->o, "client_cert"),
                             *token = opening_find(&o->o, "token_file");
  enum server_url kind = server ? server_url_kind(server->value) : SERVER_URL_HTTPS;
  enum err err = server ? check_url(o, server, kind) : ERR_OK;
  if (err)
    return err;
  if (kind == SERVER_URL_LOOPBACK && (token || cert))
    return OPENING_WRONG(&o->o, token ? token : cert, "no credential is sent to an http server");
  err = opening_check_pair(&o->o, opening_text(&o->o, "client_cert"),
                           opening_text(&o->o, "client_key"));
  if (err)
    return err;
  if (cert && token)
    return OPENING_WRONG(&o->o, token, "either token_file or client_cert, not both");
  if (server && kind == SERVER_URL_HTTPS && !token && !cert)
    return OPENING_WRONG(&o->o, server, "server needs token_file, or client_cert and client_key");
  return keep_server(o);
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
  text_copy(it->label, sizeof it->label, k->key);
}

static enum err configure(struct kube_opening *o, const struct store_context *ctx) {
  struct kube_item *k = o->k;
  enum err err = take_names(o);
  if (err == ERR_OK)
    err = take_server(o);
  if (err != ERR_OK)
    return err;
  k->create = opening_is_true(&o->o, "create");
  k->force_owner = opening_is_true(&o->o, "force_owner");
  name_item(k, &o->server);
  k->session = kube_session_get(&o->server, ctx->env);
  return k->session ? ERR_OK : error_no_memory(o->o.e);
}

static enum err kube_open(const struct store_context *ctx, enum store_kind kind,
                          const struct store_setting *settings, size_t n, struct store_item **ret,
                          int *ret_line, struct error *e) {
  struct kube_item *k = calloc(1, sizeof *k);
  if (!k)
    return error_no_memory(e);
  k->env = ctx->env;
  k->item = (struct store_item){
      .ops = &kube_ops, .kind = kind, .class = STORE_CLASS_A, .longest_ms = KUBE_LONGEST_MS};
  struct kube_opening o = {.o = {settings, n, ret_line, e}, .k = k};
  enum err err = configure(&o, ctx);
  kube_server_clear(&o.server);
  if (err != ERR_OK)
    free(k);
  else
    *ret = &k->item;
  return err;
}

const struct store_backend store_backend_kubernetes = {
    .name = "kubernetes",
    .options = kube_options,
    .open = kube_open,
    .finish = kube_sessions_finish,
};
