// The Secret object: a record in it, and the patch that puts a record there.
//
// What stands beside the value is one annotation for each key, so that it travels in the same
// write:
//
//   rotator.ibm-cloud-logs/IAM_API_KEY: {"stamp":"7","id":"ApiKey-…","name":"…","write":"…"}
//
// Never the value, nor anything made of it.
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"
#include "rotator/base/text_time.h"

// --- what stands beside the value ----------------------------------------------------------------

static void annotation_name(const struct kube_item *k, char *dst, size_t cap) {
  snprintf(dst, cap, KUBE_PREFIX "%s", k->key);
}

static enum err annotation_read(const char *text, struct store_record *ret, struct error *e) {
  JSON_AUTO o = NULL;
  if (text && json_read(text, strlen(text), &o) == ERR_INTERNAL)
    return error_no_memory(e);
  const char *created = json_text(o, "created");
  if (!json_u64_text(o, "stamp", &ret->stamp))
    ret->stamp = 0;
  json_copy_text(o, "id", ret->key_id, sizeof ret->key_id);
  json_copy_text(o, "name", ret->key_name, sizeof ret->key_name);
  if (!created || text_parse_time(created, &ret->created_s) != ERR_OK)
    ret->created_s = 0;
  return ERR_OK;
}

static bool add_text(cJSON *o, const char *name, const char *text) {
  return *text == '\0' || cJSON_AddStringToObject(o, name, text);
}

// Differs each time, so that a write without a change makes a new version all the same. NULL
// without memory or chance.
static char *annotation_text(const struct kube_item *k, const struct store_record *r) {
  uint64_t write = 0;
  char created[32] = "", number[20];
  JSON_AUTO o = cJSON_CreateObject();
  if (!o || env_random(k->env, &write, sizeof write) != ERR_OK)
    return NULL;
  snprintf(number, sizeof number, "%016" PRIx64, write);
  if (k->item.kind == STORE_SINK) {
    json_add_u64_text(o, "stamp", r->stamp);
    if (r->created_s > 0)
      text_format_time(created, sizeof created, r->created_s);
    if (!add_text(o, "id", r->key_id) || !add_text(o, "name", r->key_name) ||
        !add_text(o, "created", created))
      return NULL;
  }
  return add_text(o, "write", number) ? cJSON_PrintUnformatted(o) : NULL;
}

// --- the value -----------------------------------------------------------------------------------

// 64 characters make 48 bytes.
static enum err decode(const char *text, size_t limit, struct secret **ret, struct error *e) {
  size_t len = strlen(text), n = 0;
  struct secret *s = secret_new(limit);
  unsigned char part[48];
  enum err err = s ? ERR_OK : error_no_memory(e);
  for (size_t i = 0; err == ERR_OK && i < len; i += 64) {
    if (text_base64_decode(part, sizeof part, text + i, len - i < 64 ? len - i : 64, &n) != ERR_OK)
      err = error_set(e, ERR_CORRUPT, "it is no base64");
    else if ((err = secret_append(s, part, n)) == ERR_INVALID)
      err = error_set(e, ERR_CORRUPT, "it is larger than we write it");
    else if (err != ERR_OK)
      error_no_memory(e);
  }
  secret_wipe(part, sizeof part);
  if (err != ERR_OK)
    secret_free(s);
  else
    *ret = s;
  return err;
}

enum err kube_secret_read(const struct kube_item *k, const cJSON *secret, struct store_record *ret,
                          struct error *e) {
  char name[sizeof(KUBE_PREFIX) + KUBE_KEY_MAX];
  bool sink = k->item.kind == STORE_SINK;
  const cJSON *data = json_get(secret, "data");
  const cJSON *entry = json_get(data, k->key);
  const char *text = json_text(data, k->key);
  if (entry && !text)
    return error_set(e, ERR_CORRUPT, "%s is no text", k->key);
  if (!text || !*text)
    return error_set(e, ERR_MISSING, "the Secret has no %s", k->key);
  enum err err = decode(text, sink ? STORE_SINK_MAX : STORE_HOME_MAX, &ret->value, e);
  if (err == ERR_OK && sink)
    err = store_value_check(ret->value, ERR_CORRUPT, e);
  if (err != ERR_OK || !sink)
    return err;
  annotation_name(k, name, sizeof name);
  text = json_text(json_get(json_get(secret, "metadata"), "annotations"), name);
  return annotation_read(text, ret, e);
}

// Standard alphabet, padded, as the API wants it; 48 bytes make 64 characters without padding.
static struct secret *encode(const struct secret *value) {
  const unsigned char *bytes = (const unsigned char *)secret_bytes(value);
  size_t len = secret_len(value);
  struct secret *s = secret_new((len + 2) / 3 * 4);
  unsigned char part[65];
  for (size_t i = 0; s && i < len; i += 48) {
    int n = EVP_EncodeBlock(part, bytes + i, (int)(len - i < 48 ? len - i : 48));
    if (secret_append(s, part, (size_t)n) != ERR_OK)
      s = secret_free(s);
  }
  secret_wipe(part, sizeof part);
  return s;
}

static bool add_metadata(const struct kube_item *k, const struct store_record *r,
                         const struct store_version *expect, cJSON *o) {
  char name[sizeof(KUBE_PREFIX) + KUBE_KEY_MAX], uid[STORE_VERSION_MAX], res[STORE_VERSION_MAX];
  char *text = annotation_text(k, r);
  cJSON *metadata = cJSON_AddObjectToObject(o, "metadata");
  cJSON *annotations = cJSON_AddObjectToObject(metadata, "annotations");
  annotation_name(k, name, sizeof name);
  bool good = text && cJSON_AddStringToObject(annotations, name, text);
  cJSON_free(text);
  if (expect->text[0] == '\0')
    return good && cJSON_AddStringToObject(metadata, "name", k->name);
  return good && kube_version_split(expect, uid, res, sizeof uid) &&
         cJSON_AddStringToObject(metadata, "uid", uid) &&
         cJSON_AddStringToObject(metadata, "resourceVersion", res);
}

cJSON *kube_secret_write(const struct kube_item *k, const struct store_record *r,
                         const struct store_version *expect) {
  cJSON *o = cJSON_CreateObject();
  SECRET_AUTO text = encode(r->value);
  bool good = o && text && add_metadata(k, r, expect, o);
  if (good && expect->text[0] == '\0')
    good = cJSON_AddStringToObject(o, "apiVersion", "v1") &&
           cJSON_AddStringToObject(o, "kind", "Secret") &&
           cJSON_AddStringToObject(o, "type", "Opaque");
  cJSON *data = good ? cJSON_AddObjectToObject(o, "data") : NULL;
  if (data && cJSON_AddStringToObject(data, k->key, secret_bytes(text)))
    return o;
  return json_free(o);
}

enum err kube_secret_version(const cJSON *secret, struct store_version *ret, struct error *e) {
  const cJSON *metadata = json_get(secret, "metadata");
  const char *uid = json_text(metadata, "uid");
  const char *resource = json_text(metadata, "resourceVersion");
  struct store_version v = {""};
  int n = uid && *uid && !strchr(uid, '/') && resource && *resource
              ? snprintf(v.text, sizeof v.text, "%s/%s", uid, resource)
              : -1;
  if (n < 0 || (size_t)n >= sizeof v.text)
    return error_set(e, ERR_UNSURE, "the answer is no Secret: it has no uid and resourceVersion");
  *ret = v;
  return ERR_OK;
}

bool kube_version_split(const struct store_version *v, char *uid, char *resource, size_t cap) {
  const char *slash = strchr(v->text, '/');
  if (!slash || slash == v->text || slash[1] == '\0' || (size_t)(slash - v->text) >= cap)
    return false;
  memcpy(uid, v->text, (size_t)(slash - v->text));
  uid[slash - v->text] = '\0';
  return text_copy(resource, cap, slash + 1);
}
