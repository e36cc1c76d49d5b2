// Shares of a fleet: every target is in one, none in two, they are of a size, and one share more
// moves only what the new one gets.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/app/shard.h"
#include "tests/support/unit.h"

#define FLEET 10000
#define SHARES 16

struct fleet {
  struct config_target targets[FLEET];
  char ids[FLEET][48];
};

static struct fleet *fleet(void) {
  struct fleet *f = calloc(1, sizeof *f);
  assert_non_null(f);
  for (int i = 0; i < FLEET; i++) {
    struct config_target *t = &f->targets[i];
    snprintf(f->ids[i], sizeof f->ids[i], "ServiceId-bbbbbbbb-0000-4000-8000-%012d", i);
    t->service_id = f->ids[i];
    strcpy(t->account, "d3a0c0ffee00000000000000000000d3");
    strcpy(t->guid, "11111111-2222-4333-8444-555555555555");
  }
  return f;
}

// The one share of `count` that has the target.
static unsigned share_of(const struct config_target *t, unsigned count) {
  unsigned found = count;
  for (unsigned i = 0; i < count; i++)
    if (shard_has(&(struct cli_shard){i, count}, t)) {
      assert_int_equal(found, count);
      found = i;
    }
  assert_true(found < count);
  return found;
}

static void test_each_in_one_and_few_move(void **state) {
  (void)state;
  struct fleet *f = fleet();
  static unsigned before[FLEET];
  for (unsigned count = 1; count <= SHARES; count++) {
    unsigned size[SHARES] = {0}, moved = 0;
    for (int i = 0; i < FLEET; i++) {
      unsigned now = share_of(&f->targets[i], count);
      size[now]++;
      if (count > 1 && now != before[i]) {
        assert_int_equal(now, count - 1); // to the new one, and nowhere else
        moved++;
      }
      before[i] = now;
    }
    for (unsigned i = 0; i < count; i++) {
      assert_true(size[i] > FLEET / count * 8 / 10);
      assert_true(size[i] < FLEET / count * 12 / 10);
    }
    assert_int_equal(moved, count > 1 ? size[count - 1] : 0);
  }
  free(f);
}

// These values are in the field: another way of counting would move every fleet at once.
static void test_the_shares_stay_where_they_are(void **state) {
  (void)state;
  struct fleet *f = fleet();
  static const unsigned of_7[] = {1, 2, 3, 5, 3, 1, 3, 6, 6, 2};
  for (size_t i = 0; i < sizeof of_7 / sizeof *of_7; i++)
    assert_int_equal(share_of(&f->targets[i], 7), of_7[i]);
  f->targets[0].name = (char[]){"renamed"};
  assert_int_equal(share_of(&f->targets[0], 7), of_7[0]);
  free(f);
}

static void test_targets_of_users_are_spread(void **state) {
  (void)state;
  unsigned size[4] = {0};
  char user[] = "me";
  for (int i = 0; i < 400; i++) {
    struct config_target t = {.user = user};
    strcpy(t.account, "d3a0c0ffee00000000000000000000d3");
    snprintf(t.guid, sizeof t.guid, "11111111-2222-4333-8444-%012d", i);
    size[share_of(&t, 4)]++;
  }
  for (unsigned i = 0; i < 4; i++)
    assert_true(size[i] > 60 && size[i] < 140);
}

static void test_without_shares_and_broken(void **state) {
  (void)state;
  struct config_target broken = {.broken = true, .name = (char[]){"(rotator.yaml:3)"}};
  assert_true(shard_has(&(struct cli_shard){0, 0}, &broken));
  assert_true(shard_has(&(struct cli_shard){0, 4}, &broken));
  assert_false(shard_has(&(struct cli_shard){3, 4}, &broken));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_in_one_and_few_move),
      cmocka_unit_test(test_the_shares_stay_where_they_are),
      cmocka_unit_test(test_targets_of_users_are_spread),
      cmocka_unit_test(test_without_shares_and_broken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
