/*
 * What workers tell one another through Redis: a stream of refusals for each sale
 * (https://redis.io/docs/latest/develop/data-types/streams/). A worker adds what it learned, and
 * reads on from where it stopped; one that has just connected reads a stream from its beginning.
 * Its key is "flashsale:", the microsecond at which the sale was generated, and ":refusals"; it
 * expires after the sale, and it holds no more than the cache does: older entries go.
 *
 * What is read is believed as far as refusal_read() understands it. A stream that is none, or in
 * which there is something that has no place there, is deleted.
 *
 * For one thread.
 */
#ifndef FCGI_SALE_REDIS_FEED_H
#define FCGI_SALE_REDIS_FEED_H

#include "common/settings.h"
#include "refusal_cache.h"

enum redis_feed_result {
    REDIS_FEED_DOWN, /* Redis is out of reach */
    REDIS_FEED_DONE, /* what was there is read */
    REDIS_FEED_MORE  /* ... but for some that is to be read at once */
};

struct redis_feed;
struct metrics;

/* NULL: out of memory. Does not connect. Once `stop_fd` is readable no answer is waited for. */
struct redis_feed *redis_feed_new(const struct settings *settings, struct refusal_cache *cache,
                                  struct metrics *metrics, int stop_fd);
void redis_feed_free(struct redis_feed *feed);

/* The sale is open, and what Redis has of it is to be kept for so long. */
void redis_feed_open_sale(struct redis_feed *feed, int64_t sale_made_us, int64_t keep_ms);

/* Takes a refusal of an open sale along in the next exchange. False: there is no room before it. */
bool redis_feed_add(struct redis_feed *feed, const struct refusal *refusal)
    __attribute__((warn_unused_result));

/* Sends what was added, or drops it, and puts what others sent into the cache. */
enum redis_feed_result redis_feed_exchange(struct redis_feed *feed)
    __attribute__((warn_unused_result));

/* To be waited for between exchanges: readable, another one is due. -1: there is none. */
int redis_feed_fd(const struct redis_feed *feed);

#endif
