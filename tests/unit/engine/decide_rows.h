// One test a row of the table, with the row's name; where a row has more than one face, one case
// each.
#ifndef TESTS_UNIT_ENGINE_DECIDE_ROWS_H
#define TESTS_UNIT_ENGINE_DECIDE_ROWS_H

#include "tests/unit/engine/world.h"

#define X(name) void test_##name(void **unused);
ROW_LIST(X)
#undef X

#define ROW(name) void test_##name(void **unused)
#define BEGIN (void)unused

#endif
