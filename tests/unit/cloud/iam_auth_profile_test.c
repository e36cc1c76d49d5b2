// A trusted profile by the token of a pod or job, and by a key's identity that assumes it.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rotator/cloud/iam_profile.h"
#include "tests/support/scratch.h"
#include "tests/unit/cloud/fixture.h"

#define PROFILE "Profile-44444444-4444-4444-8444-444444444444"
#define PROFILE_CRN "crn:v1:bluemix:public:iam-identity::a/" ACCOUNT "::profile:" PROFILE
// {"sub":"system:serviceaccount:ibm-observe:rotator"}
#define POD_TOKEN                                                                                  \
  "e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6aWJtLW9ic2VydmU6cm90YXRvciJ9.cG9kLXNpZ25hdHVyZS0x"
#define GRANT(name) "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3A" name "&"

static struct scratch scratch;

static const struct iam_profile by_id = {.id = PROFILE}, by_name = {.name = "ro tator"},
                                by_crn = {.crn = PROFILE_CRN},
                                by_account = {.name = "rotator", .account = ACCOUNT};

// A token endpoint with these rows, an authenticator, and the last error.
struct scene {
  struct fake_env env;
  struct transport *endpoint;
  struct iam_auth *auth;
  struct error e;
};

static void scene_open(struct scene *s, const struct script_row *rows, size_t n) {
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->endpoint = scripted_transport_new(rows, n, &s->env.env);
}

static void scene_close(struct scene *s) {
  assert_int_equal(scripted_unexpected(s->endpoint), 0);
  assert_hidden(&s->e, POD_TOKEN);
  assert_hidden(&s->e, VALUE);
  iam_auth_free(s->auth);
  transport_free(s->endpoint);
}

static enum err token(struct scene *s) {
  struct iam_token t = {0};
  enum err err = s->auth->ops->token(s->auth, s->endpoint, NULL, &t, &s->e);
  if (!err)
    assert_string_equal(t.iam_id, "iam-" PROFILE);
  iam_token_clear(&t);
  return err;
}

static const char *token_file(const char *text) {
  const char *path = scratch_path(&scratch, "token");
  scratch_write(path, text);
  return path;
}

// --- the token of a pod or job ---

static void open_compute(struct scene *s, const struct iam_profile *p, const char *file) {
  s->auth = iam_auth_compute_new(BASE "/identity/token", &s->env.env, p, file);
}

static void a_pod_is_a_profile(void **state) {
  static const struct {
    const struct iam_profile *profile;
    const char *form;
  } ways[] = {
      {&by_id, "&profile_id=" PROFILE},
      {&by_name, "&profile_name=ro%20tator"},
      {&by_crn, "&profile_crn=crn%3Av1%3Abluemix%3Apublic%3Aiam-identity%3A%3Aa%2F" ACCOUNT
                "%3A%3Aprofile%3A" PROFILE},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    struct scene s;
    char form[1024];
    const struct script_row rows[] = {{.method = "POST",
                                       .url = BASE "/identity/token$",
                                       .body = fixture_token_body("iam-" PROFILE, 3600)}};
    scene_open(&s, rows, 1);
    open_compute(&s, ways[i].profile, token_file(POD_TOKEN "\n"));
    assert_int_equal(token(&s), ERR_OK);
    snprintf(form, sizeof form, "%scr_token=" POD_TOKEN "&response_type=cloud_iam%s",
             GRANT("cr-token"), ways[i].form);
    assert_string_equal(scripted_last(s.endpoint)->body, form);
    assert_int_equal(token(&s), ERR_OK); // kept
    assert_int_equal(scripted_count(s.endpoint), 1);
    scene_close(&s);
  }
}

// The platform replaces the file all the time.
static void the_file_is_read_for_each_exchange(void **state) {
  (void)state;
  struct scene s;
  const struct script_row rows[] = {{.url = "$", .body = fixture_token_body("iam-" PROFILE, 1000)}};
  scene_open(&s, rows, 1);
  open_compute(&s, &by_id, token_file("first-token"));
  assert_int_equal(token(&s), ERR_OK);
  token_file(" second-token\r\n");
  fake_env_advance(&s.env, 800000);
  assert_int_equal(token(&s), ERR_OK);
  assert_int_equal(scripted_count(s.endpoint), 2);
  assert_non_null(strstr(scripted_last(s.endpoint)->body, "cr_token=second-token&"));
  scene_close(&s);
}

// As the kubelet makes it: a chain of links, for all to read.
static void a_projected_volume_is_read(void **state) {
  (void)state;
  struct scene s;
  char volume[600], data[700], link[700];
  const struct script_row rows[] = {{.url = "$", .body = fixture_token_body("iam-" PROFILE, 1000)}};
  scene_open(&s, rows, 1);
  snprintf(volume, sizeof volume, "%s/..2026_01_01", scratch.dir);
  assert_int_equal(mkdir(volume, 0755), 0);
  snprintf(data, sizeof data, "%s/token", volume);
  scratch_write(data, POD_TOKEN);
  assert_int_equal(chmod(data, 0644), 0);
  snprintf(link, sizeof link, "%s/..data", scratch.dir);
  assert_int_equal(symlink("..2026_01_01", link), 0);
  snprintf(link, sizeof link, "%s/sa-token", scratch.dir);
  assert_int_equal(symlink("..data/token", link), 0);
  open_compute(&s, &by_id, link);
  assert_int_equal(token(&s), ERR_OK);
  assert_int_equal(chmod(data, 0666), 0);
  fake_env_advance(&s.env, 1000000);
  assert_int_equal(token(&s), ERR_REFUSED);
  assert_non_null(strstr(s.e.text, "compute resource token"));
  scene_close(&s);
}

static void the_first_file_that_is_there_counts(void **state) {
  (void)state;
  char second[600], third[600], none[600];
  snprintf(second, sizeof second, "%s", scratch_path(&scratch, "second"));
  snprintf(third, sizeof third, "%s", scratch_path(&scratch, "third"));
  snprintf(none, sizeof none, "%s", scratch_path(&scratch, "none"));
  const char *const files[] = {none, second, third, NULL};
  SECRET_AUTO token = NULL;
  const char *file = NULL;
  struct error e;
  assert_int_equal(iam_compute_read(files, &token, &file, &e), ERR_DENIED);
  assert_non_null(strstr(e.text, "audience iam"));
  assert_non_null(strstr(e.text, none));
  assert_null(token);
  scratch_write(third, "three");
  scratch_write(second, "two");
  assert_int_equal(iam_compute_read(files, &token, &file, &e), ERR_OK);
  assert_string_equal(secret_bytes(token), "two");
  assert_string_equal(file, second);
  // An empty one is no reason to take another's token.
  scratch_write(second, "\n");
  struct secret *other = NULL;
  assert_int_equal(iam_compute_read(files, &other, &file, &e), ERR_INVALID);
  scratch_write(second, "two words");
  assert_int_equal(iam_compute_read(files, &other, &file, &e), ERR_INVALID);
  assert_null(other);
  assert_string_equal(iam_compute_files[0], "/var/run/secrets/tokens/vault-token");
  assert_string_equal(iam_compute_files[1], "/var/run/secrets/tokens/sa-token");
}

static void a_refusal_names_profile_and_pod(void **state) {
  static const struct {
    int status;
    const char *body, *code;
    enum err err;
    enum iam_profile_fault fault;
  } table[] = {
      {400, FLAT("BXNIM0398E", "not eligible " POD_TOKEN), "BXNIM0398E", ERR_REFUSED,
       IAM_PROFILE_NOT_LINKED},
      {400, FLAT("BXNIM0113E", "CRN"), "BXNIM0113E", ERR_REFUSED, IAM_PROFILE_UNKNOWN},
      {400, FLAT("BXNIM0401E", "malformed"), "BXNIM0401E", ERR_REFUSED, IAM_PROFILE_TOKEN},
      {400, FLAT("BXNIM0405E", "unsupported"), "BXNIM0405E", ERR_REFUSED, IAM_PROFILE_TOKEN},
      {401, FLAT("BXNIM0430E", "address"), "BXNIM0430E", ERR_DENIED, IAM_PROFILE_FINE},
      {502, HTML, "", ERR_UNSURE, IAM_PROFILE_FINE},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(table); i++) {
    struct scene s;
    const struct script_row rows[] = {
        {.url = "$", .status = table[i].status, .body = table[i].body}};
    scene_open(&s, rows, 1);
    open_compute(&s, &by_crn, token_file(POD_TOKEN));
    assert_int_equal(token(&s), table[i].err);
    assert_string_equal(s.e.code, table[i].code);
    assert_int_equal(iam_profile_fault(&s.e), table[i].fault);
    assert_non_null(strstr(s.e.text, "trusted profile " PROFILE ", "
                                     "system:serviceaccount:ibm-observe:rotator of "));
    scene_close(&s);
  }
}

static void a_token_need_not_say_who_it_is_for(void **state) {
  (void)state;
  struct scene s;
  const struct script_row rows[] = {
      {.url = "$", .status = 400, .body = FLAT("BXNIM0398E", "not eligible")}};
  scene_open(&s, rows, 1);
  open_compute(&s, &by_name, token_file("no-jwt-at-all"));
  assert_int_equal(token(&s), ERR_REFUSED);
  assert_non_null(strstr(s.e.text, "trusted profile ro tator, the token of "));
  scene_close(&s);
}

// --- assumed by a key's identity ---

static struct secret *read_key(void *ctx, struct error *e) {
  (void)ctx, (void)e;
  return secret_copy_text(VALUE);
}

static void a_key_assumes_a_profile(void **state) {
  static const struct {
    const struct iam_profile *profile;
    const char *form;
  } ways[] = {
      {&by_id, "&profile_id=" PROFILE},
      {&by_account, "&profile_name=rotator&account=" ACCOUNT},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(ways); i++) {
    struct scene s;
    char own[1024], profile[1024], bearer[600], form[2048];
    snprintf(own, sizeof own, "%s", fixture_token_body(IAM_ID, 3600));
    snprintf(profile, sizeof profile, "%s", fixture_token_body("iam-" PROFILE, 1000));
    assert_int_equal(sscanf(own, "{\"access_token\":\"%599[^\"]", bearer), 1);
    const struct script_row rows[] = {
        {.url = "/identity/token$", .in_body = "grant-type%3Aapikey", .body = own},
        {.url = "/identity/token$", .in_body = "grant-type%3Aassume", .body = profile}};
    scene_open(&s, rows, 2);
    s.auth = iam_auth_assume_new(BASE, &s.env.env, ways[i].profile, read_key, NULL);
    assert_int_equal(token(&s), ERR_OK);
    snprintf(form, sizeof form, "%saccess_token=%s&response_type=cloud_iam%s", GRANT("assume"),
             bearer, ways[i].form);
    assert_string_equal(scripted_last(s.endpoint)->body, form);
    assert_int_equal(token(&s), ERR_OK);
    assert_int_equal(scripted_count(s.endpoint), 2);
    fake_env_advance(&s.env, 800000); // 80 % of the profile's token, not of the key's
    assert_int_equal(token(&s), ERR_OK);
    assert_int_equal(scripted_count(s.endpoint), 4);
    scene_close(&s);
  }
}

static void who_may_not_assume_it_is_named(void **state) {
  (void)state;
  struct scene s;
  char own[1024];
  snprintf(own, sizeof own, "%s", fixture_token_body(IAM_ID, 3600));
  const struct script_row rows[] = {
      {.url = "$", .in_body = "grant-type%3Aapikey", .body = own},
      {.url = "$", .status = 400, .body = FLAT("BXNIM0398E", "not eligible")}};
  scene_open(&s, rows, 2);
  s.auth = iam_auth_assume_new(BASE, &s.env.env, &by_id, read_key, NULL);
  assert_int_equal(token(&s), ERR_REFUSED);
  assert_int_equal(iam_profile_fault(&s.e), IAM_PROFILE_NOT_LINKED);
  assert_non_null(strstr(s.e.text, "trusted profile " PROFILE ", " IAM_ID ": "));
  // The key itself is dead: that is no matter of the profile.
  const struct script_row dead[] = {{.url = "$", .status = 400, .body = FLAT("BXNIM0415E", "m")}};
  scripted_set_rows(s.endpoint, dead, 1);
  assert_int_equal(token(&s), ERR_REFUSED);
  assert_string_equal(s.e.code, "BXNIM0415E");
  assert_null(strstr(s.e.text, PROFILE));
  scene_close(&s);
}

static int set_up(void **state) {
  (void)state;
  scratch_new(&scratch);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_remove(&scratch);
  return 0;
}

int main(void) {
#define IN_SCRATCH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_SCRATCH(a_pod_is_a_profile),
      IN_SCRATCH(the_file_is_read_for_each_exchange),
      IN_SCRATCH(a_projected_volume_is_read),
      IN_SCRATCH(the_first_file_that_is_there_counts),
      IN_SCRATCH(a_refusal_names_profile_and_pod),
      IN_SCRATCH(a_token_need_not_say_who_it_is_for),
      IN_SCRATCH(a_key_assumes_a_profile),
      IN_SCRATCH(who_may_not_assume_it_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
