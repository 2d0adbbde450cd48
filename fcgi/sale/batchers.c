#include "batchers.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "batch.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/log.h"
#include "fcgi/metrics/metrics.h"
#include "queue.h"
#include "refusals.h"

enum {
    /* With so many jobs in flight a batcher lingers as long as its batches take, see linger(). */
    CROWD = 16,
    /* When no job came for so long, none comes soon. */
    QUIET_US = 100,
    /* An idle batcher looks at its connection this often. */
    TICK_MS = 1000,
    RECONNECT_MS_MIN = 50,
    RECONNECT_MS_MAX = 400,
    /* A batcher whose batch was refused counts as one that can sell after this long without jobs.
     */
    REFUSED_MS = 5000
};

struct batcher {
    struct batchers *batchers;
    enum job_kind kind;
    const struct job_kind_row *row; /* the kind's */
    pthread_t thread;
    bool is_running;
    bool was_connected;
    _Atomic bool is_up; /* it takes from its queue: it has a connection, or has just lost it */
    _Atomic int64_t refused_ms; /* when a batch was refused; 0: the last one was not */
    struct taker taker;
    char name[48]; /* in logs, and PostgreSQL's application_name */
    struct database *database;
    struct batch batch;
    struct job **jobs; /* batch.size_max of them */
    int64_t ended_us;  /* when the last batch did */
    int64_t took_us;   /* a moving average over batches */
};

struct batchers {
    const struct settings *settings;
    struct metrics *metrics;
    bool checkout_ignores_limit;
    struct queue queues[JOB_KINDS];
    _Atomic int in_flight[JOB_KINDS]; /* jobs that were submitted and are not complete */
    _Atomic unsigned submitted;       /* jobs so far, of all kinds; it may wrap */
    struct refusal_cache *refusal_cache;
    struct redis_share *redis_share;
    struct batcher *batcher;
    int batcher_count;
};

/* ---- any thread ---- */

static void complete(struct batchers *batchers, struct job *job)
{
    if (!CHECK(job_kind_may_end(job->kind, job->decision.outcome)))
        job->decision.outcome = OUTCOME_UNAVAILABLE;
    int in_flight = atomic_fetch_sub(&batchers->in_flight[job->kind], 1);
    (void)CHECK(in_flight > 0);
    metrics_add(batchers->metrics, METRIC_DECISIONS, job->kind, job->decision.outcome, 1);
    job_complete(job);
}

/* Completes jobs that nothing was decided about: their decisions say so from the start. */
static void reject(struct batchers *batchers, struct job *jobs)
{
    while (jobs) {
        struct job *next = jobs->next;
        complete(batchers, jobs);
        jobs = next;
    }
}

void batchers_submit(struct batchers *batchers, struct job *job)
{
    if (!CHECK(job->complete != NULL && job->kind < JOB_KINDS))
        return; /* its request was answered already */
    atomic_fetch_add(&batchers->in_flight[job->kind], 1);
    atomic_fetch_add(&batchers->submitted, 1);
    if (!queue_put(&batchers->queues[job->kind], job))
        complete(batchers, job);
}

void batchers_expire(struct batchers *batchers, int64_t time_us)
{
    for (int kind = 0; kind < JOB_KINDS; kind++)
        reject(batchers, queue_take_older(&batchers->queues[kind], time_us));
}

enum redis_state batchers_redis_state(struct batchers *batchers)
{
    return redis_share_state(batchers->redis_share);
}

/* It is connected, and its last batch was not refused, or that was a while ago. */
static bool can_sell(const struct batcher *batcher)
{
    int64_t refused_ms = atomic_load(&batcher->refused_ms);
    return atomic_load(&batcher->is_up) &&
           (refused_ms == 0 || clock_ms() - refused_ms >= REFUSED_MS);
}

bool batchers_are_up(struct batchers *batchers)
{
    bool is_kind_up[JOB_KINDS] = {false}, are_up = true;
    for (int i = 0; i < batchers->batcher_count; i++)
        is_kind_up[batchers->batcher[i].kind] |= can_sell(&batchers->batcher[i]);
    for (int kind = 0; kind < JOB_KINDS; kind++)
        are_up &= is_kind_up[kind];
    return are_up;
}

void batchers_measure(struct batchers *batchers)
{
    int count[JOB_KINDS] = {0}, up[JOB_KINDS] = {0};
    for (int i = 0; i < batchers->batcher_count; i++) {
        const struct batcher *batcher = &batchers->batcher[i];
        count[batcher->kind]++;
        up[batcher->kind] += can_sell(batcher);
    }
    struct metrics *metrics = batchers->metrics;
    for (int kind = 0; kind < JOB_KINDS; kind++) {
        metrics_set(metrics, METRIC_BATCHERS, kind, count[kind]);
        metrics_set(metrics, METRIC_THREADS, kind, count[kind]);
        metrics_set(metrics, METRIC_BATCHERS_UP, kind, up[kind]);
        metrics_set(metrics, METRIC_QUEUED, kind, queue_length(&batchers->queues[kind]));
        metrics_set(metrics, METRIC_IN_FLIGHT, kind, atomic_load(&batchers->in_flight[kind]));
    }
    for (int state = REDIS_STATE_OFF; state < REDIS_STATES; state++)
        metrics_set(metrics, METRIC_REDIS_WORKERS, state,
                    batchers_redis_state(batchers) == (enum redis_state)state);
}

/* ---- a batcher's thread ---- */

/* How long a batcher lingers after a batch, at most: as long as its batches take, and less while
   few jobs are in flight. */
static int64_t linger_us(const struct batcher *batcher)
{
    int64_t others = -1;
    for (int kind = 0; kind < JOB_KINDS; kind++)
        others += atomic_load(&batcher->batchers->in_flight[kind]);
    int64_t us = batcher->took_us * (others < CROWD ? others : CROWD) / CROWD;
    int64_t us_max = batcher->batchers->settings->batch.linger_us_max;
    return us < us_max ? us : us_max;
}

/*
 * Lets a batch fill. A small batch costs the database almost as much as a large one, so under load
 * a batcher lingers between batches and leaves the processors to what fills the next one. It stops
 * early when no more jobs come, for then nothing is busy making them. A job alone never waits.
 */
static void linger(struct batcher *batcher, struct queue *queue)
{
    int64_t due_us = batcher->ended_us + linger_us(batcher);
    unsigned submitted = atomic_load(&batcher->batchers->submitted), before;
    int64_t now_us = clock_us();
    do {
        if (now_us >= due_us || queue_length(queue) >= batcher->batchers->settings->batch.size_max)
            return;
        int64_t look_us = now_us + QUIET_US < due_us ? now_us + QUIET_US : due_us;
        const struct timespec look = clock_timespec(look_us);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &look, NULL);
        now_us = clock_us();
        before = submitted;
        submitted = atomic_load(&batcher->batchers->submitted);
    } while (submitted != before);
}

static void decide(struct batcher *batcher, int count)
{
    int64_t started_us = clock_us();
    batcher->row->decide(&batcher->batch, batcher->database, batcher->jobs, count);
    batcher->ended_us = clock_us();
    int64_t took_us = batcher->ended_us - started_us;
    bool is_refused = database_was_refused(batcher->database);
    atomic_store_explicit(&batcher->refused_ms, is_refused ? clock_ms() : 0, memory_order_relaxed);
    metrics_observe(batcher->batchers->metrics, METRIC_BATCH_SIZE, batcher->kind, count);
    metrics_observe(batcher->batchers->metrics, METRIC_BATCH_TIME, batcher->kind, took_us);
    batcher->took_us += (took_us - batcher->took_us) / 4;
}

/*
 * Bounds the queue by what the batcher can decide within the time that a request may wait: a job
 * beyond that would wait in vain, and is rejected at once. A batch and the linger after it take
 * twice a batch's time at most. One batch may always wait.
 */
static void bound(struct batcher *batcher, struct queue *queue)
{
    const struct settings *settings = batcher->batchers->settings;
    int64_t wait_us = (int64_t)settings->worker.wait_ms_max * 1000;
    int64_t batches = batcher->took_us > 0 ? wait_us / (2 * batcher->took_us) : wait_us;
    int64_t length = (batches > 1 ? batches : 1) * settings->batch.size_max;
    queue_bound(queue, &batcher->taker, length < INT_MAX ? (int)length : INT_MAX);
}

/* Decides and completes the jobs that were taken. */
static void work(struct batcher *batcher, struct queue *queue, int count)
{
    int64_t began_us = clock_us();
    decide(batcher, count);
    bound(batcher, queue);
    for (int i = 0; i < count; i++)
        complete(batcher->batchers, batcher->jobs[i]);
    metrics_add(batcher->batchers->metrics, METRIC_BUSY_TIME, batcher->kind, 0,
                clock_us() - began_us);
}

/* Counts the batcher as up or down. Where no batcher of the kind is up any more, rejects what
   waits. */
static void set_up(struct batcher *batcher, struct queue *queue, bool is_up)
{
    if (batcher->is_up == is_up)
        return;
    batcher->is_up = is_up;
    if (is_up)
        queue_join(queue, &batcher->taker);
    else
        reject(batcher->batchers, queue_leave(queue, &batcher->taker));
}

/*
 * Connects, trying again after pauses that grow. Jobs that wait are rejected only once an attempt
 * has failed, so that neither a start nor a restart of the server costs requests. False: the worker
 * stops.
 */
static bool reconnect(struct batcher *batcher, struct queue *queue)
{
    for (int pause_ms = RECONNECT_MS_MIN;;) {
        bool is_connected = database_ensure(batcher->database);
        if (!is_connected && !database_is_failing(batcher->database)) {
            if (!queue_pause(queue, 0))
                return false;
            continue;
        }
        set_up(batcher, queue, is_connected);
        if (is_connected) {
            if (batcher->was_connected) {
                metrics_add(batcher->batchers->metrics, METRIC_RECONNECTS, batcher->kind, 0, 1);
                refusal_cache_clear(batcher->batchers->refusal_cache);
            }
            batcher->was_connected = true;
            return true;
        }
        if (!queue_pause(queue, pause_ms))
            return false;
        pause_ms = pause_ms * 2 < RECONNECT_MS_MAX ? pause_ms * 2 : RECONNECT_MS_MAX;
    }
}

/* Takes batches until the connection is lost or the worker stops; false: it stops. */
static bool serve(struct batcher *batcher, struct queue *queue)
{
    while (queue_await(queue, TICK_MS)) {
        /* What came waits for the next connection, or for another batcher: a connection that the
           server closed costs no request. */
        if (!database_is_open(batcher->database)) {
            queue_pass(queue);
            return true;
        }
        linger(batcher, queue);
        int count = queue_take(queue, batcher->jobs, batcher->batchers->settings->batch.size_max);
        if (count > 0)
            work(batcher, queue, count);
    }
    return false;
}

static void *batcher_main(void *argument)
{
    struct batcher *batcher = argument;
    struct queue *queue = &batcher->batchers->queues[batcher->kind];
    /* By default the kernel may wake a sleeper 50 us late: too coarse for lingering. */
    prctl(PR_SET_TIMERSLACK, 1000UL);

    while (reconnect(batcher, queue) && serve(batcher, queue))
        ;
    return NULL;
}

/* ---- start and stop ---- */

static bool batcher_open(struct batcher *batcher, struct batchers *batchers, enum job_kind kind,
                         int number)
{
    const struct settings *settings = batchers->settings;
    batcher->batchers = batchers;
    batcher->kind = kind;
    batcher->row = &job_kind_table[kind];
    snprintf(batcher->name, sizeof batcher->name, "flashsale %s batcher %d", batcher->row->name,
             number);

    batcher->jobs = calloc((size_t)settings->batch.size_max, sizeof(struct job *));
    const struct batch_options options = {
        .settings = settings,
        .metrics = batchers->metrics,
        .refusals = {.cache = batchers->refusal_cache,
                     .share = batchers->redis_share,
                     .batcher = (int)(batcher - batchers->batcher)},
        .checkout_ignores_limit = batchers->checkout_ignores_limit};
    batcher->database = batcher->row->connect(settings, batcher->name);
    return batcher->row->open(&batcher->batch, &options) && batcher->database && batcher->jobs;
}

static void batcher_close(struct batcher *batcher)
{
    if (batcher->is_running)
        pthread_join(batcher->thread, NULL);
    database_free(batcher->database);
    batcher->row->close(&batcher->batch);
    free(batcher->jobs);
}

/* NULL: not enough memory, or no thread for Redis. */
static struct batchers *batchers_new(const struct settings *settings, bool checkout_ignores_limit,
                                     struct metrics *metrics, int count)
{
    struct batchers *batchers = calloc(1, sizeof *batchers);
    if (!batchers)
        return NULL;
    batchers->settings = settings;
    batchers->checkout_ignores_limit = checkout_ignores_limit;
    batchers->metrics = metrics;
    batchers->batcher = calloc((size_t)count, sizeof *batchers->batcher);
    batchers->refusal_cache = refusal_cache_new(metrics);
    if (batchers->batcher && batchers->refusal_cache)
        batchers->redis_share =
            redis_share_start(settings, batchers->refusal_cache, metrics, count);
    if (batchers->redis_share)
        return batchers;
    refusal_cache_free(batchers->refusal_cache);
    free(batchers->batcher);
    free(batchers);
    return NULL;
}

struct batchers *batchers_start(const struct settings *settings, bool checkout_ignores_limit,
                                struct metrics *metrics)
{
    const int counts[JOB_KINDS] = {[JOB_CHECKOUT] = settings->batch.checkout_batchers,
                                   [JOB_PURCHASE] = settings->batch.purchase_batchers};
    int count = 0;
    for (int kind = 0; kind < JOB_KINDS; kind++)
        count += counts[kind];
    struct batchers *batchers = batchers_new(settings, checkout_ignores_limit, metrics, count);
    if (!batchers) {
        log_error("not enough memory or threads for the batchers");
        return NULL;
    }
    for (int kind = 0; kind < JOB_KINDS; kind++)
        queue_open(&batchers->queues[kind]);
    for (int kind = 0; kind < JOB_KINDS; kind++) {
        for (int number = 1; number <= counts[kind]; number++) {
            struct batcher *batcher = &batchers->batcher[batchers->batcher_count++];
            batcher->is_up = true;
            queue_join(&batchers->queues[kind], &batcher->taker);
            batcher->is_running =
                batcher_open(batcher, batchers, (enum job_kind)kind, number) &&
                pthread_create(&batcher->thread, NULL, batcher_main, batcher) == 0;
            if (!batcher->is_running) {
                log_error("%s: could not be started", batcher->name);
                batchers_stop(batchers);
                return NULL;
            }
        }
    }
    return batchers;
}

void batchers_stop(struct batchers *batchers)
{
    for (int kind = 0; kind < JOB_KINDS; kind++)
        queue_stop(&batchers->queues[kind]);
    for (int i = 0; i < batchers->batcher_count; i++)
        batcher_close(&batchers->batcher[i]);
    for (int kind = 0; kind < JOB_KINDS; kind++)
        queue_close(&batchers->queues[kind]);
    redis_share_stop(batchers->redis_share);
    refusal_cache_free(batchers->refusal_cache);
    free(batchers->batcher);
    free(batchers);
}
