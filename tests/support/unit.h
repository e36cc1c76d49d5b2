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

#endif
