/*
 * The counters of all workers of a host, in one file that they map (mmap(2), MAP_SHARED), so that
 * any of them tells of all, and what a worker counted stays when it ends, however it ends.
 *
 * Each worker has a worker slot in the file and is alone in writing to it. It holds a lock on the
 * slot (fcntl(2), open file description locks) that the kernel lifts when the process ends. So
 * there is no doubt which workers live: the counters of all slots are summed, the gauges of those
 * that live. A new worker takes a slot that is free and counts on where the one before it stopped.
 *
 * The file says which layout it has, by the table and what the labels say; one of another layout is
 * replaced. Adding, setting and
 * observing take a few relaxed atomic steps on the worker's own cache lines: any thread may, and
 * none ever waits.
 */
#ifndef FCGI_METRICS_METRICS_H
#define FCGI_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "metric_table.h"

enum { METRICS_WORKERS_MAX = 64, METRICS_BUCKETS_MAX = 32 };

struct metrics;

/*
 * Takes a slot in the file, made where there is none. Where that cannot be - the log says why -
 * and where `path` is empty, the worker counts for itself alone. `labels` has every list that the
 * table names, and is there as long as the metrics. NULL: out of memory.
 */
struct metrics *metrics_open(const char *path, const struct metric_labels *labels);

/* Leaves the slot to the next one. No thread counts any more. */
void metrics_close(struct metrics *metrics);

/* `first` and `second` are the rows of the metric's labels, 0 for those it has not. */
void metrics_add(struct metrics *metrics, enum metric metric, int first, int second, int64_t count);
void metrics_set(struct metrics *metrics, enum metric metric, int first, int64_t value);

/* Of a histogram. */
void metrics_observe(struct metrics *metrics, enum metric metric, int first, int64_t value);

/* ---- reading ---- */

/* As they were handed in. */
const struct metric_labels *metrics_labels(const struct metrics *metrics);

struct metrics_worker {
    bool was;           /* the slot was used: its counters count */
    bool is;            /* by a worker that lives: its gauges count */
    int64_t started_us; /* since 1970 */
    int64_t pid;        /* 0: one of a version that did not say */
};

/* Who has the slots, for the functions below. */
struct metrics_census {
    struct metrics_worker workers[METRICS_WORKERS_MAX];
    int living;
};

void metrics_take_census(const struct metrics *metrics, struct metrics_census *census);

int64_t metrics_sum(const struct metrics *metrics, const struct metrics_census *census,
                    enum metric metric, int first, int second);

/*
 * What one worker slot has of a counter or a gauge, of all its rows. A counter's goes on where the
 * worker that had the slot before stopped, so it falls as little as the sum over all slots.
 */
int64_t metrics_worker_sum(const struct metrics *metrics, int worker, enum metric metric);

/* A histogram's buckets, each by itself, the last for what is above all bounds. */
struct metrics_histogram {
    int64_t buckets[METRICS_BUCKETS_MAX];
    int bucket_count;
    int64_t count; /* of all buckets */
    int64_t sum;
};

void metrics_histogram(const struct metrics *metrics, const struct metrics_census *census,
                       enum metric metric, int first, struct metrics_histogram *histogram);

#endif
