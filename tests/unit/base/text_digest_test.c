#include <string.h>

#include "rotator/base/secret.h"
#include "rotator/base/text_digest.h"
#include "tests/support/unit.h"

static bool starved;
void *__real_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size);
void *__wrap_wipe_malloc(size_t size) {
  return starved ? NULL : __real_wipe_malloc(size);
}

static void sha256(void **state) {
  (void)state;
  char hex[TEXT_SHA256_HEX];
  text_sha256_hex(hex, "abc", 3); // FIPS 180-2, B.1
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  text_sha256_hex(hex, NULL, 0);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert_true(text_hash64("abc", 3) == 0xba7816bf8f01cfeau);
}

// A wrong one would stand in a state, or in the name of a key.
static void without_memory_it_is_the_same(void **state) {
  (void)state;
  starved = true;
  sha256(state);
  starved = false;
  sha256(state);
}

static void base64url_of_rfc_4648(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    char text[16], back[16];
    size_t n = 99;
    assert_int_equal(text_base64url(text, sizeof text, rows[i][0], strlen(rows[i][0])),
                     strlen(rows[i][1]));
    assert_string_equal(text, rows[i][1]);
    assert_int_equal(text_base64_decode(back, sizeof back, text, strlen(text), &n), ERR_OK);
    assert_int_equal(n, strlen(rows[i][0]));
    assert_memory_equal(back, rows[i][0], n);
  }
}

static void every_length_comes_back(void **state) {
  (void)state;
  unsigned char bytes[70], back[70];
  char text[100];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)(251 * i + 3);
  for (size_t len = 0; len <= sizeof bytes; len++) {
    size_t exact = (len * 4 + 2) / 3 + 1, n;
    size_t chars = text_base64url(text, exact, bytes, len);
    assert_int_equal(chars, exact - 1);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), chars);
    assert_int_equal(text_base64_decode(back, len, text, chars, &n), ERR_OK);
    assert_int_equal(n, len);
    assert_memory_equal(back, bytes, len);
  }
}

static void too_small_a_buffer_gets_nothing(void **state) {
  (void)state;
  char text[8] = "xxxxxxx";
  assert_int_equal(text_base64url(text, 4, "foo", 3), 0);
  assert_string_equal(text, "");
  assert_int_equal(text_base64url(text, 0, "foo", 3), 0);
  unsigned char back[2];
  size_t n = 42;
  assert_int_equal(text_base64_decode(back, sizeof back, "Zm9v", 4, &n), ERR_INVALID);
  assert_int_equal(n, 42);
}

static void both_alphabets_and_padding(void **state) {
  (void)state;
  static const char *const right[] = {"-_8", "+/8", "-_8=", "+/8=", "+_8"};
  static const char *const wrong[] = {"A",    "AAAAA", "-_8==", "-_=",  "====",  "=",      "AA=A",
                                      "A A=", "AA\n",  "A*==",  "A===", "AAAA=", "AAAA==="};
  unsigned char back[8];
  size_t n;
  for (size_t i = 0; i < COUNT_OF(right); i++) {
    assert_int_equal(text_base64_decode(back, sizeof back, right[i], strlen(right[i]), &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(back, "\xfb\xff", 2);
  }
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    assert_int_equal(text_base64_decode(back, sizeof back, wrong[i], strlen(wrong[i]), &n),
                     ERR_INVALID);
}

int main(void) {
  (void)secret_setup(); // OpenSSL's memory is wipe_malloc's
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_memory_it_is_the_same), // the first: nothing was looked up yet
      cmocka_unit_test(sha256),
      cmocka_unit_test(base64url_of_rfc_4648),
      cmocka_unit_test(every_length_comes_back),
      cmocka_unit_test(too_small_a_buffer_gets_nothing),
      cmocka_unit_test(both_alphabets_and_padding),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed != 0;
}
