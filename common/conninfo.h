/* Checks a libpq connection string without connecting to the hosts that it names. */
#ifndef COMMON_CONNINFO_H
#define COMMON_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether libpq would begin to connect with `conninfo`; if not, `why` has libpq's message, one line
 * of at most `size` bytes. Option names, values, ports and services are checked; no host is looked
 * up. Call it before other threads run: libpq reads the environment.
 */
bool conninfo_check(const char *conninfo, char *why, size_t size)
    __attribute__((warn_unused_result));

#endif
