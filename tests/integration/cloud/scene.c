#include "tests/integration/cloud/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program;

void scene_program(const char *path) {
  program = path;
}

#define ROLE(who, role, more) "{\"identity\":\"" who "\",\"role\":\"" role "\"" more "}"
#define ON ",\"instance\":\"" GUID "\""

static cJSON *add(cJSON *list) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddItemToArray(list, item);
  return item;
}

static cJSON *add_service(cJSON *list, const char *id, const char *name, size_t keys) {
  cJSON *service = add(list), *all = cJSON_AddArrayToObject(service, "apikeys");
  if (id)
    cJSON_AddStringToObject(service, "id", id);
  cJSON_AddStringToObject(service, "name", name);
  cJSON_AddStringToObject(service, "account", ACCOUNT);
  for (size_t i = 0; i < keys; i++)
    cJSON_AddStringToObject(add(all), "name", "seeded");
  return service;
}

static char *seed_text(void) {
  cJSON *seed = cJSON_CreateObject();
  cJSON *account = add(cJSON_AddArrayToObject(seed, "accounts"));
  cJSON_AddStringToObject(account, "id", ACCOUNT);
  cJSON *instance = add(cJSON_AddArrayToObject(seed, "instances"));
  cJSON_AddStringToObject(instance, "guid", GUID);
  cJSON_AddStringToObject(instance, "account", ACCOUNT);
  cJSON *services = cJSON_AddArrayToObject(seed, "service_ids");
  add_service(services, MANAGER, "manager", 1);
  add_service(services, AGENT, "logs agent", 0);
  add_service(services, NULL, "many", 120);
  add_service(services, NULL, "full", 20);
  add_service(services, NULL, "twin", 0);
  add_service(services, NULL, "twin", 0);
  cJSON *locked = add_service(services, NULL, "locked", 1);
  cJSON_AddBoolToObject(cJSON_GetObjectItem(locked, "apikeys")->child, "locked", true);
  cJSON_AddItemToObject(
      seed, "roles",
      cJSON_Parse("[" ROLE(MANAGER, "Administrator", "") "," ROLE(
          MANAGER, "PolicyAdministrator", "") "," ROLE(MANAGER, "Manager",
                                                       ON) "," ROLE(MANAGER, "Sender", ON) "]"));
  char *text = cJSON_PrintUnformatted(seed);
  cJSON_Delete(seed);
  return text;
}

struct transport *scene_transport(const char *ca_file, size_t max_body) {
  const struct curl_options o = {
      .ca_file = ca_file, .proxy = "", .timeout_ms = 10000, .max_body = max_body};
  struct transport *t = NULL;
  assert_int_equal(curl_transport_new(&o, env_real(), &t, NULL), ERR_OK);
  return t;
}

static struct secret *read_key(void *ctx, struct error *e) {
  (void)e;
  return secret_dup(ctx);
}

// The key of the first service ID of the seed.
static struct secret *take_manager_key(const cJSON *made) {
  const cJSON *manager = json_get(made, "service_ids")->child;
  return json_secret(json_get(manager, "apikeys")->child, "apikey");
}

int scene_open(void **state) {
  struct scene *s = calloc(1, sizeof *s);
  char *seed = seed_text();
  if (!s || !seed || !emulator_start(&s->emulator, program))
    exit(1);
  JSON_AUTO made = emulator_post(&s->emulator, "seed", seed);
  if (!made)
    exit(1);
  s->manager_key = take_manager_key(made);
  s->value = secret_copy_text(VALUE);
  s->transport = scene_transport(s->emulator.ca, 0);
  s->auth = iam_auth_apikey_new(s->emulator.https, env_real(), read_key, s->manager_key);
  s->iam = iam_http_new(s->emulator.https, s->transport, s->auth, env_real());
  cJSON_free(seed);
  *state = s;
  return 0;
}

int scene_close(void **state) {
  struct scene *s = *state;
  iam_free(s->iam);
  iam_auth_free(s->auth);
  transport_free(s->transport);
  secret_free(s->manager_key);
  secret_free(s->value);
  bool well = emulator_stop(&s->emulator);
  free(s);
  curl_transport_finish();
  return well ? 0 : -1;
}

int scene_reset(void **state) {
  struct scene *s = *state;
  memset(&s->e, 0, sizeof s->e);
  return emulator_delete(&s->emulator, "faults") ? 0 : -1;
}

void scene_fault(struct scene *s, const char *method, const char *path, const char *effect,
                 int times) {
  char rule[512];
  snprintf(rule, sizeof rule,
           "{\"match\":{\"method\":\"%s\",\"path\":\"%s\",\"times\":%d},\"effect\":%s}", method,
           path, times, effect);
  JSON_AUTO answer = emulator_post(&s->emulator, "faults", rule);
  assert_non_null(answer);
}

int scene_requests(struct scene *s, const char *method, const char *path) {
  JSON_AUTO answer = emulator_get(&s->emulator, "requests");
  const cJSON *item;
  int n = 0;
  cJSON_ArrayForEach(item, json_get(answer, "requests")) {
    const char *m = json_text(item, "method"), *p = json_text(item, "path");
    n += m && p && strcmp(m, method) == 0 && strncmp(p, path, strlen(path)) == 0;
  }
  return n;
}

enum err scene_create(struct scene *s, const char *name, struct iam_key *ret) {
  const struct iam_create spec = {.iam_id = AGENT_IAM,
                                  .account = ACCOUNT,
                                  .name = name,
                                  .description = "made by a test",
                                  .value = s->value,
                                  .disabled = true,
                                  .action_when_leaked = "disable"};
  return s->iam->ops->create(s->iam, &spec, ret, &s->e);
}

void scene_clean(struct scene *s) {
  struct iam_key_list keys = {0};
  assert_int_equal(s->iam->ops->list(s->iam, ACCOUNT, AGENT_IAM, &keys, &s->e), ERR_OK);
  for (size_t i = 0; i < keys.n; i++)
    assert_int_equal(s->iam->ops->remove(s->iam, keys.keys[i].id, &s->e), ERR_OK);
  iam_key_list_clear(&keys);
}

void assert_no_secret(const void *bytes, size_t len) {
  for (size_t i = 0; i + 12 <= strlen(VALUE); i++)
    assert_null(memmem(bytes, len, &VALUE[i], 12));
  assert_null(memmem(bytes, len, "eyJ", 3)); // the beginning of any token
}
