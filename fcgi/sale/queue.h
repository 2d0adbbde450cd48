/*
 * Jobs that wait for whoever takes them: first come, first served. A queue that nobody takes
 * from, or that is too long to be worked off in time, refuses jobs, so that none waits for
 * nothing. Any thread may call any function.
 */
#ifndef FCGI_SALE_QUEUE_H
#define FCGI_SALE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "job.h"

/* One who takes; `length_max` is of queue.c. */
struct taker {
    int length_max;
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t came; /* something did, or the queue stops */
    pthread_cond_t stop; /* the queue stops */
    struct job *first;
    struct job *last;
    int length;
    int64_t length_max; /* the sum of what its takers have time for */
    int takers;
    bool is_stopping;
};

void queue_open(struct queue *queue);
void queue_close(struct queue *queue);

/* False: there are no takers, or too many jobs already. From a true one on, the job is a
 * taker's. */
bool queue_put(struct queue *queue, struct job *job) __attribute__((warn_unused_result));

/* Counts the caller as one who takes, or no more; the last who leaves gets the jobs left. How
 * long the queue may become for the sake of this taker has no bound at first. */
void queue_join(struct queue *queue, struct taker *taker);
struct job *queue_leave(struct queue *queue, struct taker *taker);

/* Waits until there is something to take, at most `ms_max`. False: there is not, and the queue
   stops. */
bool queue_await(struct queue *queue, int ms_max);

/* Has another who waits look at what is there: the caller takes nothing now. */
void queue_pass(struct queue *queue);

/* Waits `ms`. False: the queue stops. */
bool queue_pause(struct queue *queue, int ms);

/* How much of the queue the taker, which has joined, has time for: together they bound it. */
void queue_bound(struct queue *queue, struct taker *taker, int length_max);

int queue_length(struct queue *queue);

/* Takes up to `max` jobs, those that came first; returns how many. */
int queue_take(struct queue *queue, struct job **jobs, int max);

/* Takes the jobs that came before `time_us` (clock_us()), linked by `next`. */
struct job *queue_take_older(struct queue *queue, int64_t time_us);

/* Tells the takers to end once nothing is left. */
void queue_stop(struct queue *queue);

#endif
