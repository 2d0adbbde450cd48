/*
 * The refusals that workers share through Redis: a stream for each sale
 * (https://redis.io/docs/latest/develop/data-types/streams/). A worker adds what it learned, and
 * reads on from the last entry that it read, its own among them; after it has connected it reads a
 * stream from its beginning. The key is "flashsale:", the microsecond at which the sale was
 * generated, and ":refusals". A stream expires after its sale, and drops its oldest entries once it
 * is as long as the cache.
 *
 * An entry that refusal_read() does not understand is ignored. A key that is no stream, or a stream
 * that cannot be added to or read, is deleted.
 *
 * For one thread.
 */
#ifndef FCGI_SALE_REDIS_FEED_H
#define FCGI_SALE_REDIS_FEED_H

#include "common/settings.h"
#include "refusal_cache.h"

enum redis_feed_result {
    REDIS_FEED_DOWN, /* Redis is out of reach */
    REDIS_FEED_DONE, /* all streams are read to their ends */
    REDIS_FEED_MORE  /* some are not: the next exchange is due at once */
};

struct redis_feed;
struct metrics;

/* NULL: out of memory. Does not connect. Once `stop_fd` is readable no answer is waited for. */
struct redis_feed *redis_feed_new(const struct settings *settings, struct refusal_cache *cache,
                                  struct metrics *metrics, int stop_fd);
void redis_feed_free(struct redis_feed *feed);

/* The sale is open, and Redis keeps its stream for so long. */
void redis_feed_open_sale(struct redis_feed *feed, int64_t sale_made_us, int64_t keep_ms);

/* Adds a refusal of an open sale in the next exchange. False: that one is full. */
bool redis_feed_add(struct redis_feed *feed, const struct refusal *refusal)
    __attribute__((warn_unused_result));

/* Sends what was added, or drops it, and puts what is read into the cache. */
enum redis_feed_result redis_feed_exchange(struct redis_feed *feed)
    __attribute__((warn_unused_result));

/* For poll(2) between exchanges: where it is readable the next one is due. -1: there is none. */
int redis_feed_fd(const struct redis_feed *feed);

#endif
