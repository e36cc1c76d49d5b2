// The json format: the shape that `ibmcloud iam service-api-key-create --file` writes
// and scripts read (name, description, createdAt, apikey), with the key's id added. The file is
// ours as a whole. Members that the IBM Cloud CLI and the IAM API put beside the key describe a key
// that is about to be replaced, so they may be dropped; any other member belongs to somebody, and
// is refused by name.
#include <string.h>
#include <time.h>

#include "backends/file/filestore.h"
#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

static const char description[] = "Written whole by rotator at each rotation";

static const char *const known[] = {
    "name",       "description", "createdAt",  "apikey",     "id", // ours
    "uuid",       "crn",         "iam_id",     "account_id", "bound_to",   "boundTo",
    "entity_tag", "format",      "locked",     "disabled",   "created_at", "created_by",
    "createdBy",  "modified_at", "modifiedAt", "expires_at",
};

// Appends `\t"NAME": "TEXT"`, after a comma for all but the first; text "" only where `always` says
// so.
static enum err add_text(struct secret *s, const char *name, const char *text) {
  cJSON *node = cJSON_CreateString(text);
  SECRET_AUTO quoted = NULL;
  enum err err = node ? json_print(node, FILESTORE_BYTES_MAX, &quoted) : ERR_INTERNAL;
  json_free(node);
  const char *parts[] = {secret_is_empty(s) ? "{\n\t\"" : ",\n\t\"", name,
                         "\": ", secret_bytes(quoted)};
  for (size_t i = 0; err == ERR_OK && i < sizeof parts / sizeof parts[0]; i++)
    err = secret_append_text(s, parts[i]);
  return err;
}

// IAM's own shape, to the minute.
static bool format_created(char *dst, size_t cap, int64_t created_s) {
  time_t t = (time_t)created_s;
  struct tm tm;
  return created_s > 0 && gmtime_r(&t, &tm) && strftime(dst, cap, "%Y-%m-%dT%H:%M+0000", &tm) > 0;
}

static enum err json_encode(const struct filestore *fs, const struct store_record *r,
                            struct secret **ret, struct error *e) {
  (void)fs;
  char created[40];
  SECRET_AUTO s = secret_new(FILESTORE_BYTES_MAX);
  enum err err = s ? add_text(s, "name", r->key_name) : ERR_INTERNAL;
  if (err == ERR_OK)
    err = add_text(s, "description", description);
  if (err == ERR_OK && format_created(created, sizeof created, r->created_s))
    err = add_text(s, "createdAt", created);
  if (err == ERR_OK)
    err = add_text(s, "apikey", secret_bytes(r->value));
  if (err == ERR_OK && r->key_id[0] != '\0')
    err = add_text(s, "id", r->key_id);
  if (err == ERR_OK)
    err = secret_append_text(s, "\n}\n");
  if (err != ERR_OK)
    return error_no_memory(e);
  *ret = s;
  s = NULL;
  return ERR_OK;
}

static bool is_known(const char *name) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i], name) == 0)
      return true;
  return false;
}

static enum err refuse_foreign(const cJSON *o, struct error *e) {
  const cJSON *member = NULL;
  cJSON_ArrayForEach(member, o) {
    if (is_known(member->string))
      continue;
    char name[41];
    text_printable(name, sizeof name, member->string, strlen(member->string));
    return error_set(
        e, ERR_REFUSED,
        "member '%s' is not ours, and this file is rewritten whole: give the key a file of"
        " its own",
        name);
  }
  return ERR_OK;
}

static enum err take_members(const cJSON *o, struct store_record *ret, struct error *e) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(o, "apikey");
  const char *text = json_text(o, "apikey");
  if (value && !text)
    return error_set(e, ERR_CORRUPT, "member 'apikey' is not one text");
  if (!value || text[0] == '\0')
    return error_set(e, ERR_MISSING, "member 'apikey' is absent or empty");
  ret->value = json_secret(o, "apikey");
  if (!ret->value)
    return error_no_memory(e);
  json_copy_text(o, "id", ret->key_id, sizeof ret->key_id);
  json_copy_text(o, "name", ret->key_name, sizeof ret->key_name);
  const char *created = json_text(o, "createdAt");
  if (!created || text_parse_time(created, &ret->created_s) != ERR_OK)
    ret->created_s = 0;
  return ERR_OK;
}

static enum err json_decode(const struct filestore *fs, const struct secret *bytes,
                            struct store_record *ret, struct error *e) {
  (void)fs;
  JSON_AUTO tree = NULL;
  if (json_read(secret_bytes(bytes), secret_len(bytes), &tree) == ERR_INTERNAL)
    return error_no_memory(e);
  if (!cJSON_IsObject(tree))
    return error_set(e, ERR_CORRUPT, "the file is not a JSON object");
  enum err err = refuse_foreign(tree, e);
  return err == ERR_OK ? take_members(tree, ret, e) : err;
}

// Whoever reads the member passes over the others.
static struct secret *json_served(const struct filestore *fs, const struct secret *bytes) {
  (void)fs;
  JSON_AUTO tree = json_parse(secret_bytes(bytes), secret_len(bytes));
  return cJSON_IsObject(tree) && json_text(tree, "apikey") ? json_secret(tree, "apikey") : NULL;
}

const struct filestore_format filestore_json = {"json", json_encode, json_decode, json_served};
