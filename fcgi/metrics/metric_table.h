/*
 * What is measured: one table in metric_table.c names each metric as Prometheus sees it
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4), with its
 * labels. Every label has a fixed list of values, so there are only so many rows, whatever is
 * asked of the service.
 */
#ifndef FCGI_METRICS_METRIC_TABLE_H
#define FCGI_METRICS_METRIC_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fcgi/sale/batchers.h"

struct route;

enum metric {
    /* Counters and histograms: what every worker of the host ever counted. */
    METRIC_REQUESTS,           /* by metric_route_row(), metric_status_row() */
    METRIC_REQUEST_TIME,       /* microseconds, by enum metric_group */
    METRIC_DECISIONS,          /* by enum job_kind, enum outcome */
    METRIC_BATCH_SIZE,         /* requests, by enum job_kind */
    METRIC_BATCH_TIME,         /* microseconds, by enum job_kind */
    METRIC_COMMIT_TIME,        /* microseconds, by enum job_kind */
    METRIC_BUSY_TIME,          /* microseconds, by enum metric_role */
    METRIC_RECONNECTS,         /* by enum job_kind */
    METRIC_REFUSALS_LOOKED_UP, /* no labels */
    METRIC_REFUSALS_HIT,       /* by enum refusal_kind */
    METRIC_REFUSALS_LEARNED,   /* by enum refusal_source */
    METRIC_REFUSALS_EVICTED,   /* no labels */
    METRIC_REFUSALS_SHARED,    /* no labels */
    METRIC_REFUSALS_DROPPED,   /* no labels */
    METRIC_REDIS_FAILURES,     /* no labels */
    METRIC_STARTS,             /* no labels */
    METRIC_LOG_LINES_LOST,     /* no labels */
    /* Gauges: how it is with the workers that live. */
    METRIC_QUEUED,          /* by enum metric_queue */
    METRIC_IN_FLIGHT,       /* by enum job_kind */
    METRIC_CONNECTIONS,     /* by enum metric_connection */
    METRIC_CONNECTIONS_MAX, /* no labels */
    METRIC_THREADS,         /* by enum metric_role */
    METRIC_BATCHERS,        /* by enum job_kind */
    METRIC_BATCHERS_UP,     /* by enum job_kind */
    METRIC_REDIS_WORKERS,   /* by enum redis_state */
    METRIC_COUNT
};

/* Whose time to answer is measured together. */
enum metric_group {
    METRIC_GROUP_CHECKOUT = JOB_CHECKOUT,
    METRIC_GROUP_PURCHASE = JOB_PURCHASE,
    METRIC_GROUP_READ,
    METRIC_GROUP_OTHER /* no route */
};

/* What threads are for. */
enum metric_role {
    METRIC_ROLE_CHECKOUT = JOB_CHECKOUT,
    METRIC_ROLE_PURCHASE = JOB_PURCHASE,
    METRIC_ROLE_REQUEST,
    METRIC_ROLE_READ
};

/* Where requests wait. */
enum metric_queue {
    METRIC_QUEUE_CHECKOUT = JOB_CHECKOUT,
    METRIC_QUEUE_PURCHASE = JOB_PURCHASE,
    METRIC_QUEUE_READ
};

enum metric_connection { METRIC_CONNECTION_IDLE, METRIC_CONNECTION_IN_FLIGHT };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 2 };

struct metric_label {
    const char *name;
    const char *(*value)(int row); /* NULL: there are no more rows */
};

struct metric_row {
    const char *name;
    enum metric_type type;
    const char *help;
    struct metric_label labels[METRIC_LABELS_MAX]; /* the first that have a name */
    bool is_time;          /* it counts microseconds, and the page says seconds */
    const int64_t *bounds; /* of a histogram's buckets, the last of them 0 */
    /* Whether a row that counted nothing is on the page; NULL: always. */
    bool (*is_shown)(int first, int second);
};

extern const struct metric_row metric_table[METRIC_COUNT];

/* How many rows a label makes; 1 for one without a name. */
int metric_label_rows(const struct metric_label *label);

/* How many bounds a histogram has; its buckets are one more. */
int metric_bounds(const struct metric_row *metric);

/* The row of a route, NULL for none, and of a status; what is in no list has a row of its own. */
int metric_route_row(const struct route *route);
int metric_status_row(int status);

#endif
