/*
 * What is measured: one table in metric_table.c names each metric as Prometheus sees it
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4), with its
 * labels. What a label may say is a fixed list, so there are only so many rows, whatever is asked
 * of the service. The lists belong to those whose things they name, and are handed in.
 */
#ifndef FCGI_METRICS_METRIC_TABLE_H
#define FCGI_METRICS_METRIC_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* The lists, each with a row for whatever is counted apart. */
enum metric_list {
    METRIC_NO_LIST,
    METRIC_ROUTES,
    METRIC_STATUSES,
    METRIC_KINDS,             /* of jobs */
    METRIC_GROUPS,            /* whose time to answer is measured together: begins as the kinds */
    METRIC_ROLES,             /* what threads are for: begins as the kinds */
    METRIC_QUEUES,            /* where requests wait: begins as the kinds */
    METRIC_OUTCOMES,          /* of jobs */
    METRIC_CONNECTION_STATES, /* of the web server's */
    METRIC_REFUSAL_KINDS,
    METRIC_REFUSAL_SOURCES,
    METRIC_REDIS_STATES,
    METRIC_LISTS
};

enum metric {
    /* Counters and histograms: what every worker of the host ever counted. */
    METRIC_REQUESTS,           /* by METRIC_ROUTES, METRIC_STATUSES */
    METRIC_REQUEST_TIME,       /* microseconds, by METRIC_GROUPS */
    METRIC_DECISIONS,          /* by METRIC_KINDS, METRIC_OUTCOMES */
    METRIC_BATCH_SIZE,         /* requests, by METRIC_KINDS */
    METRIC_BATCH_TIME,         /* microseconds, by METRIC_KINDS */
    METRIC_COMMIT_TIME,        /* microseconds, by METRIC_KINDS */
    METRIC_BUSY_TIME,          /* microseconds, by METRIC_ROLES */
    METRIC_RECONNECTS,         /* by METRIC_KINDS */
    METRIC_REFUSALS_LOOKED_UP, /* no labels */
    METRIC_REFUSALS_HIT,       /* by METRIC_REFUSAL_KINDS */
    METRIC_REFUSALS_LEARNED,   /* by METRIC_REFUSAL_SOURCES */
    METRIC_REFUSALS_EVICTED,   /* no labels */
    METRIC_REFUSALS_SHARED,    /* no labels */
    METRIC_REFUSALS_DROPPED,   /* no labels */
    METRIC_REDIS_FAILURES,     /* no labels */
    METRIC_STARTS,             /* no labels */
    METRIC_LOG_LINES_LOST,     /* no labels */
    /* Gauges: how it is with the workers that live. */
    METRIC_QUEUED,          /* by METRIC_QUEUES */
    METRIC_IN_FLIGHT,       /* by METRIC_KINDS */
    METRIC_CONNECTIONS,     /* by METRIC_CONNECTION_STATES */
    METRIC_CONNECTIONS_MAX, /* no labels */
    METRIC_THREADS,         /* by METRIC_ROLES */
    METRIC_BATCHERS,        /* by METRIC_KINDS */
    METRIC_BATCHERS_UP,     /* by METRIC_KINDS */
    METRIC_REDIS_WORKERS,   /* by METRIC_REDIS_STATES */
    METRIC_COUNT
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 2 };

struct metric_label {
    const char *name;
    enum metric_list list;
};

struct metric_row {
    const char *name;
    enum metric_type type;
    const char *help;
    struct metric_label labels[METRIC_LABELS_MAX]; /* the first that have a name */
    bool is_time;          /* it counts microseconds, and the page says seconds */
    const int64_t *bounds; /* of a histogram's buckets, the last of them 0 */
};

extern const struct metric_row metric_table[METRIC_COUNT];

/* What the owners of the lists hand in; constants of the program. */
struct metric_labels {
    /* What a label says in a row of the list, from 0; NULL: there are no more rows. */
    const char *(*values[METRIC_LISTS])(int row);
    /* Whether a row that counted nothing is on the page; NULL: always. */
    bool (*is_shown[METRIC_COUNT])(int first, int second);
};

/* How many rows a label makes; 1 for one without a name. */
int metric_label_rows(const struct metric_labels *labels, const struct metric_label *label);

/* How many bounds a histogram has; its buckets are one more. */
int metric_bounds(const struct metric_row *metric);

#endif
