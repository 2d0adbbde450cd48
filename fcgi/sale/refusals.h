/*
 * What a batcher does with refusals: looks them up, and has them known by this process and by
 * others. None of it waits for anything.
 */
#ifndef FCGI_SALE_REFUSALS_H
#define FCGI_SALE_REFUSALS_H

#include "job.h"
#include "redis_share.h"
#include "refusal_cache.h"

/* An open sale that a batcher has met: which one is meant by its number. */
struct met_sale {
    int32_t sale_id; /* 0: none */
    int64_t made_us;
    int64_t told_ms; /* when Redis's thread was told of it, by the monotonic clock */
};

/* Of one batcher. */
struct refusals {
    struct refusal_cache *cache;
    struct redis_share *share;
    int batcher;       /* which of the share's queues is its own */
    int32_t newest_id; /* the sale that is meant by who names none; 0: not known */
    struct met_sale sales[REFUSAL_CACHE_SALES];
};

/* What is known of one checkout, as p_known and p_known_until have it. */
struct known {
    enum refusal_kind kind;
    int64_t until_us; /* INT64_MAX: for ever */
    int64_t made_us;  /* of the sale that it is about; 0: of none */
};

/* The refusal behind an outcome; REFUSAL_NONE where nothing stays so. */
enum refusal_kind refusal_of(enum outcome outcome);

/* Looks up what is known of a checkout. */
void refusals_look_up(const struct refusals *refusals, const struct job *job, struct known *known);

/*
 * Meets the sale that decided about the job: it was generated at `made_us`, 0 where none is
 * open. Redis's thread is told of it now and then.
 */
void refusals_meet_sale(struct refusals *refusals, const struct job *job, int64_t made_us);

/*
 * Learns what a decision tells about a sale. `user` is whom it is about: who holds the item, or who
 * has reached the limit.
 */
void refusals_learn(const struct refusals *refusals, enum refusal_kind kind, int64_t sale_made_us,
                    const struct decision *decision, struct span user);

#endif
