#include "redis_share.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/check.h"
#include "fcgi/metrics/metrics.h"
#include "redis_feed.h"

enum {
    /* A power of 2, and enough for 40,000 a second in PERIOD_MS. */
    QUEUE_MAX = 2048,
    PERIOD_MS = 50,
    /* Where checkouts depend on Redis, exchanges come at least so often in redis.timeout_ms. */
    PERIODS_OF_TIMEOUT = 4,
    FIRST_MS_MAX = 1000,
    CACHE_LINE = 64
};

struct message {
    struct refusal refusal; /* REFUSAL_NONE: the sale is open */
    int64_t keep_ms;
};

/* From one thread to one other; each has a counter of its own, which may wrap. */
struct share_queue {
    _Alignas(CACHE_LINE) _Atomic uint32_t put;
    _Alignas(CACHE_LINE) _Atomic uint32_t taken;
    struct message *messages; /* QUEUE_MAX */
};

struct redis_share {
    const struct settings *settings;
    struct metrics *metrics;
    struct redis_feed *feed; /* NULL: Redis is off */
    pthread_t thread;
    bool is_running;
    int stop_fd;  /* eventfd(2): readable, the thread is to end */
    int tried_fd; /* eventfd(2): readable, Redis was tried */
    _Atomic int state;
    int queue_count;
    struct share_queue *queues;
};

const char *redis_state_name(enum redis_state state)
{
    static const char *const names[REDIS_STATES] = {
        [REDIS_STATE_OFF] = "off", [REDIS_STATE_OK] = "ok", [REDIS_STATE_DOWN] = "down"};
    return names[state];
}

/* ---- batchers' threads ---- */

static void put(struct redis_share *share, int batcher, const struct message *message)
{
    if (!share->feed)
        return;
    if (!CHECK(batcher >= 0 && batcher < share->queue_count))
        return;
    struct share_queue *queue = &share->queues[batcher];
    uint32_t at = atomic_load_explicit(&queue->put, memory_order_relaxed);
    if (at - atomic_load_explicit(&queue->taken, memory_order_acquire) == QUEUE_MAX) {
        metrics_add(share->metrics, METRIC_REFUSALS_DROPPED, 0, 0, 1);
        return;
    }
    queue->messages[at % QUEUE_MAX] = *message;
    atomic_store_explicit(&queue->put, at + 1, memory_order_release);
}

void redis_share_open_sale(struct redis_share *share, int batcher, int64_t sale_made_us,
                           int64_t keep_ms)
{
    const struct message message = {.refusal = {.kind = REFUSAL_NONE, .sale_made_us = sale_made_us},
                                    .keep_ms = keep_ms};
    put(share, batcher, &message);
}

void redis_share_put(struct redis_share *share, int batcher, const struct refusal *refusal)
{
    const struct message message = {.refusal = *refusal};
    put(share, batcher, &message);
}

enum redis_state redis_share_state(const struct redis_share *share)
{
    return (enum redis_state)atomic_load_explicit(&share->state, memory_order_relaxed);
}

bool redis_share_refuses_checkouts(const struct redis_share *share)
{
    return !share->settings->redis.fail_open && redis_share_state(share) == REDIS_STATE_DOWN;
}

/* ---- Redis's thread ---- */

/* Moves a queue's messages to the feed. False: the feed is full, and some are left. */
static bool drain(struct redis_share *share, struct share_queue *queue)
{
    uint32_t at = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    uint32_t end = atomic_load_explicit(&queue->put, memory_order_acquire);
    for (; at != end; at++) {
        const struct message *message = &queue->messages[at % QUEUE_MAX];
        if (message->refusal.kind == REFUSAL_NONE)
            redis_feed_open_sale(share->feed, message->refusal.sale_made_us, message->keep_ms);
        else if (!redis_feed_add(share->feed, &message->refusal))
            break;
    }
    atomic_store_explicit(&queue->taken, at, memory_order_release);
    return at == end;
}

/* How long from one exchange to the next. */
static int period_ms(const struct redis_share *share)
{
    int ms = share->settings->redis.timeout_ms / PERIODS_OF_TIMEOUT;
    if (share->settings->redis.fail_open || ms > PERIOD_MS)
        return PERIOD_MS;
    return ms > 1 ? ms : 1;
}

/* Waits for the next exchange. False: the thread is to end. */
static bool await(const struct redis_share *share, int ms)
{
    struct pollfd events[2] = {{.fd = share->stop_fd, .events = POLLIN},
                               {.fd = redis_feed_fd(share->feed), .events = POLLIN}};
    poll(events, 2, ms);
    return events[0].revents == 0;
}

static void *share_main(void *argument)
{
    struct redis_share *share = argument;
    const uint64_t one = 1;
    int wait_ms = 0;
    for (bool is_first = true; await(share, wait_ms); is_first = false) {
        bool is_all = true;
        for (int i = 0; i < share->queue_count; i++)
            is_all &= drain(share, &share->queues[i]);
        enum redis_feed_result result = redis_feed_exchange(share->feed);
        atomic_store_explicit(&share->state,
                              result == REDIS_FEED_DOWN ? REDIS_STATE_DOWN : REDIS_STATE_OK,
                              memory_order_relaxed);
        wait_ms = is_all && result != REDIS_FEED_MORE ? period_ms(share) : 0;
        if (is_first && !CHECK(write(share->tried_fd, &one, sizeof one) == sizeof one))
            break;
    }
    return NULL;
}

/* ---- start and stop ---- */

static bool open_queues(struct redis_share *share, int count)
{
    share->queues = aligned_alloc(CACHE_LINE, (size_t)count * sizeof *share->queues);
    if (!share->queues)
        return false;
    memset(share->queues, 0, (size_t)count * sizeof *share->queues);
    for (; share->queue_count < count; share->queue_count++) {
        struct share_queue *queue = &share->queues[share->queue_count];
        queue->messages = calloc(QUEUE_MAX, sizeof *queue->messages);
        if (!queue->messages)
            return false;
    }
    return true;
}

struct redis_share *redis_share_start(const struct settings *settings, struct refusal_cache *cache,
                                      struct metrics *metrics, int batchers)
{
    struct redis_share *share = calloc(1, sizeof *share);
    if (!share)
        return NULL;
    share->settings = settings;
    share->metrics = metrics;
    share->stop_fd = eventfd(0, EFD_CLOEXEC);
    share->tried_fd = eventfd(0, EFD_CLOEXEC);
    if (settings->redis.address[0] == '\0')
        return share;

    /* Before the first try a Redis that is needed counts as out of reach. */
    atomic_store(&share->state, settings->redis.fail_open ? REDIS_STATE_OK : REDIS_STATE_DOWN);
    share->feed = redis_feed_new(settings, cache, metrics, share->stop_fd);
    share->is_running = share->feed && share->stop_fd >= 0 && share->tried_fd >= 0 &&
                        open_queues(share, batchers) &&
                        pthread_create(&share->thread, NULL, share_main, share) == 0;
    if (!share->is_running) {
        redis_share_stop(share);
        return NULL;
    }
    struct pollfd tried = {.fd = share->tried_fd, .events = POLLIN};
    if (!settings->redis.fail_open)
        poll(&tried, 1, FIRST_MS_MAX);
    return share;
}

void redis_share_stop(struct redis_share *share)
{
    const uint64_t one = 1;
    if (share->is_running && write(share->stop_fd, &one, sizeof one) == sizeof one)
        pthread_join(share->thread, NULL);
    if (share->stop_fd >= 0)
        close(share->stop_fd);
    if (share->tried_fd >= 0)
        close(share->tried_fd);
    redis_feed_free(share->feed);
    for (int i = 0; i < share->queue_count; i++)
        free(share->queues[i].messages);
    free(share->queues);
    free(share);
}
