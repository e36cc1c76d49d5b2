// What every cmocka program includes.
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

// cmocka.h needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Number of elements of an array.
#define COUNT_OF(a) (sizeof a / sizeof *(a))

// A number within bounds, both included. cmocka 2 has given the macro of cmocka 1 another name.
#ifdef assert_int_in_range
#define assert_within(value, least, most) assert_int_in_range(value, least, most)
#else
#define assert_within(value, least, most) assert_in_range(value, least, most)
#endif

#endif
