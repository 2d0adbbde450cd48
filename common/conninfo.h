/* Whether libpq takes a connection string, without connecting to anything it names. */
#ifndef COMMON_CONNINFO_H
#define COMMON_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a connection could be tried with `conninfo`; if not, `why` says what libpq says, in one
 * line. The names, values, ports and services in it are looked at, no host is asked for. Before
 * other threads run: libpq reads the environment.
 */
bool conninfo_check(const char *conninfo, char *why, size_t size)
    __attribute__((warn_unused_result));

#endif
