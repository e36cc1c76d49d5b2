// The index of rest as bytes: what is written is read again; whatever else the bytes are, they are
// refused as a whole, and say nothing of any target.
#include <stdio.h>
#include <string.h>

#include "rotator/app/rest_index.h"
#include "tests/support/unit.h"

#define TARGETS 5
#define HEAD (24 + TEXT_SHA256_BYTES)

static const unsigned char about[TEXT_SHA256_BYTES] = "the same";
static const bool replaced[TARGETS];

static struct rest_entry entry(uint32_t target, uint32_t n_files) {
  struct rest_entry e = {.target = target, .n_files = n_files, .from_s = 100, .until_s = 200};
  memset(e.run, (int)target + 10, sizeof e.run);
  e.figures.due_s = 500;
  snprintf(e.binding, sizeof e.binding, "%032x", target);
  return e;
}

static void add(struct text_buf *b, uint32_t target, uint32_t n_files) {
  struct rest_file files[REST_FILES_MAX] = {{.dir_owner = 0}};
  struct rest_entry e = entry(target, n_files);
  for (uint32_t i = 0; i < n_files && i < REST_FILES_MAX; i++)
    files[i] = (struct rest_file){.version = {.ino = target * 100 + i}, .dir_owner = 7};
  rest_index_add(b, &e, files);
}

static struct secret *encode(const struct text_buf *records) {
  const struct rest_index nothing = {.n = 0};
  struct secret *s = rest_index_encode(about, records, &nothing, replaced);
  assert_non_null(s);
  return s;
}

// Targets 0 and 3, with one sink and with all there may be.
static struct secret *sample(void) {
  struct text_buf b = TEXT_BUF(REST_INDEX_MAX);
  add(&b, 0, 2);
  add(&b, 3, REST_FILES_MAX);
  struct secret *s = encode(&b);
  text_buf_free(&b);
  return s;
}

static void round_trip(void **state) {
  (void)state;
  struct rest_index x;
  struct rest_entry e, want = entry(3, REST_FILES_MAX);
  struct rest_file files[REST_FILES_MAX];
  const char *why;
  assert_true(rest_index_decode(sample(), about, TARGETS, &x, &why));
  assert_null(why);
  assert_int_equal(x.n, 2);
  assert_true(rest_index_find(&x, 3, &e, files));
  assert_memory_equal(&e, &want, sizeof e);
  assert_int_equal(files[REST_FILES_MAX - 1].version.ino, 300 + REST_FILES_MAX - 1);
  assert_int_equal(files[0].dir_owner, 7);
  assert_true(rest_index_find(&x, 0, &e, files));
  assert_int_equal(e.run[5], 10);
  assert_false(rest_index_find(&x, 1, &e, files));
  assert_false(rest_index_find(&x, TARGETS, &e, files));
  rest_index_clear(&x);
  assert_false(rest_index_find(&x, 0, &e, files));
}

// What a run has not settled is another one's, and stays; what it has settled goes.
static void others_are_kept(void **state) {
  (void)state;
  const bool settled[TARGETS] = {[0] = true, [2] = true};
  struct rest_index x, y;
  struct rest_entry e;
  struct rest_file files[REST_FILES_MAX];
  const char *why;
  struct text_buf b = TEXT_BUF(REST_INDEX_MAX);
  assert_true(rest_index_decode(sample(), about, TARGETS, &x, &why));
  add(&b, 2, 2);
  struct secret *s = rest_index_encode(about, &b, &x, settled);
  assert_true(rest_index_decode(s, about, TARGETS, &y, &why));
  assert_int_equal(y.n, 2);
  assert_false(rest_index_find(&y, 0, &e, files));
  assert_true(rest_index_find(&y, 2, &e, files));
  assert_true(rest_index_find(&y, 3, &e, files));
  assert_int_equal(files[REST_FILES_MAX - 1].version.ino, 300 + REST_FILES_MAX - 1);
  text_buf_free(&b);
  rest_index_clear(&x);
  rest_index_clear(&y);
}

static void refused(struct secret *bytes, const unsigned char *of, size_t n_targets,
                    const char *want) {
  struct rest_index x;
  struct rest_entry e;
  struct rest_file files[REST_FILES_MAX];
  const char *why;
  assert_false(rest_index_decode(bytes, of, n_targets, &x, &why));
  assert_string_equal(why, want);
  for (size_t i = 0; i < TARGETS; i++)
    assert_false(rest_index_find(&x, i, &e, files));
}

static void of_something_else(void **state) {
  (void)state;
  static const unsigned char other[TEXT_SHA256_BYTES] = "the samf";
  refused(sample(), other, TARGETS, "it is of another configuration, program or user");
}

static void empty_or_cut(void **state) {
  (void)state;
  struct secret *s = sample();
  refused(NULL, about, TARGETS, "it is cut off");
  for (size_t len = 0; len < secret_len(s); len++)
    refused(secret_copy(secret_bytes(s), len), about, TARGETS,
            len < HEAD + TEXT_SHA256_BYTES ? "it is cut off" : "it is damaged");
  secret_free(s);
}

// Each byte of it, with a bit turned.
static void damaged(void **state) {
  (void)state;
  struct secret *s = sample();
  char bytes[4096];
  size_t len = secret_len(s);
  assert_true(len < sizeof bytes);
  for (size_t i = 0; i < len; i++) {
    memcpy(bytes, secret_bytes(s), len);
    bytes[i] = (char)(bytes[i] ^ 1);
    refused(secret_copy(bytes, len), about, TARGETS,
            i < 24 ? "it is another program's" : "it is damaged");
  }
  secret_free(s);
}

static void senseless(struct text_buf *b) {
  refused(encode(b), about, TARGETS, "it makes no sense");
  text_buf_free(b);
}

// A record that has the right digest, and cannot be one of ours.
static void of_no_sense(void **state) {
  (void)state;
  struct rest_file files[REST_FILES_MAX] = {{.dir_owner = 0}};
  struct text_buf b = TEXT_BUF(REST_INDEX_MAX);
  add(&b, TARGETS, 2); // a target that there is not
  senseless(&b);
  add(&b, 1, 2); // the same twice
  add(&b, 1, 2);
  senseless(&b);
  add(&b, 1, 1); // no sink
  senseless(&b);
  struct rest_entry e = entry(1, REST_FILES_MAX + 1); // more than are there, and than there may be
  text_buf_add_bytes(&b, &e, sizeof e);
  text_buf_add_bytes(&b, files, sizeof files);
  senseless(&b);
  e = entry(1, 3); // fewer files than it says
  text_buf_add_bytes(&b, &e, sizeof e);
  text_buf_add_bytes(&b, files, 2 * sizeof *files);
  senseless(&b);
  text_buf_add_bytes(&b, &e, sizeof e - 1); // half a record
  senseless(&b);
  e = entry(1, 2);
  strcpy(e.binding, "../../../../../../../etc/passwdx"); // a path
  rest_index_add(&b, &e, files);
  senseless(&b);
  e = entry(1, 2);
  memset(e.binding, 'a', sizeof e.binding); // a binding without an end
  rest_index_add(&b, &e, files);
  senseless(&b);
  e = entry(1, 2);
  e.figures.working = 3;
  rest_index_add(&b, &e, files);
  senseless(&b);
}

// No record is half written.
static void too_many(void **state) {
  (void)state;
  struct text_buf b = TEXT_BUF(3 * sizeof(struct rest_entry));
  add(&b, 0, 2);
  size_t one = b.len;
  add(&b, 1, 4);
  assert_true(b.failed);
  assert_int_equal(b.len, one);
  text_buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),        cmocka_unit_test(others_are_kept),
      cmocka_unit_test(of_something_else), cmocka_unit_test(empty_or_cut),
      cmocka_unit_test(damaged),           cmocka_unit_test(of_no_sense),
      cmocka_unit_test(too_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
