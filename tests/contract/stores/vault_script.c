#include "tests/contract/stores/vault_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vault/vault_session.h"
#include "rotator/http/pool.h"
#include "tests/support/unit.h"

static struct transport *script;

static struct transport *hand_out(const struct curl_options *o, struct env *env) {
  (void)o, (void)env;
  return script;
}

int vault_script_setup(void **state) {
  struct vault_script *s = calloc(1, sizeof(*s));
  if (!s)
    return -1;
  fake_env_init(&s->f, 1);
  s->t = script = scripted_transport_new(NULL, 0, &s->f.env);
  setenv("VAULT_TOKEN", VAULT_SCRIPT_TOKEN, 1);
  http_pool_use(hand_out);
  *state = s;
  return 0;
}

void vault_script_finish(struct vault_script *s) {
  s->it = store_item_free(s->it);
  vault_sessions_finish();
}

int vault_script_teardown(void **state) {
  struct vault_script *s = *state;
  vault_script_finish(s);
  transport_free(s->t);
  http_pool_use(NULL);
  free(s);
  return 0;
}

static void open_kind(struct vault_script *s, enum store_kind kind, const struct script_row *rows,
                      size_t n, const char *const pairs[]) {
  const struct store_context ctx = {.env = &s->f.env};
  struct store_setting settings[16] = {
      {"address", "https://vault:8200", 1}, {"mount", "secret", 2}, {"path", "logs/edge", 3}};
  size_t k = 3;
  int line = 0;
  struct error e = {0};
  vault_script_finish(s);
  for (size_t i = 0; pairs && pairs[i]; i += 2)
    settings[k++] = (struct store_setting){pairs[i], pairs[i + 1], 10};
  scripted_set_rows(s->t, rows, n);
  enum err err = store_backend_find("vault")->open(&ctx, kind, settings, k, &s->it, &line, &e);
  if (err != ERR_OK)
    fail_msg("line %d: %s", line, e.text);
}

void vault_script_open(struct vault_script *s, const struct script_row *rows, size_t n,
                       const char *const pairs[]) {
  open_kind(s, STORE_SINK, rows, n, pairs);
}

void vault_script_open_home(struct vault_script *s, const struct script_row *rows, size_t n) {
  open_kind(s, STORE_HOME, rows, n, NULL);
}

static size_t rows_of(const struct vault_want *w) {
  size_t n = 0;
  while (n < COUNT_OF(w->rows) && (w->rows[n].method || w->rows[n].url))
    n++;
  return n;
}

static void assert_told(const struct vault_want *w, enum err err, const struct error *e,
                        const struct store_version *v) {
  if (err != w->err || (w->says && !strstr(e->text, w->says)) ||
      (w->version && strcmp(v->text, w->version) != 0))
    fail_msg("%s: %s \"%s\", version \"%s\"", w->name, err_name(err), e->text, v->text);
  assert_null(strstr(e->text, VAULT_SCRIPT_TOKEN));
  assert_null(strstr(e->text, VAULT_SCRIPT_VALUE));
  assert_null(strpbrk(e->text, "\n\r\t\x1b"));
}

void vault_script_reads(struct vault_script *s, const struct vault_want *table, size_t n) {
  for (size_t i = 0; i < n; i++) {
    struct store_record r = {0};
    struct store_version v = {""};
    struct error e = {0};
    vault_script_open(s, table[i].rows, rows_of(&table[i]), s->pairs);
    assert_told(&table[i], store_read(s->it, &r, &v, &e), &e, &v);
    store_record_clear(&r);
  }
}

void vault_script_writes(struct vault_script *s, const struct vault_want *table, size_t n,
                         const char *expect) {
  for (size_t i = 0; i < n; i++) {
    struct store_record r = {.value = secret_copy_text(VAULT_SCRIPT_VALUE), .stamp = 8};
    struct store_version v = {""}, at = {""};
    struct error e = {0};
    snprintf(at.text, sizeof at.text, "%s", expect);
    vault_script_open(s, table[i].rows, rows_of(&table[i]), s->pairs);
    size_t before = scripted_count_of(s->t, "POST", "/v1/secret/");
    assert_told(&table[i], store_write(s->it, &r, &at, &v, &e), &e, &v);
    size_t posts = scripted_count_of(s->t, "POST", "/v1/secret/") - before;
    if (posts != table[i].posts)
      fail_msg("%s: %zu writes were sent", table[i].name, posts);
    store_record_clear(&r);
  }
}
