/*
 * What a batcher does with refusals: looks them up, and puts new ones into the cache and onto the
 * way to other workers. Nothing here waits.
 */
#ifndef FCGI_SALE_REFUSALS_H
#define FCGI_SALE_REFUSALS_H

#include "job.h"
#include "redis_share.h"
#include "refusal_cache.h"

/* An open sale that a batcher has met, by its number. */
struct met_sale {
    int32_t sale_id; /* 0: none */
    int64_t made_us;
    int64_t shared_ms; /* when Redis's thread last got it, by clock_ms() */
};

/* Of one batcher. */
struct refusals {
    struct refusal_cache *cache;
    struct redis_share *share;
    int batcher;       /* its queue in the share */
    int32_t newest_id; /* the sale of checkouts that name none; 0: not known */
    struct met_sale sales[REFUSAL_CACHE_SALES];
};

/* What is known of one checkout, as p_known, p_known_until and p_known_sales have it. */
struct known {
    enum refusal_kind kind;
    int64_t until_us; /* INT64_MAX: for ever */
    int64_t made_us;  /* of the sale; 0: not known */
};

/* The refusal that follows from an outcome; REFUSAL_NONE where nothing stays so. */
enum refusal_kind refusal_of(enum outcome outcome);

/* Looks up what is known of a checkout. */
void refusals_look_up(const struct refusals *refusals, const struct job *job, struct known *known);

/*
 * Meets the sale that decided about a checkout: it was generated at `made_us`, 0 where none is
 * open. Redis's thread gets it now and then.
 */
void refusals_meet_sale(struct refusals *refusals, const struct job *job, int64_t made_us);

/*
 * Learns a refusal from a decision. `user` is who holds the item, or who has reached the limit; of
 * none for other kinds.
 */
void refusals_learn(const struct refusals *refusals, enum refusal_kind kind, int64_t sale_made_us,
                    const struct decision *decision, struct span user);

#endif
