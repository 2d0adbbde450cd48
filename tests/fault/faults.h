/*
 * Calls that fail: to the allocator, libpq and hiredis. One kind is armed at a time. Its n-th call
 * from then on fails, as without memory or without a connection. Calls are counted over all
 * threads, except those that are spared.
 *
 * libpq's and hiredis's functions fail when the program calls them (ld(1), --wrap). Memory fails
 * for every caller, libraries included, except two that do not survive it: libfcgi asserts that
 * there is memory, and hiredis 0.14 does not check.
 */
#ifndef TESTS_FAULT_FAULTS_H
#define TESTS_FAULT_FAULTS_H

#include <stdbool.h>

enum fault { FAULT_MEMORY, FAULT_POSTGRESQL, FAULT_REDIS, FAULTS };

/* Finds those two libraries. Called before other threads exist. */
void faults_open(void);

/* Nothing fails in the calling thread. */
void faults_spare_thread(void);

/* From now on the n-th call fails, counted from 1; with `is_lasting`, all later calls as well. */
void faults_arm(enum fault fault, int n, bool is_lasting);

/* From now on nothing fails. Returns whether a call has failed. */
bool faults_disarm(void);

#endif
