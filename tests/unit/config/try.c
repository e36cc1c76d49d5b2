#include "tests/unit/config/try.h"

#include <stdlib.h>
#include <string.h>

struct item {
  struct store_item base;
};

static void item_free(struct store_item *it) {
  free(it);
}

static const struct store_ops item_ops = {.free = item_free};

// The place is made of all settings that tell where something is.
static enum err open_item(const char *store, const struct store_setting *settings, size_t n,
                          struct store_item **ret) {
  static const char *const where[] = {"address", "mount", "path"};
  struct store_item *it = calloc(1, sizeof *it);
  if (!it)
    return ERR_INTERNAL;
  it->ops = &item_ops;
  size_t len = (size_t)snprintf(it->place, sizeof it->place, "%s:", store);
  for (size_t i = 0; i < COUNT_OF(where); i++) {
    const char *value = store_setting_get(settings, n, where[i]);
    if (value)
      len += (size_t)snprintf(it->place + len, sizeof it->place - len, "/%s", value);
  }
  snprintf(it->what, sizeof it->what, "%.250s", it->place);
  *ret = it;
  return ERR_OK;
}

static enum err file_open(const struct store_context *ctx, enum store_kind kind,
                          const struct store_setting *settings, size_t n, struct store_item **ret,
                          int *ret_line, struct error *e) {
  (void)ctx;
  (void)kind;
  const char *format = store_setting_get(settings, n, "format");
  const struct store_setting *newline = store_setting_find(settings, n, "newline");
  if (newline && format && strcmp(format, "json") == 0) {
    *ret_line = newline->line;
    return error_set(e, ERR_INVALID, "newline is for format raw");
  }
  return open_item("file", settings, n, ret);
}

static enum err vault_open(const struct store_context *ctx, enum store_kind kind,
                           const struct store_setting *settings, size_t n, struct store_item **ret,
                           int *ret_line, struct error *e) {
  (void)ctx;
  (void)kind;
  *ret_line = 0;
  if (store_setting_get(settings, n, "auth.token_file") &&
      store_setting_get(settings, n, "auth.approle.role_id_file"))
    return error_set(e, ERR_INVALID, "two ways to log in");
  return open_item("vault", settings, n, ret);
}

static enum err helper_open(const struct store_context *ctx, enum store_kind kind,
                            const struct store_setting *settings, size_t n, struct store_item **ret,
                            int *ret_line, struct error *e) {
  (void)ctx;
  (void)kind;
  (void)ret_line;
  (void)e;
  return open_item("helper", settings, n, ret);
}

static const struct store_option file_options[] = {
    {"path", STORE_OPT_PATH, true, NULL, NULL, "The file."},
    {"format", STORE_OPT_CHOICE, false, "raw|json|env", "raw", "Layout."},
    {"newline", STORE_OPT_BOOL, false, NULL, "true", "With a line break."},
    {"mode", STORE_OPT_MODE, false, NULL, "0600", "Mode."},
    {"group", STORE_OPT_TEXT, false, NULL, NULL, "Group."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};
static const struct store_option vault_options[] = {
    {"address", STORE_OPT_TEXT, true, NULL, NULL, "URL."},
    {"ca_file", STORE_OPT_PATH, false, NULL, NULL, "CA."},
    {"mount", STORE_OPT_TEXT, false, NULL, "secret", "Mount."},
    {"path", STORE_OPT_TEXT, true, NULL, NULL, "Path."},
    {"fields.value", STORE_OPT_TEXT, false, NULL, "value", "Field."},
    {"fields.id", STORE_OPT_TEXT, false, NULL, NULL, "Field."},
    {"timeout", STORE_OPT_DURATION, false, NULL, "30s", "Timeout."},
    {"version", STORE_OPT_INT, false, NULL, "2", "Version."},
    {"auth.token_file", STORE_OPT_PATH, false, NULL, NULL, "Token."},
    {"auth.approle.role_id_file", STORE_OPT_PATH, false, NULL, NULL, "Role."},
    {"auth.approle.secret_id.file", STORE_OPT_PATH, false, NULL, NULL, "Secret."},
    {"auth.approle.secret_id.credential", STORE_OPT_TEXT, false, NULL, NULL, "Secret."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};
static const struct store_option helper_options[] = {
    {"path", STORE_OPT_PATH, true, NULL, NULL, "The program."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};
static const struct store_backend file = {"file", file_options, file_open, NULL};
static const struct store_backend vault = {"vault", vault_options, vault_open, NULL};
static const struct store_backend helper = {"helper", helper_options, helper_open, NULL};
static const struct store_backend memory = {"memory", helper_options, helper_open, NULL};
const struct store_backend *const try_backends[] = {&file, &helper, &memory, &vault, NULL};

struct try try_bytes(const char *bytes, size_t len) {
  struct try t = {.config = NULL};
  t.err = config_load_bytes("main.yaml", bytes, len, NOW_S, try_backends, &t.config, &t.report);
  assert_true((t.err == ERR_OK) == (t.config != NULL));
  return t;
}

struct try try_text(const char *yaml) {
  return try_bytes(yaml, strlen(yaml));
}

struct try try_path(const char *path) {
  struct try t = {.config = NULL};
  t.err = config_load(path, NOW_S, try_backends, &t.config, &t.report);
  assert_true((t.err == ERR_OK) == (t.config != NULL));
  return t;
}

void try_end(struct try *t) {
  config_free(t->config);
  config_report_clear(&t->report);
}

static bool matches(const struct config_mistake *m, const struct expected *x) {
  const char *flags = m->warning ? "W" : m->fatal ? "F" : "";
  bool near = x->nearest ? m->nearest && strcmp(m->nearest, x->nearest) == 0 : !m->nearest;
  return m->line == x->line && strcmp(flags, x->flags) == 0 && strstr(m->text, x->says) && near;
}

void expect_mistakes(const struct try *t, const struct expected *want, size_t n) {
  bool same = t->report.n == n;
  for (size_t i = 0; i < t->report.n && i < n; i++)
    same = same && matches(&t->report.mistakes[i], &want[i]);
  for (size_t i = 0; !same && i < t->report.n; i++) {
    char text[1024];
    config_mistake_format(&t->report.mistakes[i], text, sizeof text);
    print_message("found    %s%s%s\n", text, t->report.mistakes[i].warning ? " [W]" : "",
                  t->report.mistakes[i].fatal ? " [F]" : "");
  }
  for (size_t i = 0; !same && i < n; i++)
    print_message("expected %d: [%s] %s (%s)\n", want[i].line, want[i].flags, want[i].says,
                  want[i].nearest ? want[i].nearest : "-");
  assert_true(same);
}

void expect_of_text(const char *yaml, enum err err, const struct expected *want, size_t n) {
  struct try t = try_text(yaml);
  if (t.err != err)
    print_message("%s: %s\n", yaml, err_name(t.err));
  expect_mistakes(&t, want, n);
  assert_int_equal(t.err, err);
  try_end(&t);
}

void expect_good(const char *yaml) {
  struct try t = try_text(yaml);
  expect_mistakes(&t, NULL, 0);
  assert_int_equal(t.err, ERR_OK);
  try_end(&t);
}
