/*
 * Calls that fail: to the allocator, to libpq, to hiredis. One kind is armed at a time; its n-th
 * call from then on fails, as it does where memory or the connection is short. Calls are counted
 * over all threads but those that are spared.
 *
 * libpq's and hiredis's functions fail where the program calls them (ld(1), --wrap). Memory fails
 * wherever it is asked for, in libraries as well, but not in two that do not survive it: libfcgi
 * asserts that there is memory, and hiredis 0.14 takes it for granted.
 */
#ifndef TESTS_FAULT_FAULTS_H
#define TESTS_FAULT_FAULTS_H

#include <stdbool.h>

enum fault { FAULT_MEMORY, FAULT_POSTGRESQL, FAULT_REDIS, FAULTS };

/* Finds those two. To be called before other threads exist. */
void faults_open(void);

/* Nothing fails in the calling thread. */
void faults_spare_thread(void);

/* From now on the n-th call (1..) fails; `is_lasting`: and all behind it. */
void faults_arm(enum fault fault, int n, bool is_lasting);

/* Nothing fails any more. Returns whether it came to that. */
bool faults_disarm(void);

#endif
