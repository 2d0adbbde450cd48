#include "queue.h"

#include <limits.h>

#include "common/check.h"
#include "common/clock.h"

void queue_open(struct queue *queue)
{
    *queue = (struct queue){0};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->came, &attributes);
    pthread_cond_init(&queue->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->mutex, NULL);
}

void queue_close(struct queue *queue)
{
    pthread_cond_destroy(&queue->came);
    pthread_cond_destroy(&queue->stop);
    pthread_mutex_destroy(&queue->mutex);
}

bool queue_put(struct queue *queue, struct job *job)
{
    job->next = NULL;
    job->queued_us = clock_us();
    pthread_mutex_lock(&queue->mutex);
    bool is_taken = queue->takers > 0 && queue->length < queue->length_max;
    if (is_taken) {
        if (queue->last)
            queue->last->next = job;
        else
            queue->first = job;
        queue->last = job;
        queue->length++;
        pthread_cond_signal(&queue->came);
    }
    pthread_mutex_unlock(&queue->mutex);
    return is_taken;
}

/* Takes the `count` jobs before `end`; the caller holds the lock. */
static struct job *cut(struct queue *queue, struct job *end, int count)
{
    struct job *first = queue->first;
    if (first == end)
        return NULL;
    struct job *last = first;
    while (last->next != end)
        last = last->next;
    last->next = NULL;
    queue->first = end;
    if (!end)
        queue->last = NULL;
    queue->length -= count;
    if (!CHECK(queue->length >= 0 && (queue->length > 0) == (queue->first != NULL)))
        queue->length = queue->first != NULL;
    return first;
}

void queue_join(struct queue *queue, struct taker *taker)
{
    pthread_mutex_lock(&queue->mutex);
    queue->takers++;
    taker->length_max = INT_MAX;
    queue->length_max += taker->length_max;
    pthread_mutex_unlock(&queue->mutex);
}

struct job *queue_leave(struct queue *queue, struct taker *taker)
{
    struct job *left = NULL;
    pthread_mutex_lock(&queue->mutex);
    queue->length_max -= taker->length_max;
    if (CHECK(queue->takers > 0))
        queue->takers--;
    if (queue->takers == 0)
        left = cut(queue, NULL, queue->length);
    pthread_mutex_unlock(&queue->mutex);
    return left;
}

/* False: the time is over. The caller holds the lock. */
static bool wait_until(struct queue *queue, pthread_cond_t *condition, int64_t due_us)
{
    const struct timespec due = clock_timespec(due_us);
    return pthread_cond_timedwait(condition, &queue->mutex, &due) == 0;
}

bool queue_await(struct queue *queue, int ms_max)
{
    int64_t due_us = clock_us() + (int64_t)ms_max * 1000;
    pthread_mutex_lock(&queue->mutex);
    while (!queue->first && !queue->is_stopping && wait_until(queue, &queue->came, due_us))
        ;
    bool is_going_on = queue->first || !queue->is_stopping;
    pthread_mutex_unlock(&queue->mutex);
    return is_going_on;
}

void queue_pass(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->first)
        pthread_cond_signal(&queue->came);
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_pause(struct queue *queue, int ms)
{
    int64_t due_us = clock_us() + (int64_t)ms * 1000;
    pthread_mutex_lock(&queue->mutex);
    while (!queue->is_stopping && wait_until(queue, &queue->stop, due_us))
        ;
    bool is_going_on = !queue->is_stopping;
    pthread_mutex_unlock(&queue->mutex);
    return is_going_on;
}

void queue_bound(struct queue *queue, struct taker *taker, int length_max)
{
    pthread_mutex_lock(&queue->mutex);
    queue->length_max += length_max - taker->length_max;
    taker->length_max = length_max;
    if (!CHECK(queue->length_max >= 0))
        queue->length_max = 0;
    pthread_mutex_unlock(&queue->mutex);
}

int queue_length(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    int length = queue->length;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}

int queue_take(struct queue *queue, struct job **jobs, int max)
{
    int count = 0;
    pthread_mutex_lock(&queue->mutex);
    struct job *at = queue->first;
    for (; at && count < max; at = at->next)
        jobs[count++] = at;
    cut(queue, at, count);
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

struct job *queue_take_older(struct queue *queue, int64_t time_us)
{
    int count = 0;
    pthread_mutex_lock(&queue->mutex);
    struct job *at = queue->first;
    for (; at && at->queued_us < time_us; at = at->next)
        count++;
    struct job *older = cut(queue, at, count);
    pthread_mutex_unlock(&queue->mutex);
    return older;
}

void queue_stop(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_stopping = true;
    pthread_cond_broadcast(&queue->came);
    pthread_cond_broadcast(&queue->stop);
    pthread_mutex_unlock(&queue->mutex);
}
