// What tests and simulators get from the memory store beyond the contract: its faults, and the look
// past them.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/memory/memory.h"

struct bench {
  struct memory_space *space;
  struct store_item *it;
  enum memory_fault next; // for the next operation of kind `on`, once
  enum memory_op_kind on;
};

static enum memory_fault fault(void *ctx, const struct memory_op *op) {
  struct bench *b = ctx;
  enum memory_fault f = op->kind == b->on ? b->next : MEMORY_FINE;
  assert_string_equal("key", op->name);
  assert_true((op->record != NULL) == (op->kind == MEMORY_WRITE));
  if (op->kind == b->on)
    b->next = MEMORY_FINE;
  return f;
}

static int setup(void **state) {
  struct bench *b = calloc(1, sizeof(*b));
  b->space = memory_space_new();
  b->it = memory_open(b->space, STORE_SINK, "key", STORE_CLASS_A);
  memory_space_set_fault(b->space, fault, b);
  *state = b;
  return 0;
}

static int teardown(void **state) {
  struct bench *b = *state;
  store_item_free(b->it);
  memory_space_unref(b->space);
  free(b);
  return 0;
}

static enum err put(struct bench *b, const char *text, const struct store_version *expect,
                    struct store_version *ret_version) {
  struct store_record r = {.value = secret_copy_text(text)};
  enum err err = store_write(b->it, &r, expect, ret_version, NULL);
  store_record_clear(&r);
  return err;
}

static enum err put_with(struct bench *b, enum memory_fault f, const char *text,
                         const struct store_version *expect) {
  struct store_version ignored;
  b->on = MEMORY_WRITE;
  b->next = f;
  return put(b, text, expect, &ignored);
}

// The value that is truly there, "" when absent.
static void assert_truth(struct bench *b, const char *text, struct store_version *ret_version) {
  struct store_record r = {0};
  bool there = memory_peek(b->space, "key", &r, ret_version);
  assert_string_equal(text, there ? secret_bytes(r.value) : "");
  store_record_clear(&r);
}

static void assert_reads(struct bench *b, enum memory_fault f, const char *text) {
  struct store_record r = {0};
  struct store_version v;
  b->on = MEMORY_READ;
  b->next = f;
  enum err err = store_read(b->it, &r, &v, NULL);
  assert_int_equal(text[0] ? ERR_OK : ERR_MISSING, err);
  assert_string_equal(text, secret_bytes(r.value));
  assert_int_equal(text[0] != '\0', v.text[0] != '\0');
  store_record_clear(&r);
}

static void a_delayed_write_lands_under_its_version(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v;
  assert_int_equal(ERR_UNSURE, put_with(b, MEMORY_DELAY, "first", &none));
  assert_truth(b, "", NULL);
  assert_int_equal(1, memory_delayed(b->space));
  assert_true(memory_land(b->space, 0));
  assert_int_equal(0, memory_delayed(b->space));
  assert_truth(b, "first", &v);
  assert_false(memory_land(b->space, 0));

  assert_int_equal(ERR_UNSURE, put_with(b, MEMORY_DELAY, "late", &v));
  assert_int_equal(ERR_OK, put(b, "second", &v, &v));
  assert_false(memory_land(b->space, 0));
  assert_truth(b, "second", NULL);
}

static void delayed_writes_land_in_any_order(void **state) {
  struct bench *b = *state;
  struct store_version v, none = {""};
  assert_int_equal(ERR_OK, put(b, "zero", &none, &v));
  put_with(b, MEMORY_DELAY, "one", &v);
  put_with(b, MEMORY_DELAY, "two", &v);
  put_with(b, MEMORY_DELAY, "three", &v);
  memory_drop(b->space, 1);
  assert_int_equal(2, memory_delayed(b->space));
  assert_true(memory_land(b->space, 1));
  assert_truth(b, "three", NULL);
  assert_false(memory_land(b->space, 0));
  assert_truth(b, "three", NULL);
}

static void a_delayed_write_without_versions_wins(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v;
  store_item_free(b->it);
  b->it = memory_open(b->space, STORE_SINK, "key", STORE_CLASS_C);
  put_with(b, MEMORY_DELAY, "late", &none);
  assert_int_equal(ERR_OK, put(b, "second", &none, &v));
  assert_true(memory_land(b->space, 0));
  assert_truth(b, "late", NULL);
}

static void a_doubled_write_is_done_and_comes_again(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v;
  assert_int_equal(ERR_OK, put_with(b, MEMORY_DOUBLE, "first", &none));
  assert_truth(b, "first", &v);
  assert_int_equal(1, memory_delayed(b->space));
  assert_false(memory_land(b->space, 0));
  assert_truth(b, "first", NULL);
}

static void writes_without_an_answer(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v;
  assert_int_equal(ERR_UNSURE, put_with(b, MEMORY_UNANSWERED, "done", &none));
  assert_truth(b, "done", &v);
  assert_int_equal(ERR_UNSURE, put_with(b, MEMORY_LOSE, "lost", &v));
  assert_int_equal(ERR_UNSENT, put_with(b, MEMORY_UNSENT, "unsent", &v));
  assert_int_equal(ERR_LOCKED, put_with(b, memory_answer(ERR_LOCKED), "sealed", &v));
  assert_truth(b, "done", NULL);
  assert_int_equal(ERR_UNSURE, put_with(b, MEMORY_UNANSWERED, "outdated", &none));
  assert_truth(b, "done", NULL);
  assert_int_equal(0, memory_delayed(b->space));
}

static void reads_grow_old(void **state) {
  struct bench *b = *state;
  struct store_version v = {""};
  static const char *const texts[] = {"one", "two", "three"};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(ERR_OK, put(b, texts[i], &v, &v));
  assert_reads(b, MEMORY_FINE, "three");
  assert_reads(b, memory_stale(1), "two");
  assert_reads(b, memory_stale(2), "one");
  assert_reads(b, memory_stale(3), "");
  assert_reads(b, memory_stale(99), "");
  assert_int_equal(ERR_OK, store_destroy_old(b->it, NULL));
  assert_reads(b, memory_stale(1), "three");
  for (int i = 0; i < 3 * MEMORY_HISTORY; i++)
    assert_int_equal(ERR_OK, put(b, i % 2 ? "odd" : "even", &v, &v));
  assert_reads(b, memory_stale(MEMORY_HISTORY + 5), "odd");
}

static void other_operations_without_an_answer(void **state) {
  struct bench *b = *state;
  struct store_record r = {0};
  struct store_version v;
  b->on = MEMORY_READ;
  b->next = MEMORY_UNANSWERED;
  assert_int_equal(ERR_UNSURE, store_read(b->it, &r, &v, NULL));
  b->next = MEMORY_UNSENT;
  assert_int_equal(ERR_UNSENT, store_read(b->it, &r, &v, NULL));
  b->on = MEMORY_CHECK;
  b->next = memory_answer(ERR_DENIED);
  assert_int_equal(ERR_DENIED, store_check(b->it, NULL));
  assert_int_equal(ERR_OK, store_check(b->it, NULL));
  b->on = MEMORY_DESTROY_OLD;
  b->next = MEMORY_LOSE;
  assert_int_equal(ERR_UNSURE, store_destroy_old(b->it, NULL));
}

static void edits_by_hand(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v, w;
  struct store_record gone = {0}, hand = {.value = secret_copy_text("by hand")};
  assert_int_equal(ERR_OK, put(b, "ours", &none, &v));
  assert_int_equal(ERR_OK, memory_poke(b->space, "key", &hand));
  assert_truth(b, "by hand", &w);
  assert_string_not_equal(v.text, w.text);
  assert_int_equal(ERR_CONFLICT, put(b, "ours", &v, &v));
  assert_int_equal(ERR_OK, memory_poke(b->space, "key", &gone));
  assert_truth(b, "", NULL);
  assert_int_equal(ERR_OK, put(b, "again", &none, &v));
  assert_string_not_equal(v.text, w.text);
  store_record_clear(&hand);
}

static struct store_item *configured(const char *space, const char *name, const char *class) {
  struct store_setting s[] = {{"name", name, 3}, {"space", space, 4}, {"class", class, 5}};
  struct store_item *it = NULL;
  int line = 0;
  enum err err =
      store_backend_find("memory")->open(NULL, STORE_SINK, s, class ? 3 : 2, &it, &line, NULL);
  assert_int_equal(ERR_OK, err);
  return it;
}

static void settings_name_shared_spaces(void **state) {
  struct bench *b = *state;
  struct store_version none = {""}, v;
  struct store_record r = {0};
  struct store_item *one = configured("s", "key", NULL), *two = configured("s", "key", "B");
  struct store_item *other = configured("t", "key", "C");
  assert_int_equal(STORE_CLASS_A, one->class);
  assert_int_equal(STORE_CLASS_B, two->class);
  assert_int_equal(STORE_CLASS_C, other->class);
  assert_string_equal("memory s/key", one->what);
  assert_string_equal("memory:s/key", one->place);
  store_item_free(b->it);
  b->it = one;
  assert_int_equal(ERR_OK, put(b, "shared", &none, &v));
  assert_int_equal(ERR_OK, store_read(two, &r, &v, NULL));
  assert_string_equal("shared", secret_bytes(r.value));
  store_record_clear(&r);
  assert_int_equal(ERR_MISSING, store_read(other, &r, &v, NULL));
  memory_spaces_forget();
  assert_int_equal(ERR_OK, store_read(two, &r, &v, NULL));
  store_record_clear(&r);
  store_item_free(two);
  store_item_free(other);
  two = configured("s", "key", NULL);
  assert_int_equal(ERR_MISSING, store_read(two, &r, &v, NULL));
  store_item_free(two);
  memory_spaces_forget();
}

static void settings_are_looked_at(void **state) {
  (void)state;
  char name[300];
  struct store_item *it = NULL;
  struct error e = {0};
  int line = -1;
  const struct store_backend *memory = store_backend_find("memory");
  assert_int_equal(ERR_INVALID, memory->open(NULL, STORE_SINK, NULL, 0, &it, &line, &e));
  assert_int_equal(0, line);
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  struct store_setting s = {"name", name, 7};
  assert_int_equal(ERR_INVALID, memory->open(NULL, STORE_SINK, &s, 1, &it, &line, &e));
  assert_int_equal(7, line);
  assert_null(it);
}

enum { THREADS = 4, WRITES = 200 };

// Adds WRITES times one to the number that the item holds.
static void *count_up(void *ctx) {
  struct store_item *it = memory_open(ctx, STORE_HOME, "counter", STORE_CLASS_A);
  for (int done = 0; done < WRITES;) {
    struct store_record r = {0};
    struct store_version v;
    char text[24];
    enum err err = store_read(it, &r, &v, NULL);
    long n = err == ERR_OK ? strtol(secret_bytes(r.value), NULL, 10) : 0;
    store_record_clear(&r);
    snprintf(text, sizeof text, "%ld", n + 1);
    r.value = secret_copy_text(text);
    done += store_write(it, &r, &v, &v, NULL) == ERR_OK;
    store_record_clear(&r);
  }
  store_item_free(it);
  return NULL;
}

static void compare_and_set_loses_no_update(void **state) {
  (void)state;
  struct memory_space *s = memory_space_new();
  pthread_t threads[THREADS];
  struct store_record r = {0};
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(0, pthread_create(&threads[i], NULL, count_up, s));
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  assert_true(memory_peek(s, "counter", &r, NULL));
  assert_int_equal(THREADS * WRITES, strtol(secret_bytes(r.value), NULL, 10));
  store_record_clear(&r);
  memory_space_unref(s);
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_delayed_write_lands_under_its_version),
      T(delayed_writes_land_in_any_order),
      T(a_delayed_write_without_versions_wins),
      T(a_doubled_write_is_done_and_comes_again),
      T(writes_without_an_answer),
      T(reads_grow_old),
      T(other_operations_without_an_answer),
      T(edits_by_hand),
      T(settings_name_shared_spaces),
      T(settings_are_looked_at),
      cmocka_unit_test(compare_and_set_loses_no_update),
  };
  int failed = cmocka_run_group_tests_name("memory faults", tests, NULL, NULL);
  return failed != 0;
}
