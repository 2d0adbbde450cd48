/*
 * What cannot be. CHECK(condition) is whether the condition holds. Where it does not, the program
 * has a fault: the log says so, with the file and the line, and the caller goes on with what does
 * no harm. In tests (CHECKS=stop in the environment) the program ends there. Any thread.
 */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

#include <stdbool.h>

#define CHECK(condition)                                                                           \
    (__builtin_expect(!!(condition), 1) || check_failed(#condition, __FILE__, __LINE__))

/* False, always. */
bool check_failed(const char *condition, const char *file, int line) __attribute__((cold));

#endif
