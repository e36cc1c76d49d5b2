// What stands beside the value, as one annotation for each key, so that it travels in the same
// write:
//
//   rotator.ibm-cloud-logs/IAM_API_KEY: {"stamp":"7","id":"ApiKey-…","name":"…","write":"…"}
//
// Never the value, nor anything made of it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "rotator/base/text_time.h"

void kube_annotation_name(const struct kube_item *k, char *dst, size_t cap) {
  snprintf(dst, cap, KUBE_PREFIX "%s", k->key);
}

void kube_annotation_read(const char *text, struct store_record *ret) {
  JSON_AUTO o = text ? json_parse(text, strlen(text)) : NULL;
  const char *created = json_text(o, "created");
  if (!json_u64_text(o, "stamp", &ret->stamp))
    ret->stamp = 0;
  json_copy_text(o, "id", ret->key_id, sizeof ret->key_id);
  json_copy_text(o, "name", ret->key_name, sizeof ret->key_name);
  if (!created || text_parse_time(created, &ret->created_s) != ERR_OK)
    ret->created_s = 0;
}

static bool add_text(cJSON *o, const char *name, const char *text) {
  return *text == '\0' || cJSON_AddStringToObject(o, name, text);
}

char *kube_annotation_text(const struct kube_item *k, const struct store_record *r) {
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
