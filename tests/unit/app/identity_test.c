// Whose key it is, in words, in what is remembered, and in commands.
#include <string.h>

#include "rotator/app/identity.h"
#include "tests/support/unit.h"

#define GUID "11111111-2222-4333-8444-555555555555"

static char logs_agent[] = "logs-agent", user_me[] = "user me", me[] = "me", ibmid[] = "IBMid-1",
            file[] = "rotator.yaml";

struct rig {
  struct config_target target;
  struct managed managed;
};

static struct managed *rig(struct rig *r, char *service_id, char *user) {
  memset(r, 0, sizeof *r);
  r->target = (struct config_target){
      .service_id = service_id, .user = user, .file = file, .line = 7, .guid = GUID};
  r->managed.config = &r->target;
  return &r->managed;
}

static void remember(struct managed *m, const char *configured, const char *iam_id) {
  strcpy(m->last_run.service_id, configured);
  strcpy(m->last_run.iam_id, iam_id);
}

static void in_words(void **state) {
  (void)state;
  struct rig r;
  char words[IDENTITY_WORDS_MAX];
  identity_words(rig(&r, logs_agent, NULL), words);
  assert_string_equal(words, "service ID 'logs-agent'");
  identity_words(rig(&r, NULL, ibmid), words);
  assert_string_equal(words, "user IBMid-1");
  struct managed *m = rig(&r, NULL, me);
  identity_words(m, words);
  assert_string_equal(words, "the user of the management key");
  remember(m, "user me", "IBMid-2");
  identity_words(m, words);
  assert_string_equal(words, "user IBMid-2");
  strcpy(m->iam_id, "IBMid-3");
  identity_words(m, words);
  assert_string_equal(words, "user IBMid-3");
}

static void is_remembered_for_what_it_was(void **state) {
  (void)state;
  struct rig r;
  char text[IAM_NAME_MAX];
  struct managed *m = rig(&r, NULL, me);
  identity_configured(m->config, text);
  remember(m, text, "IBMid-1");
  assert_string_equal(identity_remembered(m), "IBMid-1");
  remember(m, "user IBMid-2", "IBMid-2");
  assert_string_equal(identity_remembered(m), "");
  // A service ID that is called so.
  remember(m, "user me", "iam-ServiceId-1");
  assert_string_equal(identity_remembered(m), "");
  m = rig(&r, user_me, NULL);
  remember(m, "user me", "IBMid-1");
  assert_string_equal(identity_remembered(m), "");
  remember(m, "user me", "iam-ServiceId-1");
  assert_string_equal(identity_remembered(m), "iam-ServiceId-1");
}

static void is_the_management_keys(void **state) {
  (void)state;
  static const struct {
    char *user;
    const char *me;
    bool same;
    const char *says;
  } cases[] = {
      {me, "IBMid-1", true, NULL},
      {me, "AppID-2", true, NULL},
      {ibmid, "IBMid-1", true, NULL},
      {ibmid, "IBMid-11", false,
       "put a key of that user where `management` reads it, or let the "
       "target be of user: me"},
      {ibmid, "iam-ServiceId-1", false, "be of a service ID"},
      {me, "iam-ServiceId-1", false, "put a key of a user where"},
      {me, "iam-Profile-1", false, "the management key is one of iam-Profile-1"},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    struct rig r;
    struct error e = {0};
    struct iam_token token = {0};
    char iam_id[IAM_ID_MAX] = "";
    strcpy(token.iam_id, cases[i].me);
    enum err err = identity_is_me(rig(&r, NULL, cases[i].user), &token, iam_id, &e);
    assert_int_equal(err, cases[i].same ? ERR_OK : ERR_INVALID);
    assert_string_equal(iam_id, cases[i].same ? cases[i].me : "");
    if (!cases[i].same && (!strstr(e.text, cases[i].says) || !strstr(e.text, "rotator.yaml:7")))
      fail_msg("%s", e.text);
  }
}

static void in_commands(void **state) {
  (void)state;
  struct rig r;
  char command[IDENTITY_COMMAND_MAX], long_name[256];
  identity_grant_command(rig(&r, logs_agent, NULL), command, sizeof command);
  assert_string_equal(command, "ibmcloud iam service-policy-create 'logs-agent' --service-name "
                               "logs --roles Sender --service-instance " GUID);
  identity_grant_command(rig(&r, NULL, ibmid), command, sizeof command);
  assert_string_equal(command,
                      "ibmcloud iam user-policy-create \"$(ibmcloud account users --output json | "
                      "jq -r '.[] | select(.ibmUniqueId == \"IBMid-1\") | .userId')\" "
                      "--service-name logs --roles Sender --service-instance " GUID);
  identity_grant_command(rig(&r, NULL, me), command, sizeof command);
  assert_non_null(strstr(command, "user-policy-create \"$USER_NAME\" --service-name"));
  memset(long_name, 'x', 255);
  long_name[255] = '\0';
  identity_grant_command(rig(&r, long_name, NULL), command, sizeof command);
  assert_non_null(strstr(command, "--service-instance " GUID)); // whole
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_words),
      cmocka_unit_test(is_remembered_for_what_it_was),
      cmocka_unit_test(is_the_management_keys),
      cmocka_unit_test(in_commands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
