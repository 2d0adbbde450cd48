#include "user_rate.h"

#include <sys/random.h>

#include "common/siphash.h"

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would not work between processes");

/*
 * A bucket is one word: above, a part of the user's hash that is never 0; below, the time when it
 * is empty again, in microseconds, modulo TIME_SPAN (twelve days). Two users of a set with the same
 * part would share a bucket: one pair in 2^37.
 */
enum {
    TIME_BITS = 40,
    /* A time further ahead than any bucket can be is one that has run full circle, or of another
       start of the system. Threads read the clock up to so long before they use it. */
    SLACK_US = 1000000
};

#define TIME_SPAN (INT64_C(1) << TIME_BITS)
#define TIME_MASK ((uint64_t)TIME_SPAN - 1)

void user_rate_begin(struct user_rate *rate, struct user_rate_table *table,
                     const struct settings *settings)
{
    *rate = (struct user_rate){.table = table};
    if (settings->http.user_rate == 0)
        return;
    rate->interval_us = 1000000 / settings->http.user_rate;
    rate->burst_us = rate->interval_us * (settings->http.user_burst - 1);
    uint64_t none = 0, chosen = 0;
    while (chosen == 0 && getrandom(&chosen, sizeof chosen, 0) != sizeof chosen)
        chosen = 0;
    if (!atomic_compare_exchange_strong(&table->secret, &none, chosen))
        chosen = none; /* another worker's */
    rate->secret[0] = chosen;
    rate->secret[1] = ~chosen;
}

/* How far the bucket is ahead of the clock; negative: it has been empty for so long. */
static int64_t ahead_us(const struct user_rate *rate, uint64_t bucket, int64_t now_us)
{
    int64_t ahead = (int64_t)((bucket - (uint64_t)now_us) & TIME_MASK);
    bool is_past = bucket == 0 || ahead > rate->burst_us + rate->interval_us + SLACK_US;
    return is_past ? ahead - TIME_SPAN : ahead;
}

/*
 * The way of the set that has the user's bucket, or of the one that it replaces: the longest empty,
 * or the least full. Times in a set never go back, so threads that look at the same time choose
 * the same way, and a user never has two.
 */
static int choose(const struct user_rate *rate, _Atomic uint64_t *set, uint64_t tag, int64_t now_us,
                  uint64_t *bucket)
{
    int least = 0;
    int64_t least_us = INT64_MAX;
    for (int i = 0; i < USER_RATE_WAYS; i++) {
        uint64_t at = atomic_load_explicit(&set[i], memory_order_relaxed);
        int64_t ahead = ahead_us(rate, at, now_us);
        if (at >> TIME_BITS == tag) {
            *bucket = at;
            return i;
        }
        if (at == 0)
            ahead = -TIME_SPAN;
        if (ahead < least_us) {
            least = i;
            least_us = ahead;
            *bucket = at;
        }
    }
    return least;
}

int64_t user_rate_take(const struct user_rate *rate, struct span user, int64_t now_us)
{
    if (rate->interval_us == 0)
        return 0;
    uint64_t hash = siphash(rate->secret, user.bytes, user.length);
    _Atomic uint64_t *set = rate->table->buckets[hash % USER_RATE_SETS];
    uint64_t tag = hash >> TIME_BITS ? hash >> TIME_BITS : 1;
    for (;;) {
        uint64_t bucket = 0;
        int way = choose(rate, set, tag, now_us, &bucket);
        int64_t ahead = ahead_us(rate, bucket, now_us);
        if (ahead > rate->burst_us)
            return ahead - rate->burst_us;
        uint64_t empty_at = (uint64_t)(now_us + (ahead > 0 ? ahead : 0) + rate->interval_us);
        if (atomic_compare_exchange_weak(&set[way], &bucket,
                                         tag << TIME_BITS | (empty_at & TIME_MASK)))
            return 0;
    }
}
