/*
 * Jobs that wait for takers, first in, first out. A queue without takers refuses jobs, and so does
 * one that is too long for its takers, so that no job waits in vain. Any thread may call any
 * function.
 */
#ifndef FCGI_SALE_QUEUE_H
#define FCGI_SALE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "job.h"

/* A thread that takes jobs; its member belongs to queue.c. */
struct taker {
    int length_max;
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t came; /* a job did, or the queue stops */
    pthread_cond_t stop;
    struct job *first;
    struct job *last;
    int length;
    int64_t length_max; /* the sum over its takers */
    int takers;
    bool is_stopping;
};

void queue_open(struct queue *queue);
void queue_close(struct queue *queue);

/* Adds a job, which then belongs to a taker. False: there are no takers, or too many jobs. */
bool queue_put(struct queue *queue, struct job *job) __attribute__((warn_unused_result));

/* Counts the caller as a taker, at first without a bound, or no more. The last one that leaves
   gets the jobs that are left, linked by `next`. */
void queue_join(struct queue *queue, struct taker *taker);
struct job *queue_leave(struct queue *queue, struct taker *taker);

/* Waits for a job to take, `ms_max` at most. False: there is none, and the queue stops. */
bool queue_await(struct queue *queue, int ms_max);

/* Wakes another taker where jobs wait; the caller takes none now. */
void queue_pass(struct queue *queue);

/* Waits `ms`. False: the queue stops. */
bool queue_pause(struct queue *queue, int ms);

/* How many jobs the taker, which has joined, has time for: the queue holds their sum at most. */
void queue_bound(struct queue *queue, struct taker *taker, int length_max);

int queue_length(struct queue *queue);

/* Takes the `max` oldest jobs, or all; returns how many. */
int queue_take(struct queue *queue, struct job **jobs, int max);

/* Takes the jobs that were put before `time_us` (clock_us()), linked by `next`. */
struct job *queue_take_older(struct queue *queue, int64_t time_us);

/* Has the takers end once no job is left. */
void queue_stop(struct queue *queue);

#endif
