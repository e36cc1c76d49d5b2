// Answers of IAM to one call of each kind, pages and logins included. The first byte says which
// call, the second how we are authenticated. What is said of an answer is within the contract of
// iam.h, and errors repeat neither our key nor our token.
#include <string.h>

#include "rotator/cloud/iam_http.h"
#include "rotator/cloud/iam_profile.h"
#include "tests/fuzz/script.h"

#define ACCOUNT "d3a0c0ffee00000000000000000000d3"
#define SENDER "iam-ServiceId-aaaaaaaa-0000-4000-8000-000000000002"
#define USER "IBMid-550000AAAA"
#define KEY "ApiKey-aaaaaaaa-0000-4000-8000-000000000001"
#define GUID "11111111-2222-4333-8444-555555555555"

static struct secret *read_key(void *ctx, struct error *e) {
  (void)ctx, (void)e;
  return secret_copy_text(SCRIPT_TOKEN);
}

static void nothing(struct transport *t) {
  (void)t;
}

static void check_error(enum err err, const struct error *e) {
  FUZZ_CHECK(err != ERR_INTERNAL && (err == ERR_OK || e->text[0]));
  script_printable(e->text, sizeof e->text);
  script_printable(e->code, sizeof e->code);
  script_printable(e->trace, sizeof e->trace);
  FUZZ_CHECK(!strstr(e->text, SCRIPT_TOKEN) && !strstr(e->code, SCRIPT_TOKEN));
  FUZZ_CHECK(!strstr(e->text, SCRIPT_VALUE) || !strstr(script_sent, SCRIPT_VALUE));
}

static void check_key(const struct iam_key *k, enum err err) {
  FUZZ_CHECK(err != ERR_OK || (k->id[0] && memchr(k->name, '\0', sizeof k->name)));
  FUZZ_CHECK(err == ERR_OK || !k->value);
}

// --- reading -------------------------------------------------------------------------------------

static enum err call_exchange(struct iam *c, const struct secret *value, struct error *e) {
  struct iam_token t = {0};
  enum err err = c->ops->exchange(c, value, false, &t, e);
  FUZZ_CHECK((err == ERR_OK) == (t.bearer != NULL));
  FUZZ_CHECK(err != ERR_OK || (t.iam_id[0] && t.expires_in_s > 0));
  iam_token_clear(&t);
  return err;
}

static enum err call_list(struct iam *c, const char *iam_id, struct error *e) {
  struct iam_key_list l = {0};
  enum err err = c->ops->list(c, ACCOUNT, iam_id, &l, e);
  FUZZ_CHECK(err == ERR_OK || !l.keys);
  for (size_t i = 0; i < l.n; i++) {
    check_key(&l.keys[i], ERR_OK);
    for (size_t j = 0; j < i; j++)
      FUZZ_CHECK(strcmp(l.keys[i].id, l.keys[j].id) != 0);
  }
  iam_key_list_clear(&l);
  return err;
}

static enum err call_get(struct iam *c, const struct secret *value, struct error *e) {
  struct iam_key k = {0};
  enum err err = value ? c->ops->find_by_value(c, value, &k, e) : c->ops->get(c, KEY, true, &k, e);
  check_key(&k, err);
  iam_key_clear(&k);
  return err;
}

static enum err call_service_id(struct iam *c, const char *name, struct error *e) {
  struct iam_service_id id = {.locked = false};
  size_t n = 0;
  enum err err = c->ops->find_service_id(c, ACCOUNT, name, &id, &n, e);
  FUZZ_CHECK(err != ERR_OK || (n > 0 && id.id[0] && id.iam_id[0]));
  return err;
}

static enum err call_policy(struct iam *c, unsigned which, struct error *e) {
  struct iam_policy p = {.covers = false};
  enum err err = which == 0   ? c->ops->find_sender(c, ACCOUNT, SENDER, GUID, &p, e)
                 : which == 1 ? c->ops->grant_sender(c, ACCOUNT, SENDER, GUID, &p, e)
                              : c->ops->get_policy(c, "a-policy", &p, e);
  FUZZ_CHECK(err != ERR_OK || (p.id[0] && (p.covers || which != 0)));
  return err;
}

// --- changing ------------------------------------------------------------------------------------

static enum err call_create(struct iam *c, const struct secret *value, struct error *e) {
  const struct iam_create spec = {.iam_id = SENDER,
                                  .account = ACCOUNT,
                                  .name = "name",
                                  .description = "words",
                                  .value = value,
                                  .disabled = true,
                                  .action_when_leaked = "none"};
  struct iam_key k = {0};
  enum err err = c->ops->create(c, &spec, &k, e);
  check_key(&k, err);
  FUZZ_CHECK(err != ERR_OK || value || k.value);
  iam_key_clear(&k);
  return err;
}

static enum err call_change(struct iam *c, unsigned which, struct error *e) {
  switch (which) {
  case 0:
    return c->ops->enable(c, KEY, e);
  case 1:
    return c->ops->disable(c, KEY, e);
  case 2:
    return c->ops->lock(c, KEY, e);
  case 3:
    return c->ops->unlock(c, KEY, e);
  case 4:
    return c->ops->remove(c, KEY, e);
  default:
    return c->ops->describe(c, KEY, "1-abc", "name", "words", e);
  }
}

static enum err call_other(struct iam *c, unsigned which, struct error *e) {
  int64_t limit = -7, count = -7;
  struct iam_credential by = {.gained = NULL};
  enum err err;
  if (which == 0) {
    err = c->ops->key_limit(c, ACCOUNT, SENDER, &limit, &count, e);
    FUZZ_CHECK(err == ERR_OK ? limit >= 0 && count >= 0 : limit == -7);
    return err;
  }
  err = c->ops->credential(c, SENDER, &by, e);
  FUZZ_CHECK(err == ERR_OK || (!by.gained && !by.read));
  iam_credential_clear(&by);
  return err;
}

static enum err call(struct iam *c, unsigned which, struct error *e) {
  struct secret *value = secret_copy_text(SCRIPT_VALUE);
  enum err err = which == 0   ? call_exchange(c, value, e)
                 : which == 1 ? call_list(c, SENDER, e)
                 : which == 2 ? call_list(c, USER, e)
                 : which == 3 ? call_get(c, NULL, e)
                 : which == 4 ? call_get(c, value, e)
                 : which == 5 ? call_service_id(c, "edge", e)
                 : which == 6
                     ? call_service_id(c, "ServiceId-aaaaaaaa-0000-4000-8000-000000000002", e)
                 : which < 10  ? call_policy(c, which - 7, e)
                 : which == 10 ? call_create(c, value, e)
                 : which == 11 ? call_create(c, NULL, e)
                 : which < 18  ? call_change(c, which - 12, e)
                               : call_other(c, which - 18, e);
  secret_free(value);
  return err;
}

// One exchange is the script's.
static void together(struct transport *t, struct http_call *calls, size_t n) {
  for (size_t i = 0; i < n; i++)
    calls[i].err = http_exchange(t, calls[i].req, calls[i].ret, calls[i].e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct transport_ops ops = {.free = nothing, .together = together};
  static struct transport t = {&ops};
  static const struct iam_profile by_default = {0}, named = {.name = "edge", .account = ACCOUNT};
  struct error e = {0};
  if (size < 2)
    return 0;
  const char *url = "https://iam.test";
  unsigned how = data[1] % 4;
  struct iam_auth *auth = how == 1   ? iam_auth_metadata_new("http://169.254.169.254", "2022-03-01",
                                                             &by_default, &t, &script_env)
                          : how == 2 ? iam_auth_assume_new(url, &script_env, &named, read_key, NULL)
                                     : iam_auth_apikey_new(url, &script_env, read_key, NULL);
  struct iam *c = iam_http_new(url, &t, auth, &script_env);
  script_begin(data + 2, size - 2);
  enum err err = call(c, data[0] % 20, &e);
  check_error(err, &e);
  iam_free(c);
  iam_auth_free(auth);
  return 0;
}
