/*
 * The refusal cache: what was refused and stays refused, so that PostgreSQL need not look at the
 * item for the next checkout. It refuses early and never accepts, and it may forget anything at any
 * moment: nothing needs to be invalidated (compare the negative caching of RFC 2308).
 *
 * An entry names its sale by the microsecond at which the sale was generated: unlike the sale's
 * number, another database does not have the same. Times are PostgreSQL's, and PostgreSQL judges
 * them: no clock is read here.
 *
 * Two tables of a fixed size, items and users, set associative: a new entry replaces the least
 * useful of eight. Sets are locked in stripes, for some ten nanoseconds. A batcher never waits for
 * such a lock: while another thread has it, nothing is known, and nothing is kept.
 */
#ifndef FCGI_SALE_REFUSAL_CACHE_H
#define FCGI_SALE_REFUSAL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/store/limits.h"

/* As p_known of flashsale.checkout_batch has them. */
enum refusal_kind {
    REFUSAL_NONE,
    REFUSAL_SOLD,       /* the item is */
    REFUSAL_HELD,       /* the item is, by `user` until `until_us` */
    REFUSAL_USER_LIMIT, /* `user` has reached it */
    REFUSAL_SOLD_OUT,   /* all items are sold */
    REFUSAL_KINDS
};

/* As Redis and metrics have it: a word, "none" of REFUSAL_NONE. */
const char *refusal_name(enum refusal_kind kind);

enum {
    REFUSAL_CACHE_ITEMS = 131072, /* entries: 4 MiB */
    REFUSAL_CACHE_USERS = 16384,  /* entries: 2.3 MiB */
    /* Open sales that a worker keeps apart: by number, as sold out, as a stream in Redis. There is
       one an hour, and more only while earlier ones stay open until they are sold out. PostgreSQL
       has no such bound: beyond it a worker forgets the sale that it met longest ago, and the
       database decides alone. */
    REFUSAL_CACHE_SALES = 8
};

struct refusal {
    enum refusal_kind kind;
    int32_t number;       /* of the item, from 1; 0 where it is about none */
    int64_t sale_made_us; /* when the sale was generated, since 1970 */
    int64_t until_us;     /* of REFUSAL_HELD, since 1970 by PostgreSQL's clock; else INT64_MAX */
    uint8_t user_length;
    char user[USER_BYTES_MAX]; /* not terminated */
};

/* Who learned it: a batcher, from PostgreSQL's decision, or Redis's thread. */
enum refusal_source { REFUSAL_OF_BATCH, REFUSAL_OF_REDIS, REFUSAL_SOURCES };

/* As metrics have it: a word. */
const char *refusal_source_name(enum refusal_source source);

struct refusal_cache;
struct metrics;

/* NULL: out of memory. Pages are touched only as entries come. */
struct refusal_cache *refusal_cache_new(struct metrics *metrics);
void refusal_cache_free(struct refusal_cache *cache);

/*
 * Why a checkout of this item (0: any) by this user is refused, and until when: INT64_MAX for ever.
 * REFUSAL_NONE: nothing is known, or it is the user's own hold. Any thread; never waits.
 */
enum refusal_kind refusal_cache_lookup(struct refusal_cache *cache, int64_t sale_made_us,
                                       int32_t number, const char *user, size_t user_length,
                                       int64_t *until_us);

/*
 * Keeps a refusal: a sold item replaces a held one, and a later hold an earlier one. False: it was
 * known already. Any thread; REFUSAL_OF_BATCH never waits.
 */
bool refusal_cache_put(struct refusal_cache *cache, const struct refusal *refusal,
                       enum refusal_source source);

/* Forgets all, as after a lost connection: the next server may know less. */
void refusal_cache_clear(struct refusal_cache *cache);

#endif
