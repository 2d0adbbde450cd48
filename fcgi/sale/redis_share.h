/*
 * The thread that shares the refusal cache with other workers and hosts, through Redis: alone it
 * talks to Redis (redis_feed.h), and waits for it. A batcher gives what it learned into a queue of
 * its own, from which nobody else takes but the thread: putting never waits. What one worker
 * learned others have within a second. Redis may be slow, hang, lie empty or be gone: then what was
 * learned is dropped, and each worker finds out for itself.
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
 * Starts the thread, if there is to be one; with redis.fail_open = false it returns once Redis was
 * tried, or a second later. `batchers`: how many queues there are to be. NULL: not enough memory
 * or threads.
 */
struct redis_share *redis_share_start(const struct settings *settings, struct refusal_cache *cache,
                                      struct metrics *metrics, int batchers);

/* Ends it. Waits for no answer, but redis.timeout_ms at most to connect. No batcher puts any more.
 */
void redis_share_stop(struct redis_share *share);

/* That a sale is open: its stream is read from now on, and kept for so long. A batcher's thread. */
void redis_share_open_sale(struct redis_share *share, int batcher, int64_t sale_made_us,
                           int64_t keep_ms);

/* A refusal to be shared. Where the queue is full it is dropped. A batcher's thread. */
void redis_share_put(struct redis_share *share, int batcher, const struct refusal *refusal);

/* Any thread. */
enum redis_state redis_share_state(const struct redis_share *share);

/*
 * Whether checkouts are to be refused: redis.fail_open is false, and Redis is out of reach. One
 * that hangs is found out within one and a quarter of redis.timeout_ms. Any thread; never waits.
 */
bool redis_share_refuses_checkouts(const struct redis_share *share)
    __attribute__((warn_unused_result));

#endif
