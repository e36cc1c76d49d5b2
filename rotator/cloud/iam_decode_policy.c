// Does a policy let an identity send logs to an instance?
//
// It does when one of its roles holds the action logs.data-ingress.send (Sender, or Writer and
// Manager, which contain it) and every attribute of its resource is true of the instance. What
// cannot be judged here counts as "no": the price of a wrong no is a hint to the operator, that of
// a wrong yes a rotation that finds out late.
#include <string.h>

#include "rotator/base/text_time.h"
#include "rotator/cloud/iam_decode.h"

#define ROLE_FIELDS 10 // crn:v1:cname:ctype:service:region:scope:instance:type:resource

static bool glob(const char *pattern, const char *text) {
  const char *star = NULL, *retry = NULL;
  while (*text) {
    if (*pattern == '*') {
      star = pattern++;
      retry = text;
    } else if (*pattern == '?' || *pattern == *text) {
      pattern++;
      text++;
    } else if (star) {
      pattern = star + 1;
      text = ++retry;
    } else {
      return false;
    }
  }
  while (*pattern == '*')
    pattern++;
  return *pattern == '\0';
}

static bool value_matches(const cJSON *value, bool pattern, const char *actual) {
  if (!cJSON_IsString(value))
    return false;
  return pattern ? glob(value->valuestring, actual) : strcmp(value->valuestring, actual) == 0;
}

static bool any_matches(const cJSON *values, bool pattern, const char *actual) {
  const cJSON *item;
  cJSON_ArrayForEach(item, values) {
    if (value_matches(item, pattern, actual))
      return true;
  }
  return false;
}

// actual NULL: not asked for.
static bool attribute_matches(const cJSON *attribute, const char *actual) {
  const char *op = json_text(attribute, "operator");
  const cJSON *value = json_get(attribute, "value");
  if (!actual)
    return true;
  if (!op || strcmp(op, "stringEquals") == 0)
    return value_matches(value, false, actual);
  if (strcmp(op, "stringMatch") == 0)
    return value_matches(value, true, actual);
  if (strcmp(op, "stringExists") == 0)
    return cJSON_IsTrue(value) || value_matches(value, false, "true");
  if (strcmp(op, "stringEqualsAnyOf") == 0)
    return cJSON_IsArray(value) && any_matches(value, false, actual);
  if (strcmp(op, "stringMatchAnyOf") == 0)
    return cJSON_IsArray(value) && any_matches(value, true, actual);
  return false;
}

static const char *attribute_key(const cJSON *attribute) {
  const char *key = json_text(attribute, "key"); // v2
  return key ? key : json_text(attribute, "name");
}

static bool resource_covers(const cJSON *attributes, const struct iam_want *w) {
  bool service = false;
  const cJSON *a;
  cJSON_ArrayForEach(a, attributes) {
    const char *key = attribute_key(a);
    bool match = false;
    if (!key)
      return false;
    if (strcmp(key, "accountId") == 0)
      match = attribute_matches(a, w->account);
    else if (strcmp(key, "serviceInstance") == 0)
      match = attribute_matches(a, w->instance);
    else if (strcmp(key, "serviceName") == 0)
      match = service = attribute_matches(a, "logs");
    else if (strcmp(key, "serviceType") == 0)
      match = service = attribute_matches(a, "service");
    if (!match)
      return false;
  }
  return service;
}

static bool subject_covers(const cJSON *attributes, const struct iam_want *w) {
  const cJSON *a;
  cJSON_ArrayForEach(a, attributes) {
    const char *key = attribute_key(a);
    if (!key || strcmp(key, "iam_id") || !attribute_matches(a, w->iam_id))
      return false;
  }
  return cJSON_GetArraySize(attributes) > 0;
}

// "crn:v1:bluemix:public:logs::::serviceRole:Sender"; pages disagree whether the service is logs or
// iam.
static bool role_sends(const char *crn) {
  const char *field[ROLE_FIELDS];
  size_t len[ROLE_FIELDS], n = 0;
  for (const char *at = crn; n < ROLE_FIELDS; at += len[n - 1] + 1) {
    field[n] = at;
    len[n++] = strcspn(at, ":");
    if (at[len[n - 1]] == '\0')
      break;
  }
  if (n != ROLE_FIELDS || strncmp(crn, "crn:v1:", 7) || field[9][len[9]])
    return false;
  bool service = (len[4] == 4 && strncmp(field[4], "logs", 4) == 0) ||
                 (len[4] == 3 && strncmp(field[4], "iam", 3) == 0);
  bool role = strcmp(field[9], "Sender") == 0 || strcmp(field[9], "Writer") == 0 ||
              strcmp(field[9], "Manager") == 0;
  return service && role && len[8] == 11 && strncmp(field[8], "serviceRole", 11) == 0;
}

static bool find_role(const cJSON *roles, char *dst, size_t cap) {
  const cJSON *role;
  cJSON_ArrayForEach(role, roles) {
    const char *crn = json_text(role, "role_id");
    if (crn && role_sends(crn) && json_copy_text(role, "role_id", dst, cap))
      return true;
  }
  return false;
}

// The attributes of the subject or the resource: one object in v2, a list of one in v1.
static const cJSON *attributes_of(const cJSON *policy, const char *v2, const char *v1) {
  const cJSON *holder = json_get(policy, v2), *list = json_get(policy, v1);
  if (!holder && cJSON_IsArray(list) && cJSON_GetArraySize(list) == 1)
    holder = list->child;
  const cJSON *attributes = json_get(holder, "attributes");
  return cJSON_IsArray(attributes) ? attributes : NULL;
}

static bool covers(const cJSON *o, const struct iam_want *w, struct iam_policy *p) {
  const char *type = json_text(o, "type");
  if ((type && strcmp(type, "access")) || json_get(o, "rule"))
    return false;
  if (p->state[0] && strcmp(p->state, "active"))
    return false;
  const cJSON *grant = json_get(json_get(o, "control"), "grant");
  const cJSON *roles = json_get(grant ? grant : o, "roles");
  return cJSON_IsArray(roles) && subject_covers(attributes_of(o, "subject", "subjects"), w) &&
         resource_covers(attributes_of(o, "resource", "resources"), w) &&
         find_role(roles, p->role, sizeof p->role);
}

static int64_t changed_s(const cJSON *o) {
  static const char *const names[] = {"last_modified_at", "created_at"};
  int64_t s = -1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *text = json_text(o, names[i]);
    if (text && text_parse_time(text, &s) == ERR_OK)
      return s;
  }
  return -1;
}

enum err iam_decode_policy(const cJSON *o, const struct iam_want *want, struct iam_policy *ret,
                           struct error *e) {
  struct iam_policy p = {0};
  if (!json_copy_text(o, "id", p.id, sizeof p.id) || !p.id[0])
    return error_set(e, ERR_CORRUPT, "a policy without id");
  json_copy_text(o, "state", p.state, sizeof p.state);
  p.covers = covers(o, want, &p);
  p.changed_s = changed_s(o);
  *ret = p;
  return ERR_OK;
}
