#include "lanes.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "batch.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/log.h"
#include "metrics.h"
#include "queue.h"
#include "refusals.h"

enum {
    /* With so many requests in hand a lane rests as long as its batches take, see gather(). */
    CROWD = 16,
    /* Nothing more comes soon when nothing came for so long. */
    QUIET_US = 100,
    /* An idle lane looks after its connections this often. */
    TICK_MS = 1000,
    RECONNECT_MS_MIN = 50,
    RECONNECT_MS_MAX = 400,
    /* A lane that was refused a batch counts as one that can sell when nothing came for so long. */
    REFUSED_MS = 5000
};

struct lane {
    struct lanes *lanes;
    enum lane_kind kind;
    pthread_t thread;
    bool is_running;
    bool was_connected;
    _Atomic bool is_up; /* it takes from its queue: it has a connection, or has just lost it */
    _Atomic int64_t refused_ms; /* a batch was, and none was done since; 0: no */
    struct taker taker;
    char name[48]; /* in logs, and PostgreSQL's application_name */
    struct database *database;
    struct checkout_batch *checkouts;
    struct purchase_batch *purchases;
    struct ticket **tickets; /* lane.batch_max of them */
    int64_t ended_us;        /* the batch before */
    int64_t took_us;         /* batches, lately */
};

struct lanes {
    const struct settings *settings;
    struct metrics *metrics;
    struct queue queues[LANE_KINDS];
    _Atomic int in_hand[LANE_KINDS]; /* requests that wait for verdicts */
    _Atomic unsigned asked;          /* requests so far, of all kinds; it may wrap */
    struct refusal_cache *refusal_cache;
    struct redis_share *redis_share;
    struct lane *lane;
    int lane_count;
};

static const char *const kind_names[LANE_KINDS] = {"checkout", "purchase"};

/* ---- the side of those who ask ---- */

static void decided(struct lanes *lanes, enum lane_kind kind, struct ticket *ticket)
{
    atomic_fetch_sub(&lanes->in_hand[kind], 1);
    metrics_add(lanes->metrics, METRIC_VERDICTS, (int)kind, (int)ticket->verdict.outcome, 1);
    ticket->decided(ticket);
}

/* Gives back tickets that nothing was decided about: their verdict says so from the start. */
static void turn_away(struct lanes *lanes, enum lane_kind kind, struct ticket *tickets)
{
    while (tickets) {
        struct ticket *next = tickets->next;
        decided(lanes, kind, tickets);
        tickets = next;
    }
}

void lanes_ask(struct lanes *lanes, enum lane_kind kind, struct ticket *ticket)
{
    ticket->verdict.outcome = OUTCOME_UNAVAILABLE;
    atomic_fetch_add(&lanes->in_hand[kind], 1);
    atomic_fetch_add(&lanes->asked, 1);
    if (!queue_put(&lanes->queues[kind], ticket))
        decided(lanes, kind, ticket);
}

void lanes_expire(struct lanes *lanes, int64_t time_us)
{
    for (int kind = 0; kind < LANE_KINDS; kind++)
        turn_away(lanes, (enum lane_kind)kind, queue_take_older(&lanes->queues[kind], time_us));
}

enum redis_state lanes_redis_state(struct lanes *lanes)
{
    return redis_share_state(lanes->redis_share);
}

/* It is connected, and no batch was refused lately without another that was done since. */
static bool can_sell(const struct lane *lane)
{
    int64_t refused_ms = atomic_load(&lane->refused_ms);
    return atomic_load(&lane->is_up) && (refused_ms == 0 || clock_ms() - refused_ms >= REFUSED_MS);
}

bool lanes_are_up(struct lanes *lanes)
{
    bool is_kind_up[LANE_KINDS] = {false};
    for (int i = 0; i < lanes->lane_count; i++)
        is_kind_up[lanes->lane[i].kind] |= can_sell(&lanes->lane[i]);
    return is_kind_up[LANE_CHECKOUT] && is_kind_up[LANE_PURCHASE];
}

void lanes_measure(struct lanes *lanes)
{
    int count[LANE_KINDS] = {0}, up[LANE_KINDS] = {0};
    for (int i = 0; i < lanes->lane_count; i++) {
        const struct lane *lane = &lanes->lane[i];
        count[lane->kind]++;
        up[lane->kind] += can_sell(lane);
    }
    struct metrics *metrics = lanes->metrics;
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        metrics_set(metrics, METRIC_LANES, kind, count[kind]);
        metrics_set(metrics, METRIC_THREADS, kind, count[kind]);
        metrics_set(metrics, METRIC_LANES_UP, kind, up[kind]);
        metrics_set(metrics, METRIC_QUEUED, kind, queue_length(&lanes->queues[kind]));
        metrics_set(metrics, METRIC_IN_HAND, kind, atomic_load(&lanes->in_hand[kind]));
    }
    for (int state = REDIS_STATE_OFF; state < REDIS_STATES; state++)
        metrics_set(metrics, METRIC_REDIS_WORKERS, state,
                    lanes_redis_state(lanes) == (enum redis_state)state);
}

/* ---- the lane's side ---- */

/* How long a lane rests after a batch, at most: as long as its batches take, less with few in hand.
 */
static int64_t rest_us(const struct lane *lane)
{
    int64_t others = -1;
    for (int kind = 0; kind < LANE_KINDS; kind++)
        others += atomic_load(&lane->lanes->in_hand[kind]);
    int64_t rest = lane->took_us * (others < CROWD ? others : CROWD) / CROWD;
    int64_t max = lane->lanes->settings->lane.gather_us_max;
    return rest < max ? rest : max;
}

/*
 * Lets a batch gather. Deciding a batch costs the database much the same however small it is, so
 * under load a lane rests between batches, and the processors are free for what fills the next
 * one. It goes on early when no more requests come, for then nothing is busy making them. A request
 * alone never waits.
 */
static void gather(struct lane *lane, struct queue *queue)
{
    int64_t due_us = lane->ended_us + rest_us(lane);
    unsigned asked = atomic_load(&lane->lanes->asked), before;
    int64_t now_us = clock_us();
    do {
        if (now_us >= due_us || queue_length(queue) >= lane->lanes->settings->lane.batch_max)
            return;
        int64_t look_us = now_us + QUIET_US < due_us ? now_us + QUIET_US : due_us;
        const struct timespec look = clock_timespec(look_us);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &look, NULL);
        now_us = clock_us();
        before = asked;
        asked = atomic_load(&lane->lanes->asked);
    } while (asked != before);
}

static void decide(struct lane *lane, int count)
{
    int64_t started_us = clock_us();
    if (lane->kind == LANE_CHECKOUT)
        checkout_batch_decide(lane->checkouts, lane->database, lane->tickets, count);
    else
        purchase_batch_decide(lane->purchases, lane->database, lane->tickets, count);
    lane->ended_us = clock_us();
    bool is_refused = database_was_refused(lane->database);
    atomic_store_explicit(&lane->refused_ms, is_refused ? clock_ms() : 0, memory_order_relaxed);
    metrics_observe(lane->lanes->metrics, METRIC_BATCH_SIZE, (int)lane->kind, count);
    metrics_observe(lane->lanes->metrics, METRIC_BATCH_TIME, (int)lane->kind,
                    lane->ended_us - started_us);
    lane->took_us += (lane->ended_us - started_us - lane->took_us) / 4; /* a moving average */
}

/*
 * Keeps the queue as short as is worked off within the time that a request may wait: who came
 * beyond that would wait in vain, and is better told at once. A batch and the rest behind it take
 * twice a batch's time at most. One batch may always wait.
 */
static void bound(struct lane *lane, struct queue *queue)
{
    const struct settings *settings = lane->lanes->settings;
    int64_t wait_us = (int64_t)settings->worker.wait_ms_max * 1000;
    int64_t batches = lane->took_us > 0 ? wait_us / (2 * lane->took_us) : wait_us;
    int64_t length = (batches > 1 ? batches : 1) * settings->lane.batch_max;
    queue_bound(queue, &lane->taker, length < INT_MAX ? (int)length : INT_MAX);
}

/* A batch from its being taken to its last reply. */
static void work(struct lane *lane, struct queue *queue, int count)
{
    int64_t began_us = clock_us();
    decide(lane, count);
    bound(lane, queue);
    for (int i = 0; i < count; i++)
        decided(lane->lanes, lane->kind, lane->tickets[i]);
    metrics_add(lane->lanes->metrics, METRIC_BUSY_TIME, (int)lane->kind, 0, clock_us() - began_us);
}

/* Counts the lane as up, or as down; turns away what waits if then no lane of the kind is up. */
static void set_up(struct lane *lane, struct queue *queue, bool is_up)
{
    if (lane->is_up == is_up)
        return;
    lane->is_up = is_up;
    if (is_up)
        queue_join(queue, &lane->taker);
    else
        turn_away(lane->lanes, lane->kind, queue_leave(queue, &lane->taker));
}

/*
 * Connects, trying again with growing pauses. What waits is turned away only once an attempt has
 * failed, so that neither a start nor a restart of the server's costs requests. False: the worker
 * stops.
 */
static bool reconnect(struct lane *lane, struct queue *queue)
{
    for (int pause_ms = RECONNECT_MS_MIN;;) {
        bool is_connected = database_ensure(lane->database);
        if (!is_connected && !database_is_failing(lane->database)) {
            if (!queue_pause(queue, 0))
                return false;
            continue;
        }
        set_up(lane, queue, is_connected);
        if (is_connected) {
            if (lane->was_connected) {
                metrics_add(lane->lanes->metrics, METRIC_RECONNECTS, (int)lane->kind, 0, 1);
                refusal_cache_clear(lane->lanes->refusal_cache);
            }
            lane->was_connected = true;
            return true;
        }
        if (!queue_pause(queue, pause_ms))
            return false;
        pause_ms = pause_ms * 2 < RECONNECT_MS_MAX ? pause_ms * 2 : RECONNECT_MS_MAX;
    }
}

/* Takes batches until the connection is lost or the worker stops; false: it stops. */
static bool serve(struct lane *lane, struct queue *queue)
{
    while (queue_await(queue, TICK_MS)) {
        /* What came waits for the next connection, or for another lane: that the server closed one
         * costs no request. */
        if (!database_is_open(lane->database)) {
            queue_pass(queue);
            return true;
        }
        gather(lane, queue);
        int count = queue_take(queue, lane->tickets, lane->lanes->settings->lane.batch_max);
        if (count > 0)
            work(lane, queue, count);
    }
    return false;
}

static void *lane_main(void *argument)
{
    struct lane *lane = argument;
    struct queue *queue = &lane->lanes->queues[lane->kind];
    /* The kernel may wake a sleeper 50 us late by default: too coarse for gathering. */
    prctl(PR_SET_TIMERSLACK, 1000UL);

    while (reconnect(lane, queue) && serve(lane, queue))
        ;
    return NULL;
}

/* ---- start and stop ---- */

static bool lane_open(struct lane *lane, struct lanes *lanes, enum lane_kind kind, int number)
{
    const struct settings *settings = lanes->settings;
    bool is_checkout = kind == LANE_CHECKOUT;
    const char *const *statement =
        is_checkout ? &checkout_batch_statement : &purchase_batch_statement;
    lane->lanes = lanes;
    lane->kind = kind;
    snprintf(lane->name, sizeof lane->name, "flashsale %s lane %d", kind_names[kind], number);

    const struct database_options options = {
        .conninfo = settings->database.worker_conninfo,
        .name = lane->name,
        .connect_ms_max = settings->database.connect_ms_max,
        .statement_ms_max = settings->database.statement_ms_max,
        .statements = statement,
        .statement_count = 1,
        .is_for_commits = true,
        .trial = is_checkout ? checkout_batch_trial : purchase_batch_trial,
        .trial_count = is_checkout ? CHECKOUT_BATCH_PARAMETERS : PURCHASE_BATCH_PARAMETERS,
        .is_in_background = true};
    lane->database = database_new(&options);
    lane->tickets = calloc((size_t)settings->lane.batch_max, sizeof(struct ticket *));
    const struct refusals refusals = {.cache = lanes->refusal_cache,
                                      .share = lanes->redis_share,
                                      .batcher = (int)(lane - lanes->lane)};
    if (kind == LANE_CHECKOUT)
        lane->checkouts = checkout_batch_new(settings, lanes->metrics, &refusals);
    else
        lane->purchases = purchase_batch_new(settings, lanes->metrics, &refusals);
    return lane->database && lane->tickets && (lane->checkouts || lane->purchases);
}

static void lane_close(struct lane *lane)
{
    if (lane->is_running)
        pthread_join(lane->thread, NULL);
    database_free(lane->database);
    checkout_batch_free(lane->checkouts);
    purchase_batch_free(lane->purchases);
    free(lane->tickets);
}

/* NULL: not enough memory, or no thread for Redis. */
static struct lanes *lanes_new(const struct settings *settings, struct metrics *metrics, int count)
{
    struct lanes *lanes = calloc(1, sizeof *lanes);
    if (!lanes)
        return NULL;
    lanes->settings = settings;
    lanes->metrics = metrics;
    lanes->lane = calloc((size_t)count, sizeof *lanes->lane);
    lanes->refusal_cache = refusal_cache_new(metrics);
    if (lanes->lane && lanes->refusal_cache)
        lanes->redis_share = redis_share_start(settings, lanes->refusal_cache, metrics, count);
    if (lanes->redis_share)
        return lanes;
    refusal_cache_free(lanes->refusal_cache);
    free(lanes->lane);
    free(lanes);
    return NULL;
}

struct lanes *lanes_start(const struct settings *settings, struct metrics *metrics)
{
    const int counts[LANE_KINDS] = {settings->lane.checkout_count, settings->lane.purchase_count};
    struct lanes *lanes = lanes_new(settings, metrics, counts[0] + counts[1]);
    if (!lanes) {
        log_error("not enough memory or threads for the lanes");
        return NULL;
    }
    for (int kind = 0; kind < LANE_KINDS; kind++)
        queue_open(&lanes->queues[kind]);
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        for (int number = 1; number <= counts[kind]; number++) {
            struct lane *lane = &lanes->lane[lanes->lane_count++];
            lane->is_up = true;
            queue_join(&lanes->queues[kind], &lane->taker);
            lane->is_running = lane_open(lane, lanes, (enum lane_kind)kind, number) &&
                               pthread_create(&lane->thread, NULL, lane_main, lane) == 0;
            if (!lane->is_running) {
                log_error("%s: could not be started", lane->name);
                lanes_stop(lanes);
                return NULL;
            }
        }
    }
    return lanes;
}

void lanes_stop(struct lanes *lanes)
{
    for (int kind = 0; kind < LANE_KINDS; kind++)
        queue_stop(&lanes->queues[kind]);
    for (int i = 0; i < lanes->lane_count; i++)
        lane_close(&lanes->lane[i]);
    for (int kind = 0; kind < LANE_KINDS; kind++)
        queue_close(&lanes->queues[kind]);
    redis_share_stop(lanes->redis_share);
    refusal_cache_free(lanes->refusal_cache);
    free(lanes->lane);
    free(lanes);
}
