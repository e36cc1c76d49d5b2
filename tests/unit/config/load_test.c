// What a right configuration becomes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/config/try.h"

static void fills_in_the_defaults(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("prod"));
  expect_mistakes(&t, NULL, 0);
  const struct config *c = t.config;
  assert_string_equal(c->path, "main.yaml");
  assert_string_equal(c->management.credential, "m");
  assert_null(c->management.file);
  assert_int_equal(c->management.line, 2);
  assert_non_null(c->state_dir);
  assert_null(c->host_id);
  assert_null(c->ca_file);
  assert_false(c->allow_plain_loopback);
  assert_null(c->complaints);
  assert_int_equal(c->jobs, 8);
  assert_int_equal(c->n_targets, 1);
  char nearest[NEAREST_MAX];
  const struct config_target *p = config_target_find(c, "prod", nearest);
  assert_ptr_equal(p, &c->targets[0]);
  assert_string_equal(p->file, "main.yaml");
  assert_int_equal(p->line, 4);
  assert_false(p->broken);
  assert_string_equal(p->instance, CRN(GUID));
  assert_string_equal(p->account, ACCOUNT);
  assert_string_equal(p->region, "eu-de");
  assert_string_equal(p->guid, GUID);
  assert_string_equal(p->service_id, "id-prod");
  assert_string_equal(p->key_name, "prod-ingestion");
  assert_string_equal(p->action_when_leaked, "disable");
  assert_string_equal(p->iam_url, "https://iam.cloud.ibm.com");
  assert_string_equal(p->ingress_url, "https://" GUID ".ingress.eu-de.logs.cloud.ibm.com");
  assert_string_equal(p->application, "rotator");
  assert_string_equal(p->subsystem, "probe");
  assert_int_equal(p->severity, 3);
  assert_null(p->home.backend);
  assert_int_equal(p->n_sinks, 1);
  assert_null(p->after_publish.argv);
  assert_int_equal(p->after_publish.line, 0);
  assert_int_equal(p->after_publish.timeout_s, 60);
  try_end(&t);
}

// The table and POLICY_DEFAULT say the same; a new knob must be in both.
static void agrees_with_the_policy(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("prod"));
  const struct policy want = POLICY_DEFAULT, *p = &t.config->targets[0].policy;
  assert_int_equal(p->rotate_every_s, want.rotate_every_s);
  assert_int_equal(p->rotate_jitter_s, want.rotate_jitter_s);
  assert_int_equal(p->grace_s, want.grace_s);
  assert_int_equal(p->reload_within_s, want.reload_within_s);
  assert_int_equal(p->quarantine_s, want.quarantine_s);
  assert_int_equal(p->max_age_s, want.max_age_s);
  assert_int_equal(p->alert_after_s, want.alert_after_s);
  assert_int_equal(p->look_every_s, want.look_every_s);
  assert_int_equal(p->probe_every_s, want.probe_every_s);
  assert_int_equal(p->proof_count, want.proof_count);
  assert_int_equal(p->proof_span_s, want.proof_span_s);
  assert_int_equal(p->absence_apart_s, want.absence_apart_s);
  assert_int_equal(p->refute_count, want.refute_count);
  assert_int_equal(p->propagation_s, want.propagation_s);
  assert_int_equal(p->still_used_limit_s, want.still_used_limit_s);
  assert_int_equal(p->failures_max, want.failures_max);
  assert_int_equal(p->on_still_used, want.on_still_used);
  assert_int_equal(p->origin, want.origin);
  assert_int_equal(p->window.n, 0);
  try_end(&t);
}

#define ALL_KNOBS(indent)                                                                          \
  indent "rotate_every: 60d\n" indent "rotate_jitter: 1d\n" indent "grace: 12h\n" indent           \
         "reload_within: 60m\n" indent "quarantine: 2h\n" indent "max_age: 100d\n" indent          \
         "alert_after: 1h\n" indent "look_every: 2h\n" indent "failures_max: 5\n" indent           \
         "probe_every: 3h\n" indent "on_still_used: continue\n" indent                             \
         "still_used_limit: 7d\n" indent "origin: iam\n" indent                                    \
         "window: \"Mon-Fri 09:00-16:00 Europe/Berlin\"\n" indent                                  \
         "action_when_leaked: none\n" indent "endpoints: private\n" indent                         \
         "after_publish: {run: [/bin/true, -x], timeout: 5s}\n" indent                             \
         "proof: {application: a b, subsystem: s, severity: critical, count: 1, span: 0,"          \
         " refute_count: 2, propagation: 2m, absence_apart: 1s}\n"

static void expect_all_knobs(const struct config_target *t, int hook_line) {
  const struct policy *p = &t->policy;
  assert_int_equal(p->rotate_every_s, 60 * 86400);
  assert_int_equal(p->rotate_jitter_s, 86400);
  assert_int_equal(p->grace_s, 12 * 3600);
  assert_int_equal(p->reload_within_s, 3600);
  assert_int_equal(p->quarantine_s, 7200);
  assert_int_equal(p->max_age_s, 100 * 86400);
  assert_int_equal(p->alert_after_s, 3600);
  assert_int_equal(p->look_every_s, 7200);
  assert_int_equal(p->probe_every_s, 3 * 3600);
  assert_int_equal(p->failures_max, 5);
  assert_int_equal(p->on_still_used, POLICY_STILL_USED_CONTINUE);
  assert_int_equal(p->still_used_limit_s, 7 * 86400);
  assert_int_equal(p->origin, POLICY_ORIGIN_IAM);
  assert_int_equal(p->window.n, 6);
  assert_int_equal(p->proof_count, 1);
  assert_int_equal(p->proof_span_s, 0);
  assert_int_equal(p->refute_count, 2);
  assert_int_equal(p->propagation_s, 120);
  assert_int_equal(p->absence_apart_s, 1);
  assert_string_equal(t->application, "a b");
  assert_string_equal(t->subsystem, "s");
  assert_int_equal(t->severity, 6);
  assert_string_equal(t->action_when_leaked, "none");
  assert_string_equal(t->iam_url, "https://private.iam.cloud.ibm.com");
  assert_string_equal(t->ingress_url, "https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com");
  assert_string_equal(t->after_publish.argv[0], "/bin/true");
  assert_string_equal(t->after_publish.argv[1], "-x");
  assert_null(t->after_publish.argv[2]);
  assert_int_equal(t->after_publish.timeout_s, 5);
  assert_int_equal(t->after_publish.line, hook_line);
}

static void takes_every_knob_of_a_target(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("one") ALL_KNOBS("    "));
  expect_mistakes(&t, NULL, 0);
  expect_all_knobs(&t.config->targets[0], 24);
  try_end(&t);
}

static void a_window_is_the_same_for_all(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("a") "    window: Sun 01:00-02:00\n" TARGET(
      "b") "    window: Sun 01:00-02:00\n" TARGET("c") "    window: Sun 01:00-03:00\n");
  expect_mistakes(&t, NULL, 0);
  const struct config_target *p = t.config->targets;
  assert_memory_equal(&p[0].policy.window, &p[1].policy.window, sizeof p[0].policy.window);
  assert_int_equal(p[2].policy.window.spans[0].close_s, p[0].policy.window.spans[0].close_s + 3600);
  try_end(&t);
}

static void takes_every_knob_from_the_defaults(void **state) {
  (void)state;
  // Behind the targets: the order does not matter.
  struct try t = try_text(LIST TARGET("one") "defaults:\n" ALL_KNOBS("  "));
  expect_mistakes(&t, NULL, 0);
  expect_all_knobs(&t.config->targets[0], 25);
  try_end(&t);
}

// R11: what cannot show whether a consumer moved over is said, where it was written.
static void r11_warns_of_waits_shorter_than_a_token_lives(void **state) {
  (void)state;
  static const struct {
    const char *options;
    const char *says; // NULL: nothing is said
  } cases[] = {
      {"    grace: 59m\n", "grace (59m) is shorter than a token lives (1h)"},
      {"    grace: 30m\n    reload_within: 10m\n", "grace (30m) is shorter"},
      {"    grace: 24h\n    reload_within: 30m\n", "reload_within (30m) is shorter"},
      {"    reload_within: 59m\n", "reload_within (59m) is shorter"},
      {"    grace: 1h\n", NULL},
      {"    grace: 0\n", NULL},
      {"    grace: 0\n    reload_within: 5m\n", NULL},
      {"    rotate_every: 60d\n", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[1024];
    snprintf(text, sizeof text, "%s%s", LIST TARGET("one"), cases[i].options);
    struct try t = try_text(text);
    const struct config_mistake *m = t.report.mistakes;
    if (t.report.n != (cases[i].says != NULL) ||
        (t.report.n && (!m->warning || !strstr(m->text, cases[i].says))))
      fail_msg("%s: %s", cases[i].options, t.report.n ? m->text : "nothing is said");
    try_end(&t);
  }
}

static void a_target_overrides_option_by_option(void **state) {
  (void)state;
  struct try t = try_text(HEAD "defaults:\n" ALL_KNOBS("  ") "targets:\n" TARGET(
      "one") "    grace: 1h\n    proof: {count: 4}\n    window: always\n    after_publish: {run: "
             "[]}\n"
             "    endpoints: {ingress: classic}\n    severity_is: not here\n");
  assert_int_equal(t.report.n, 1);
  const struct config_target *p = &t.config->targets[0];
  assert_int_equal(p->policy.grace_s, 3600);
  assert_int_equal(p->policy.reload_within_s, 3600);
  assert_int_equal(p->policy.proof_count, 4);
  assert_int_equal(p->policy.refute_count, 2);
  assert_int_equal(p->policy.window.n, 0);
  assert_null(p->after_publish.argv);
  assert_int_equal(p->after_publish.line, 0);
  assert_string_equal(p->iam_url, "https://private.iam.cloud.ibm.com");
  assert_string_equal(p->ingress_url,
                      "https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com:3443");
  try_end(&t);
}

static void defaults_follow_other_settings(void **state) {
  (void)state;
  struct try t = try_text(HEAD "defaults: {rotate_every: 20d}\ntargets:\n" TARGET("a")
                              TARGET("b") "    rotate_every: 120d\n    grace: 1h\n" TARGET(
                                  "c") "    grace: 0\n    quarantine: 0\n");
  expect_mistakes(&t, NULL, 0);
  const struct policy *a = &t.config->targets[0].policy, *b = &t.config->targets[1].policy;
  assert_int_equal(a->rotate_jitter_s, 2 * 86400);
  assert_int_equal(a->max_age_s, 90 * 86400);
  assert_int_equal(b->rotate_jitter_s, 3 * 86400);
  assert_int_equal(b->max_age_s, 360 * 86400);
  assert_int_equal(b->reload_within_s, 3600);
  assert_int_equal(t.config->targets[2].policy.reload_within_s, 0);
  try_end(&t);
}

static void reads_the_top(void **state) {
  (void)state;
  struct try t = try_text(
      "version: 1\nmanagement: {file: /run/key}\nstate_dir: /s\nhost_id: h-1\nca_file: /ca.pem\n"
      "allow_plain_loopback: true\ncomplaints: [drop, too old]\njobs: 64\nvault: {address: "
      "\"https://v\"}\ntargets:\n" TARGET("a"));
  expect_mistakes(&t, NULL, 0);
  assert_string_equal(t.config->management.file, "/run/key");
  assert_string_equal(t.config->state_dir, "/s");
  assert_string_equal(t.config->host_id, "h-1");
  assert_string_equal(t.config->ca_file, "/ca.pem");
  assert_true(t.config->allow_plain_loopback);
  assert_string_equal(t.config->complaints[0], "drop");
  assert_string_equal(t.config->complaints[1], "too old");
  assert_null(t.config->complaints[2]);
  assert_int_equal(t.config->jobs, 64);
  try_end(&t);
}

static void expect_urls(const char *top, const char *endpoints, const char *iam,
                        const char *ingress) {
  char yaml[2048];
  snprintf(yaml, sizeof yaml, HEAD "%stargets:\n" TARGET("a") "    endpoints: %s\n", top,
           endpoints);
  struct try t = try_text(yaml);
  expect_mistakes(&t, NULL, 0);
  assert_string_equal(t.config->targets[0].iam_url, iam);
  assert_string_equal(t.config->targets[0].ingress_url, ingress);
  try_end(&t);
}

static void resolves_endpoints(void **state) {
  (void)state;
  expect_urls("", "public", "https://iam.cloud.ibm.com",
              "https://" GUID ".ingress.eu-de.logs.cloud.ibm.com");
  expect_urls("", "classic", "https://private.eu-de.iam.cloud.ibm.com",
              "https://" GUID ".ingress.private.eu-de.logs.cloud.ibm.com:3443");
  expect_urls("", "{iam: private}", "https://private.iam.cloud.ibm.com",
              "https://" GUID ".ingress.eu-de.logs.cloud.ibm.com");
  expect_urls("", "{iam: \"https://iam.test/\", ingress: \"https://{region}.x:8443/{guid}/p//\"}",
              "https://iam.test", "https://eu-de.x:8443/" GUID "/p");
  expect_urls("allow_plain_loopback: true\n",
              "{iam: \"http://127.0.0.1:8080\", ingress: \"http://{guid}.localhost:1/\"}",
              "http://127.0.0.1:8080", "http://" GUID ".localhost:1");
}

static void takes_severities_as_name_and_number(void **state) {
  (void)state;
  static const char *const names[] = {"debug", "verbose", "info", "warning", "error", "critical"};
  for (int i = 1; i <= 6; i++) {
    char yaml[1024];
    snprintf(
        yaml, sizeof yaml,
        LIST TARGET("a") "    proof: {severity: %s}\n" TARGET("b") "    proof: {severity: %d}\n",
        names[i - 1], i);
    struct try t = try_text(yaml);
    assert_int_equal(t.err, ERR_OK);
    assert_int_equal(t.config->targets[0].severity, i);
    assert_int_equal(t.config->targets[1].severity, i);
    try_end(&t);
  }
}

static void expect_state_dir(const char *systemd, const char *xdg, const char *home,
                             const char *want) {
  const char *const names[] = {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"};
  const char *const values[] = {systemd, xdg, home};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
  struct try t = try_text(LIST TARGET("a"));
  assert_int_equal(t.err, want ? ERR_OK : ERR_INVALID);
  if (want)
    assert_string_equal(t.config->state_dir, want);
  try_end(&t);
}

static void finds_the_state_directory(void **state) {
  (void)state;
  expect_state_dir("/var/lib/private/rotator", "/x", "/h", "/var/lib/private/rotator");
  expect_state_dir("/a:/b", NULL, NULL, "/a");
  uid_t uid = geteuid();
  if (uid == 0) {
    expect_state_dir(NULL, "/x", "/h", "/var/lib/rotator");
    assert_int_equal(seteuid(65534), 0);
  }
  expect_state_dir(NULL, "/x", "/h", "/x/rotator");
  expect_state_dir(NULL, "relative", "/h", "/h/.local/state/rotator");
  expect_state_dir("", NULL, "/h", "/h/.local/state/rotator");
  expect_state_dir(NULL, NULL, NULL, NULL);
  if (uid == 0)
    assert_int_equal(seteuid(0), 0);
}

static void understands_yaml_as_people_write_it(void **state) {
  (void)state;
  expect_good("\xef\xbb\xbf" LIST TARGET("a"));
  expect_good("# a comment\n---\n" LIST TARGET("a") "...\n");
  expect_good("%YAML 1.1\n---\n" LIST TARGET("a"));
  expect_good(
      "version: 1\r\nmanagement: {credential: m}\r\ntargets:\r\n  - name: a\r\n    instance: "
      "\"" CRN(
          GUID) "\"\r\n    service_id: s\r\n    sinks:\r\n      - file:\r\n          path: /k\r\n");
  expect_good(
      "{\"version\": 1, \"management\": {\"file\": \"/k\"}, \"targets\": [{\"name\": \"a\", "
      "\"instance\": \"" CRN(
          GUID) "\", \"service_id\": \"s\", \"sinks\": [{\"file\": {\"path\": \"/k\"}}]}]}");
  expect_good(HEAD "defaults:\ntargets:\n" TARGET("a") "    proof:\n");
  // Anchors and aliases, as long as they end.
  expect_good(HEAD "defaults: {proof: &p {count: 2}}\ntargets:\n" TARGET(
      "a") "    proof: *p\n" TARGET("b") "    proof: *p\n");
  // A service ID may have any name that IAM takes.
  expect_good(LIST "  - name: a\n    instance: \"" CRN(
      GUID) "\"\n    service_id: \"Müllers Agent: no. 1\"\n"
            "    sinks: [{file: {path: /k}}]\n");
}

static void gives_back_nearest_names(void **state) {
  (void)state;
  struct try t = try_text(LIST TARGET("prod-logs") TARGET("edge-fra"));
  char nearest[NEAREST_MAX];
  assert_null(config_target_find(t.config, "prod-log", nearest));
  assert_string_equal(nearest, "prod-logs");
  assert_null(config_target_find(t.config, "egde-fra", nearest));
  assert_string_equal(nearest, "edge-fra");
  assert_null(config_target_find(t.config, "something-else", nearest));
  assert_string_equal(nearest, "");
  try_end(&t);
  config_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_in_the_defaults),
      cmocka_unit_test(agrees_with_the_policy),
      cmocka_unit_test(takes_every_knob_of_a_target),
      cmocka_unit_test(takes_every_knob_from_the_defaults),
      cmocka_unit_test(a_window_is_the_same_for_all),
      cmocka_unit_test(r11_warns_of_waits_shorter_than_a_token_lives),
      cmocka_unit_test(a_target_overrides_option_by_option),
      cmocka_unit_test(defaults_follow_other_settings),
      cmocka_unit_test(reads_the_top),
      cmocka_unit_test(resolves_endpoints),
      cmocka_unit_test(takes_severities_as_name_and_number),
      cmocka_unit_test(finds_the_state_directory),
      cmocka_unit_test(understands_yaml_as_people_write_it),
      cmocka_unit_test(gives_back_nearest_names),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
