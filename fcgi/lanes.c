#include "lanes.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/log.h"
#include "facts.h"

enum {
    /* With so many requests in hand a lane rests as long as its batches take, see gather(). */
    CROWD = 16,
    /* An idle lane looks after its connections this often. */
    TICK_MS = 1000,
    RECONNECT_MS_MIN = 50,
    RECONNECT_MS_MAX = 400
};

/* Requests of one kind that wait for a lane. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct ticket *first;
    struct ticket *last;
    int length;
    int lanes_up; /* those that have a connection, or had and have not failed to reconnect */
    bool is_stopping;
};

struct lane {
    struct lanes *lanes;
    enum lane_kind kind;
    pthread_t thread;
    bool is_running;
    bool is_up;    /* counted in its queue's lanes_up */
    char name[48]; /* in logs, and PostgreSQL's application_name */
    struct database *database;
    struct facts *facts;
    struct checkout_batch *checkouts;
    struct purchase_batch *purchases;
    struct ticket **tickets; /* lane.batch_max of them */
    int64_t ended_us;        /* the batch before */
    int64_t took_us;         /* batches, lately */
    _Atomic bool is_redis_down;
};

struct lanes {
    const struct settings *settings;
    struct queue queues[LANE_KINDS];
    _Atomic int in_hand; /* requests that wait for verdicts, of all kinds */
    struct lane *lane;
    int lane_count;
};

static const char *const kind_names[LANE_KINDS] = {"checkout", "purchase"};

static struct timespec timespec_of_us(int64_t time_us)
{
    return (struct timespec){.tv_sec = time_us / 1000000, .tv_nsec = time_us % 1000000 * 1000};
}

/* futex(2): sleeps while *word is `value`, for `us_max` at most; negative: without end. */
static void futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t us_max)
{
    struct timespec timeout = timespec_of_us(us_max);
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, us_max < 0 ? NULL : &timeout, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- the request thread's side ---- */

/* False: no lane has a connection, so there is no use in waiting. */
static bool enqueue(struct queue *queue, struct ticket *ticket)
{
    pthread_mutex_lock(&queue->mutex);
    bool is_up = queue->lanes_up > 0;
    if (is_up) {
        if (queue->last)
            queue->last->next = ticket;
        else
            queue->first = ticket;
        queue->last = ticket;
        queue->length++;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->mutex);
    return is_up;
}

/* Takes a ticket out that waited too long. False: a lane has taken it, and will decide it. */
static bool give_up(struct queue *queue, struct ticket *ticket)
{
    bool found = false;
    pthread_mutex_lock(&queue->mutex);
    struct ticket *before = NULL;
    for (struct ticket *at = queue->first; at; before = at, at = at->next) {
        if (at != ticket)
            continue;
        if (before)
            before->next = at->next;
        else
            queue->first = at->next;
        if (queue->last == at)
            queue->last = before;
        queue->length--;
        found = true;
        break;
    }
    pthread_mutex_unlock(&queue->mutex);
    return found;
}

static void await(struct queue *queue, struct ticket *ticket, int wait_ms_max)
{
    int64_t deadline_us = clock_us() + (int64_t)wait_ms_max * 1000;
    for (;;) {
        uint32_t state = atomic_load(&ticket->state);
        if (state == TICKET_DECIDED)
            return;
        /* A lane that has the ticket decides it in a bounded time, one way or the other. */
        int64_t left_us = state == TICKET_QUEUED ? deadline_us - clock_us() : -1;
        if (state == TICKET_QUEUED && left_us <= 0) {
            if (give_up(queue, ticket))
                return;
            deadline_us = INT64_MAX / 2; /* taken just now: its state will say so */
            continue;
        }
        futex_wait(&ticket->state, state, left_us);
    }
}

void lanes_decide(struct lanes *lanes, enum lane_kind kind, struct ticket *ticket)
{
    struct queue *queue = &lanes->queues[kind];
    ticket->next = NULL;
    ticket->verdict.outcome = OUTCOME_UNAVAILABLE;
    atomic_store(&ticket->state, TICKET_QUEUED);

    atomic_fetch_add(&lanes->in_hand, 1);
    if (enqueue(queue, ticket))
        await(queue, ticket, lanes->settings->worker.wait_ms_max);
    atomic_fetch_sub(&lanes->in_hand, 1);
}

enum redis_state lanes_redis_state(struct lanes *lanes)
{
    if (lanes->settings->redis.address[0] == '\0')
        return REDIS_OFF;
    for (int i = 0; i < lanes->lane_count; i++)
        if (atomic_load(&lanes->lane[i].is_redis_down))
            return REDIS_DOWN;
    return REDIS_OK;
}

/* ---- the lane's side ---- */

static void decided(struct ticket *ticket)
{
    /* The thread may leave, and the ticket be gone, as soon as the state is stored; waking a
       futex that nobody waits on any more is harmless (futex(2)). */
    _Atomic uint32_t *word = &ticket->state;
    atomic_store(word, TICKET_DECIDED);
    futex_wake(word);
}

/* Takes up to `max` tickets; the caller holds the queue's lock. */
static int take(struct queue *queue, struct ticket **tickets, int max)
{
    int count = 0;
    while (queue->first && count < max) {
        struct ticket *ticket = queue->first;
        queue->first = ticket->next;
        atomic_store(&ticket->state, TICKET_TAKEN);
        tickets[count++] = ticket;
    }
    if (!queue->first)
        queue->last = NULL;
    queue->length -= count;
    return count;
}

/* Sleeps on the queue until something comes, the worker stops or `ms_max` is over. */
static void doze(struct queue *queue, int ms_max)
{
    struct timespec until = timespec_of_us(clock_us() + (int64_t)ms_max * 1000);
    pthread_cond_timedwait(&queue->filled, &queue->mutex, &until);
}

/*
 * Lets a batch gather. Deciding a batch costs the database much the same however small it is, so
 * under load a lane rests between batches, up to as long as they take: half its time at most is
 * lost to one lane, and the processors are free for what fills the next batch. The fewer requests
 * are in hand the shorter it rests; a request alone never waits.
 */
static void gather(struct lane *lane, struct queue *queue)
{
    const struct settings *settings = lane->lanes->settings;
    int64_t others = atomic_load(&lane->lanes->in_hand) - 1;
    int64_t rest_us = lane->took_us * (others < CROWD ? others : CROWD) / CROWD;
    if (rest_us > settings->lane.gather_us_max)
        rest_us = settings->lane.gather_us_max;
    int64_t due_us = lane->ended_us + rest_us;
    if (queue->length >= settings->lane.batch_max || clock_us() >= due_us)
        return;
    struct timespec due = timespec_of_us(due_us);
    pthread_mutex_unlock(&queue->mutex);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    pthread_mutex_lock(&queue->mutex);
}

/* The next batch. 0: there was none for a while. Negative: the worker stops. */
static int next_batch(struct lane *lane, struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->length == 0 && !queue->is_stopping)
        doze(queue, TICK_MS);
    if (queue->length > 0)
        gather(lane, queue);
    int count = take(queue, lane->tickets, lane->lanes->settings->lane.batch_max);
    if (count == 0 && queue->is_stopping)
        count = -1;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

static void decide(struct lane *lane, int count)
{
    int64_t started_us = clock_us();
    if (lane->kind == LANE_CHECKOUT)
        checkout_batch_decide(lane->checkouts, lane->database, lane->facts, lane->tickets, count);
    else
        purchase_batch_decide(lane->purchases, lane->database, lane->facts, lane->tickets, count);
    lane->ended_us = clock_us();
    lane->took_us += (lane->ended_us - started_us - lane->took_us) / 4; /* a moving average */
}

/* Counts the lane as up, or as down; answers what waits if then no lane of the kind is up. */
static void set_up(struct lane *lane, struct queue *queue, bool is_up)
{
    struct ticket *waiting = NULL;
    if (lane->is_up == is_up)
        return;
    lane->is_up = is_up;
    pthread_mutex_lock(&queue->mutex);
    queue->lanes_up += is_up ? 1 : -1;
    if (queue->lanes_up == 0) {
        waiting = queue->first;
        queue->first = queue->last = NULL;
        queue->length = 0;
    }
    pthread_mutex_unlock(&queue->mutex);
    while (waiting) {
        struct ticket *next = waiting->next;
        decided(waiting); /* its verdict is OUTCOME_UNAVAILABLE from the start */
        waiting = next;
    }
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
        set_up(lane, queue, is_connected);
        if (is_connected)
            return true;
        pthread_mutex_lock(&queue->mutex);
        if (!queue->is_stopping)
            doze(queue, pause_ms);
        bool is_stopping = queue->is_stopping;
        pthread_mutex_unlock(&queue->mutex);
        if (is_stopping)
            return false;
        pause_ms = pause_ms * 2 < RECONNECT_MS_MAX ? pause_ms * 2 : RECONNECT_MS_MAX;
    }
}

/* Takes batches until the connection is lost or the worker stops; false: it stops. */
static bool serve(struct lane *lane, struct queue *queue)
{
    while (database_is_open(lane->database)) {
        int count = next_batch(lane, queue);
        if (count < 0)
            return false;
        if (count > 0)
            decide(lane, count);
        for (int i = 0; i < count; i++)
            decided(lane->tickets[i]);
        /* Nobody waits now: a good moment to look after Redis. */
        if (count == 0 || facts_are_out_of_reach(lane->facts))
            facts_ensure(lane->facts);
        atomic_store(&lane->is_redis_down, facts_are_out_of_reach(lane->facts));
    }
    return true;
}

static void *lane_main(void *argument)
{
    struct lane *lane = argument;
    struct queue *queue = &lane->lanes->queues[lane->kind];
    /* The kernel may wake a sleeper 50 us late by default: too coarse for gathering. */
    prctl(PR_SET_TIMERSLACK, 1000UL);

    bool is_going_on = true;
    while (is_going_on && reconnect(lane, queue)) {
        facts_ensure(lane->facts);
        is_going_on = serve(lane, queue);
    }
    return NULL;
}

/* ---- start and stop ---- */

static bool lane_open(struct lane *lane, struct lanes *lanes, enum lane_kind kind, int number)
{
    const struct settings *settings = lanes->settings;
    const char *const *statement =
        kind == LANE_CHECKOUT ? &checkout_batch_statement : &purchase_batch_statement;
    lane->lanes = lanes;
    lane->kind = kind;
    snprintf(lane->name, sizeof lane->name, "flashsale %s lane %d", kind_names[kind], number);

    const struct database_options options = {.conninfo = settings->database.worker_conninfo,
                                             .name = lane->name,
                                             .connect_ms_max = settings->database.connect_ms_max,
                                             .statement_ms_max =
                                                 settings->database.statement_ms_max,
                                             .statements = statement,
                                             .statement_count = 1};
    lane->database = database_new(&options);
    lane->tickets = calloc((size_t)settings->lane.batch_max, sizeof(struct ticket *));
    lane->facts = facts_new(settings, lane->name);
    if (kind == LANE_CHECKOUT)
        lane->checkouts = checkout_batch_new(settings);
    else
        lane->purchases = purchase_batch_new(settings);
    return lane->database && lane->facts && lane->tickets && (lane->checkouts || lane->purchases);
}

static void lane_close(struct lane *lane)
{
    if (lane->is_running)
        pthread_join(lane->thread, NULL);
    database_free(lane->database);
    facts_free(lane->facts);
    checkout_batch_free(lane->checkouts);
    purchase_batch_free(lane->purchases);
    free(lane->tickets);
}

static void queue_open(struct queue *queue)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->mutex, NULL);
}

struct lanes *lanes_start(const struct settings *settings)
{
    struct lanes *lanes = calloc(1, sizeof *lanes);
    const int counts[LANE_KINDS] = {settings->lane.checkout_count, settings->lane.purchase_count};
    if (lanes) {
        lanes->settings = settings;
        lanes->lane = calloc((size_t)(counts[0] + counts[1]), sizeof *lanes->lane);
    }
    if (!lanes || !lanes->lane) {
        log_error("not enough memory for the lanes");
        free(lanes);
        return NULL;
    }
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        queue_open(&lanes->queues[kind]);
        lanes->queues[kind].lanes_up = counts[kind];
    }
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        for (int number = 1; number <= counts[kind]; number++) {
            struct lane *lane = &lanes->lane[lanes->lane_count++];
            lane->is_up = true;
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
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        struct queue *queue = &lanes->queues[kind];
        pthread_mutex_lock(&queue->mutex);
        queue->is_stopping = true;
        pthread_cond_broadcast(&queue->filled);
        pthread_mutex_unlock(&queue->mutex);
    }
    for (int i = 0; i < lanes->lane_count; i++)
        lane_close(&lanes->lane[i]);
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        pthread_cond_destroy(&lanes->queues[kind].filled);
        pthread_mutex_destroy(&lanes->queues[kind].mutex);
    }
    free(lanes->lane);
    free(lanes);
}
