// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "tests/contract/stores/store_bench.h"

#include <stdio.h>
#include <string.h>

int store_bench_setup(void **state) {
  struct store_bench *b = *state;
  b->place = b->subject->setup();
  b->it = b->place ? b->subject->open(b->place, 0) : NULL;
  return b->it ? 0 : -1;
}

int store_bench_teardown(void **state) {
  struct store_bench *b = *state;
  b->it = store_item_free(b->it);
  b->subject->teardown(b->place);
  return 0;
}

struct store_record make_record(const struct store_item *it, unsigned n) {
  char text[200];
  if (it->kind == STORE_HOME)
    snprintf(text, sizeof text, "{\"schema\":1,\"seq\":\"%u\",\"current\":\"v%03u-Zm9v_YmFy\"}", n,
             n);
  else
    snprintf(text, sizeof text, "v%03u-kQ5vRr0s_XtdmbF2hIhq5PqDd4rXxSduvO2Yh2Gx", n);
  struct store_record r = {.value = secret_copy_text(text), .stamp = 40 + n};
  snprintf(r.key_id, sizeof r.key_id, "ApiKey-0000-%u", n);
  snprintf(r.key_name, sizeof r.key_name, "agent \"%u\"", n);
  r.created_s = 1764000000 + 60 * (int64_t)n;
  return r;
}

struct store_version absent(void) {
  return (struct store_version){""};
}

void assert_err_at(enum err want, enum err err, const struct error *e, const char *file, int line) {
  if (want != err)
    print_error("%s:%d: %s instead of %s (%s)\n", file, line, err_name(err), err_name(want),
                e ? e->text : "");
  _assert_int_equal((LargestIntegralType)want, (LargestIntegralType)err, file, line);
}

struct store_version must_write(struct store_item *it, unsigned n,
                                const struct store_version *expect) {
  struct store_record r = make_record(it, n);
  struct store_version v = {""};
  struct error e = {0};
  assert_err(ERR_OK, store_write(it, &r, expect, &v, &e), &e);
  store_record_clear(&r);
  return v;
}

struct store_version must_read(struct store_item *it, struct store_record *ret) {
  struct store_version v = {""};
  struct error e = {0};
  assert_err(ERR_OK, store_read(it, ret, &v, &e), &e);
  return v;
}

void assert_holds(struct store_item *it, unsigned n, const struct store_version *v) {
  struct store_record want = make_record(it, n), got = {0};
  struct store_version seen = must_read(it, &got);
  assert_true(secret_equal(want.value, got.value));
  if (v)
    assert_string_equal(v->text, seen.text);
  if (it->kind == STORE_SINK)
    assert_int_equal(it->class == STORE_CLASS_A ? want.stamp : 0, got.stamp);
  store_record_clear(&got);
  store_record_clear(&want);
}

void assert_absent(struct store_item *it) {
  struct store_record r = {0};
  struct store_version v = {"x"};
  struct error e = {0};
  assert_err(ERR_MISSING, store_read(it, &r, &v, &e), &e);
  assert_string_equal("", v.text);
}

void assert_story(const struct store_item *it, const struct error *e, enum err kind,
                  const struct store_record *r) {
  assert_int_equal(kind, e->kind);
  assert_non_null(strstr(e->text, it->what));
  assert_true(strlen(e->text) > strlen(it->what) + 2);
  if (r && !secret_is_empty(r->value))
    assert_null(strstr(e->text, secret_bytes(r->value)));
}
