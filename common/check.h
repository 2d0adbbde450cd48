/*
 * Assertions that stay on in production. CHECK(condition) tells whether the condition holds. If it
 * does not, the program has a bug: the log says so, with file and line, and the caller goes on in a
 * way that does no harm. In tests (CHECKS=stop in the environment) the program aborts instead. Any
 * thread.
 */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

#include <stdbool.h>

#define CHECK(condition)                                                                           \
    (__builtin_expect(!!(condition), 1) || check_failed(#condition, __FILE__, __LINE__))

/* Always returns false. */
bool check_failed(const char *condition, const char *file, int line) __attribute__((cold));

#endif
