/*
 * What a batcher does with refusals: looks them up, and has them known by this process and by
 * others. None of it waits for anything.
 */
#ifndef FCGI_REFUSALS_H
#define FCGI_REFUSALS_H

#include "redis_share.h"
#include "refusal_cache.h"
#include "ticket.h"

/* Of one batcher. */
struct refusals {
    struct refusal_cache *cache;
    struct redis_share *share;
    int batcher; /* which of the share's queues is its own */
};

/* What is known of one checkout, as p_known and p_known_until have it. */
struct known {
    enum refusal_kind kind;
    int64_t until_us; /* INT64_MAX: for ever */
};

/* The refusal behind an outcome; REFUSAL_NONE where nothing stays so. */
enum refusal_kind refusal_of(enum outcome outcome);

/* For how long what is known of the sale may be of use, by a verdict on it. */
int64_t refusals_keep_ms(const struct verdict *verdict);

/*
 * Learns what a verdict tells about a sale. `user` is whom it is about: who holds the item, or who
 * has reached the limit.
 */
void refusals_learn(const struct refusals *refusals, enum refusal_kind kind, int64_t sale_made_us,
                    const struct verdict *verdict, const char *user, size_t user_length);

#endif
