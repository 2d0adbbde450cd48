/*
 * Redis's thread shares the refusal cache with other workers and hosts. It alone talks to Redis
 * (redis_feed.h), and waits for it. A batcher puts what it learned into a queue of its own, which
 * never waits. Other workers know of it within a second. While Redis is slow, hangs, was emptied or
 * is gone, what was learned is dropped, and each worker learns for itself.
 */
#ifndef FCGI_SALE_REDIS_SHARE_H
#define FCGI_SALE_REDIS_SHARE_H

#include <stdbool.h>

#include "common/settings.h"
#include "refusal_cache.h"

/* From good to bad. Off: redis.address is empty. */
enum redis_state { REDIS_STATE_OFF, REDIS_STATE_OK, REDIS_STATE_DOWN, REDIS_STATES };

/* As /health and metrics have it: a word. */
const char *redis_state_name(enum redis_state state);

struct redis_share;
struct metrics;

/*
 * Starts the thread where redis.address is set; with redis.fail_open = false it returns once Redis
 * was tried, or a second later. `batchers`: how many there are, each with a queue. NULL: not enough
 * memory or threads.
 */
struct redis_share *redis_share_start(const struct settings *settings, struct refusal_cache *cache,
                                      struct metrics *metrics, int batchers);

/* Ends it, once no batcher puts any more. Waits for no answer, and redis.timeout_ms at most for a
   connection. */
void redis_share_stop(struct redis_share *share);

/* The sale is open: its stream is read from now on, and kept for so long. A batcher's thread. */
void redis_share_open_sale(struct redis_share *share, int batcher, int64_t sale_made_us,
                           int64_t keep_ms);

/* Shares a refusal, or drops it where the queue is full. A batcher's thread. */
void redis_share_put(struct redis_share *share, int batcher, const struct refusal *refusal);

/* Any thread. */
enum redis_state redis_share_state(const struct redis_share *share);

/*
 * Whether checkouts are to be refused: redis.fail_open is false, and Redis is out of reach. A Redis
 * that hangs is noticed within one and a quarter of redis.timeout_ms. Any thread; never waits.
 */
bool redis_share_refuses_checkouts(const struct redis_share *share)
    __attribute__((warn_unused_result));

#endif
