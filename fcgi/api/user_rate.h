/*
 * The limit on the requests of one user (settings http.user_rate and http.user_burst): a token
 * bucket a user, which holds http.user_burst requests and gets http.user_rate more in a second, by
 * the Generic Cell Rate Algorithm (ITU-T I.371, Annex A).
 *
 * The buckets are in a table of fixed size, in memory that the workers of a host may share
 * (metrics_shared()). No call allocates or waits: a bucket is one atomic word. A user whose set of
 * the table is full takes the place of the fullest bucket there, and its level with it, as in
 * Metwally's Space-Saving (2005). So nobody ever gets more than their own bucket gives, whatever
 * names others ask by. What a crowd can do is to have others refused early: if USER_RATE_WAYS
 * other users of the same set, which a secret hash chooses, are at their limits; or if all
 * workers together get more than USER_RATE_USERS times http.user_rate requests a second.
 */
#ifndef FCGI_API_USER_RATE_H
#define FCGI_API_USER_RATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/span.h"

enum {
    USER_RATE_SETS = 8192, /* a power of two */
    USER_RATE_WAYS = 8,    /* a set is one cache line */
    USER_RATE_USERS = USER_RATE_SETS * USER_RATE_WAYS
};

/* The shared memory. All zero: no user has asked yet. */
struct user_rate_table {
    _Atomic uint64_t secret; /* of the hash; 0: not chosen yet */
    uint64_t unused[USER_RATE_WAYS - 1];
    _Atomic uint64_t buckets[USER_RATE_SETS][USER_RATE_WAYS];
};

/* A worker's own view of it. */
struct user_rate {
    struct user_rate_table *table;
    uint64_t secret[2];
    int64_t interval_us; /* between two requests in the long run; 0: there is no limit */
    int64_t burst_us;    /* how far ahead of the clock a bucket may be before a request */
};

/* Begins to use the table, which must live on: the caller's, aligned to cache lines. */
void user_rate_begin(struct user_rate *rate, struct user_rate_table *table,
                     const struct settings *settings);

/*
 * Counts a request of the user at the time `now_us` (clock_us(), the same clock for all workers of
 * a host). 0: it is within the limit. Otherwise it is refused, was not counted, and the next one
 * will be within the limit after so many microseconds. Any thread.
 */
int64_t user_rate_take(const struct user_rate *rate, struct span user, int64_t now_us)
    __attribute__((warn_unused_result));

#endif
