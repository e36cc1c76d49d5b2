// A state that was written is not decoded when its very bytes are read again in that tick.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/engine/memory.h"
#include "tests/support/unit.h"

static struct memory m;

static int begin(void **state) {
  (void)state;
  memory_init(&m);
  return 0;
}

static int end(void **state) {
  (void)state;
  memory_clear(&m);
  return 0;
}

// "written" decodes to nothing: who gives a state for it, has remembered it.
static void write_it(void) {
  struct state s = {.seq = 7};
  text_copy(s.account, sizeof s.account, "acc");
  s.slots[SLOT_CURRENT].used = true;
  s.slots[SLOT_CURRENT].value = secret_copy_text("value");
  memory_wrote(&m, secret_copy_text("written"), &s);
  assert_null(s.slots[SLOT_CURRENT].value); // taken over
}

static enum err read_it(const char *document, struct state *ret) {
  SECRET_AUTO d = secret_copy_text(document);
  struct error e = {0};
  *ret = (struct state){0};
  return memory_decode(&m, d, ret, &e);
}

static void the_very_bytes_are_known(void **state) {
  struct state s;
  (void)state;
  write_it();
  for (int i = 0; i < 2; i++) { // a copy each time
    assert_int_equal(ERR_OK, read_it("written", &s));
    assert_int_equal(7, s.seq);
    assert_string_equal("acc", s.account);
    assert_string_equal("value", secret_bytes(s.slots[SLOT_CURRENT].value));
    state_clear(&s);
  }
}

static void others_are_decoded(void **state) {
  struct state s;
  (void)state;
  assert_int_equal(ERR_CORRUPT, read_it("", &s));
  write_it();
  assert_int_equal(ERR_CORRUPT, read_it("writteN", &s));
  assert_int_equal(ERR_CORRUPT, read_it("written ", &s));
  assert_int_equal(ERR_CORRUPT, read_it("", &s));
}

static void only_the_last_and_in_this_tick(void **state) {
  struct state s, later = {.seq = 8};
  (void)state;
  write_it();
  memory_wrote(&m, secret_copy_text("later"), &later);
  assert_int_equal(ERR_CORRUPT, read_it("written", &s));
  assert_int_equal(ERR_OK, read_it("later", &s));
  assert_int_equal(8, s.seq);
  memory_new_tick(&m);
  assert_int_equal(ERR_CORRUPT, read_it("later", &s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_very_bytes_are_known, begin, end),
      cmocka_unit_test_setup_teardown(others_are_decoded, begin, end),
      cmocka_unit_test_setup_teardown(only_the_last_and_in_this_tick, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
