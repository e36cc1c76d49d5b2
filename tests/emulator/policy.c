#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

bool policy_is_v2(const struct req *r) {
  return !strcmp(r->segments[0], "v2");
}

bool policy_role_known(const struct model *m, const char *crn) {
  static const char *const known[] = {
      "crn:v1:bluemix:public:logs::::serviceRole:Sender",
      "crn:v1:bluemix:public:logs::::serviceRole:DataAccessReader",
      "crn:v1:bluemix:public:iam::::serviceRole:Reader",
      "crn:v1:bluemix:public:iam::::serviceRole:Writer",
      "crn:v1:bluemix:public:iam::::serviceRole:Manager",
      "crn:v1:bluemix:public:iam::::role:Viewer",
      "crn:v1:bluemix:public:iam::::role:Operator",
      "crn:v1:bluemix:public:iam::::role:Editor",
      "crn:v1:bluemix:public:iam::::role:Administrator",
      "crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator",
      "crn:v1:bluemix:public:iam-identity::::serviceRole:ServiceIdCreator",
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!strcmp(known[i], crn))
      return true;
  }
  const struct role *custom = model_role(m, crn);
  return custom && !custom->deleted;
}

static bool parse_roles(const cJSON *roles, struct list *list) {
  const cJSON *role;
  cJSON_ArrayForEach(role, roles) {
    const char *id = json_text(role, "role_id");
    if (!id)
      return false;
    list_add(list, util_dup(id));
  }
  return list->count > 0;
}

// v1 says name where v2 says key; the rest is alike. An operator is optional in v1.
static cJSON *parse_attributes(const cJSON *attributes, bool v2) {
  cJSON *out = cJSON_CreateArray();
  const cJSON *item;
  cJSON_ArrayForEach(item, attributes) {
    const char *key = json_text(item, v2 ? "key" : "name");
    const char *comparison = json_text(item, "operator");
    const cJSON *value = cJSON_GetObjectItem(item, "value");
    if (!key || !value || (v2 && !comparison)) {
      cJSON_Delete(out);
      return NULL;
    }
    cJSON *copy = cJSON_CreateObject();
    cJSON_AddStringToObject(copy, "key", key);
    cJSON_AddStringToObject(copy, "operator", comparison ? comparison : "stringEquals");
    cJSON_AddItemToObject(copy, "value", cJSON_Duplicate(value, true));
    cJSON_AddItemToArray(out, copy);
  }
  return out;
}

static const char *find_attribute(const cJSON *attributes, const char *key) {
  const cJSON *item;
  cJSON_ArrayForEach(item, attributes) {
    const char *name = json_text(item, "key");
    if (name && !strcmp(name, key))
      return json_text(item, "value");
  }
  return NULL;
}

const char *policy_draft_attribute(const struct policy_draft *d, const char *key) {
  return find_attribute(d->attributes, key);
}

static const char *parse_subject(const cJSON *subject, bool v2, struct policy_draft *d) {
  static const char *const keys[] = {"iam_id", "access_group_id"};
  cJSON *attributes = parse_attributes(cJSON_GetObjectItem(subject, "attributes"), v2);
  for (size_t i = 0; attributes && !d->subject && i < sizeof keys / sizeof *keys; i++) {
    d->subject = util_dup(find_attribute(attributes, keys[i]));
    if (d->subject)
      d->subject_key = util_dup(keys[i]);
  }
  cJSON_Delete(attributes);
  return d->subject ? NULL : "subject: an iam_id or access_group_id is required.";
}

static void keep_extra(const cJSON *body, struct policy_draft *d) {
  static const char *const names[] = {"pattern", "rule"};
  d->extra = cJSON_CreateObject();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const cJSON *item = cJSON_GetObjectItem(body, names[i]);
    if (item)
      cJSON_AddItemToObject(d->extra, names[i], cJSON_Duplicate(item, true));
  }
}

static const char *parse(const cJSON *body, bool v2, struct policy_draft *d) {
  const char *type = json_text(body, "type");
  const cJSON *subject = v2 ? cJSON_GetObjectItem(body, "subject")
                            : cJSON_GetArrayItem(cJSON_GetObjectItem(body, "subjects"), 0);
  const cJSON *resource = v2 ? cJSON_GetObjectItem(body, "resource")
                             : cJSON_GetArrayItem(cJSON_GetObjectItem(body, "resources"), 0);
  const cJSON *grant = cJSON_GetObjectItem(cJSON_GetObjectItem(body, "control"), "grant");
  static const char *const scopes[] = {"serviceName", "serviceType", "resourceGroupId",
                                       "service_group_id", "resourceType"};
  if (!type || strcmp(type, "access"))
    return "type: must be access.";
  const char *wrong = parse_subject(subject, v2, d);
  if (wrong)
    return wrong;
  if (!parse_roles(cJSON_GetObjectItem(v2 ? grant : body, "roles"), &d->roles))
    return "roles: at least one role_id is required.";
  d->attributes = parse_attributes(cJSON_GetObjectItem(resource, "attributes"), v2);
  const cJSON *tags = cJSON_GetObjectItem(resource, "tags");
  if (tags && !(d->tags = parse_attributes(tags, v2)))
    return "resource: a tag is not valid.";
  if (!d->attributes || !policy_draft_attribute(d, "accountId"))
    return "resource: an accountId is required.";
  bool scoped = false;
  for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
    scoped |= policy_draft_attribute(d, scopes[i]) != NULL;
  if (!scoped)
    return "resource: a serviceName, serviceType, resourceGroupId or service_group_id is required.";
  d->description = util_dup(json_text(body, "description"));
  keep_extra(body, d);
  return NULL;
}

const char *policy_parse(const cJSON *body, bool v2, struct policy_draft *ret_draft) {
  struct policy_draft d = {0};
  const char *wrong = parse(body, v2, &d);
  if (wrong)
    policy_draft_free(&d);
  *ret_draft = d;
  return wrong;
}

void policy_draft_free(struct policy_draft *d) {
  free(d->subject_key);
  free(d->subject);
  free(d->description);
  for (size_t i = 0; i < d->roles.count; i++)
    free(d->roles.items[i]);
  free(d->roles.items);
  cJSON_Delete(d->attributes);
  cJSON_Delete(d->tags);
  cJSON_Delete(d->extra);
  *d = (struct policy_draft){0};
}

void policy_adopt(struct policy *p, struct policy_draft *d) {
  text_set(&p->subject_key, d->subject_key);
  text_set(&p->subject, d->subject);
  text_set(&p->description, d->description);
  policy_clear_roles(p);
  for (size_t i = 0; i < d->roles.count; i++)
    list_add(&p->roles, d->roles.items[i]);
  d->roles.count = 0;
  cJSON_Delete(p->attributes);
  cJSON_Delete(p->tags);
  cJSON_Delete(p->extra);
  p->attributes = d->attributes;
  p->tags = d->tags;
  p->extra = d->extra;
  d->attributes = d->tags = d->extra = NULL;
  policy_draft_free(d);
}

static cJSON *subject_json(const struct policy *p, bool v2) {
  cJSON *subject = cJSON_CreateObject(), *item = cJSON_CreateObject();
  cJSON_AddItemToArray(cJSON_AddArrayToObject(subject, "attributes"), item);
  cJSON_AddStringToObject(item, v2 ? "key" : "name", p->subject_key);
  if (v2)
    cJSON_AddStringToObject(item, "operator", "stringEquals");
  cJSON_AddStringToObject(item, "value", p->subject);
  return subject;
}

static void add_attributes(cJSON *object, const char *name, const cJSON *attributes, bool v2) {
  cJSON *list = cJSON_AddArrayToObject(object, name);
  const cJSON *item;
  cJSON_ArrayForEach(item, attributes) {
    cJSON *copy = cJSON_CreateObject();
    cJSON_AddStringToObject(copy, v2 ? "key" : "name", json_text(item, "key"));
    cJSON_AddStringToObject(copy, "operator", json_text(item, "operator"));
    cJSON_AddItemToObject(copy, "value", cJSON_Duplicate(cJSON_GetObjectItem(item, "value"), true));
    cJSON_AddItemToArray(list, copy);
  }
}

static cJSON *resource_json(const struct policy *p, bool v2) {
  cJSON *resource = cJSON_CreateObject();
  add_attributes(resource, "attributes", p->attributes, v2);
  if (p->tags)
    add_attributes(resource, "tags", p->tags, v2);
  return resource;
}

static cJSON *roles_json(const struct policy *p, bool v2) {
  cJSON *list = cJSON_CreateArray();
  for (size_t i = 0; i < p->roles.count; i++) {
    cJSON *item = cJSON_CreateObject();
    const char *colon = strrchr(p->roles.items[i], ':');
    cJSON_AddStringToObject(item, "role_id", p->roles.items[i]);
    if (!v2)
      cJSON_AddStringToObject(item, "display_name", colon ? colon + 1 : "");
    cJSON_AddItemToArray(list, item);
  }
  return list;
}

static void add_list_of_one(cJSON *out, const char *name, cJSON *item) {
  cJSON_AddItemToArray(cJSON_AddArrayToObject(out, name), item);
}

cJSON *policy_json(const struct req *r, const struct policy *p, bool v2) {
  const char *host = req_header(r, "Host");
  char *href = util_format("%s://%s/%s/policies/%s", r->tls ? "https" : "http",
                           host ? host : "localhost", v2 ? "v2" : "v1", p->id);
  char created[32], modified[32];
  util_milli_time(created, p->created_ms);
  util_milli_time(modified, p->modified_ms);
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "id", p->id);
  cJSON_AddStringToObject(out, "type", p->type);
  if (p->description)
    cJSON_AddStringToObject(out, "description", p->description);
  if (v2) {
    cJSON_AddItemToObject(out, "subject", subject_json(p, v2));
    cJSON *grant = cJSON_AddObjectToObject(cJSON_AddObjectToObject(out, "control"), "grant");
    cJSON_AddItemToObject(grant, "roles", roles_json(p, v2));
    cJSON_AddItemToObject(out, "resource", resource_json(p, v2));
    for (const cJSON *x = p->extra ? p->extra->child : NULL; x; x = x->next)
      cJSON_AddItemToObject(out, x->string, cJSON_Duplicate(x, true));
  } else {
    add_list_of_one(out, "subjects", subject_json(p, v2));
    cJSON_AddItemToObject(out, "roles", roles_json(p, v2));
    add_list_of_one(out, "resources", resource_json(p, v2));
  }
  cJSON_AddStringToObject(out, "href", href);
  cJSON_AddStringToObject(out, "created_at", created);
  cJSON_AddStringToObject(out, "created_by_id", p->created_by ? p->created_by : "");
  cJSON_AddStringToObject(out, "last_modified_at", modified);
  cJSON_AddStringToObject(out, "last_modified_by_id",
                          p->modified_by  ? p->modified_by
                          : p->created_by ? p->created_by
                                          : "");
  cJSON_AddStringToObject(out, "state", p->deleted ? "deleted" : "active");
  free(href);
  return out;
}

static bool has_attribute(const cJSON *attributes, const cJSON *wanted) {
  const cJSON *item;
  cJSON_ArrayForEach(item, attributes) {
    if (cJSON_Compare(item, wanted, true))
      return true;
  }
  return false;
}

bool policy_covers(const struct policy *p, const struct policy_draft *d) {
  const cJSON *item;
  if (p->deleted || strcmp(p->subject, d->subject))
    return false;
  for (size_t i = 0; i < d->roles.count; i++) {
    bool found = false;
    for (size_t n = 0; n < p->roles.count; n++)
      found |= !strcmp(d->roles.items[i], p->roles.items[n]);
    if (!found)
      return false;
  }
  // Fewer restrictions cover more.
  cJSON_ArrayForEach(item, p->attributes) {
    if (!has_attribute(d->attributes, item))
      return false;
  }
  // Conditions and tags restrict too, in ways not looked into here.
  return !p->tags && (!p->extra || !p->extra->child);
}
