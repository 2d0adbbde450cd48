/*
 * The counters of all workers of a host, in one file that they map (mmap(2), MAP_SHARED). So any
 * worker can report on all of them, and a worker's counts outlive it, however it ends.
 *
 * Each worker has a worker slot in the file, and only this worker writes to it. It holds a lock on
 * the slot (fcntl(2), open file description locks), which the kernel releases when the process
 * ends: so it is known which workers are alive. Counters are summed over all slots, gauges over
 * those of live workers. A new worker takes a free slot and adds to the counts in it.
 *
 * The file has a hash of its layout, which follows from the table and the labels' values; a file
 * with another layout is replaced. Adding, setting and observing are a few relaxed atomic
 * operations on the worker's own cache lines: any thread may call them, and none waits.
 */
#ifndef FCGI_METRICS_METRICS_H
#define FCGI_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "metric_table.h"

enum {
    METRICS_WORKERS_MAX = 64,
    METRICS_BUCKETS_MAX = 32,
    METRICS_SHARED_BYTES = 129 * 4096 /* whole pages */
};

struct metrics;

/*
 * Takes a slot in the file, which is created if there is none. If that fails (the log says why), or
 * if `path` is empty, the worker counts only for itself. `labels` must have every list that the
 * table names, and live as long as the metrics. NULL: out of memory.
 */
struct metrics *metrics_open(const char *path, const struct metric_labels *labels);

/* Leaves the slot to another worker. No thread may count any more. */
void metrics_close(struct metrics *metrics);

/*
 * METRICS_SHARED_BYTES of the file, for what else the workers of a host share: all zero when the
 * file is made, aligned to a page, and valid until metrics_close(). Without a file it is memory of
 * this process. What is in it is the caller's; its layout may change only with its size.
 */
void *metrics_shared(const struct metrics *metrics);

/* Adds to a counter, or sets a gauge. `first` and `second` are the rows of the metric's labels; 0
   for a label that it does not have. */
void metrics_add(struct metrics *metrics, enum metric metric, int first, int second, int64_t count);
void metrics_set(struct metrics *metrics, enum metric metric, int first, int64_t value);

/* Adds a value to a histogram, in the unit of its bounds. */
void metrics_observe(struct metrics *metrics, enum metric metric, int first, int64_t value);

/* ---- reading ---- */

/* The labels that metrics_open() got. */
const struct metric_labels *metrics_labels(const struct metrics *metrics);

struct metrics_worker {
    bool is_used;       /* some worker has had the slot: its counters are summed */
    bool is_alive;      /* a live worker has it: its gauges are summed */
    int64_t started_us; /* since 1970 */
    int64_t pid;        /* 0: the worker's version did not store it */
};

/* Which slots are used and by whom, for the functions below. */
struct metrics_census {
    struct metrics_worker workers[METRICS_WORKERS_MAX]; /* by slot */
    int living;                                         /* live workers */
};

void metrics_take_census(const struct metrics *metrics, struct metrics_census *census);

/* The value of a counter or gauge in one row, over all workers. */
int64_t metrics_sum(const struct metrics *metrics, const struct metrics_census *census,
                    enum metric metric, int first, int second);

/*
 * The value of a counter or gauge in one worker slot, over all rows. A counter includes what the
 * slot's earlier workers counted, so it never falls while the file stays.
 */
int64_t metrics_worker_sum(const struct metrics *metrics, int worker, enum metric metric);

/* A histogram's buckets, not cumulative; the last is for values above all bounds. */
struct metrics_histogram {
    int64_t buckets[METRICS_BUCKETS_MAX];
    int bucket_count;
    int64_t count; /* of all buckets */
    int64_t sum;
};

void metrics_histogram(const struct metrics *metrics, const struct metrics_census *census,
                       enum metric metric, int first, struct metrics_histogram *histogram);

#endif
