/*
 * The table of all metrics, in Prometheus's terms
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4). The values of
 * a label are a fixed list, so the number of rows is bounded, whatever requests say. The lists
 * belong to the code that owns what they name, which hands them in. Constants; any thread.
 */
#ifndef FCGI_METRICS_METRIC_TABLE_H
#define FCGI_METRICS_METRIC_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* The lists of labels' values; a row is a value. */
enum metric_list {
    METRIC_NO_LIST,
    METRIC_ROUTES,
    METRIC_STATUSES,
    METRIC_KINDS,             /* of jobs */
    METRIC_GROUPS,            /* of requests whose times are one histogram; first the kinds */
    METRIC_ROLES,             /* of threads; first the kinds */
    METRIC_QUEUES,            /* of requests; first the kinds */
    METRIC_OUTCOMES,          /* of jobs */
    METRIC_CONNECTION_STATES, /* of the web server's connections */
    METRIC_REFUSAL_KINDS,
    METRIC_REFUSAL_SOURCES,
    METRIC_REDIS_STATES,
    METRIC_LISTS
};

enum metric {
    /* Counters and histograms: sums over all workers of the host, past ones too. */
    METRIC_REQUESTS,           /* by METRIC_ROUTES, METRIC_STATUSES */
    METRIC_REQUEST_TIME,       /* microseconds, by METRIC_GROUPS */
    METRIC_DECISIONS,          /* by METRIC_KINDS, METRIC_OUTCOMES */
    METRIC_BATCH_SIZE,         /* requests, by METRIC_KINDS */
    METRIC_BATCH_TIME,         /* microseconds, by METRIC_KINDS */
    METRIC_COMMIT_TIME,        /* microseconds, by METRIC_KINDS */
    METRIC_BUSY_TIME,          /* microseconds, by METRIC_ROLES */
    METRIC_RECONNECTS,         /* by METRIC_KINDS */
    METRIC_RATE_REFUSED,       /* by METRIC_KINDS */
    METRIC_REFUSALS_LOOKED_UP, /* no labels */
    METRIC_REFUSALS_HIT,       /* by METRIC_REFUSAL_KINDS */
    METRIC_REFUSALS_LEARNED,   /* by METRIC_REFUSAL_SOURCES */
    METRIC_REFUSALS_EVICTED,   /* no labels */
    METRIC_REFUSALS_SHARED,    /* no labels */
    METRIC_REFUSALS_DROPPED,   /* no labels */
    METRIC_REDIS_FAILURES,     /* no labels */
    METRIC_STARTS,             /* no labels */
    METRIC_LOG_LINES_LOST,     /* no labels */
    /* Gauges: sums over the live workers. */
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
    struct metric_label labels[METRIC_LABELS_MAX]; /* up to the first without a name */
    bool is_time;          /* counted in microseconds; the page shows seconds */
    const int64_t *bounds; /* upper bounds of a histogram's buckets; ends with 0 */
};

extern const struct metric_row metric_table[METRIC_COUNT];

/* The lists, as their owners hand them in. */
struct metric_labels {
    /* The label's value in a row of the list, from 0; NULL: there are no more rows. */
    const char *(*values[METRIC_LISTS])(int row);
    /* Whether the page has a row whose count is 0; NULL: always. */
    bool (*is_shown[METRIC_COUNT])(int first, int second);
};

/* How many rows a label has; 1 for a label without a name. */
int metric_label_rows(const struct metric_labels *labels, const struct metric_label *label);

/* How many bounds a histogram has; it has one bucket more. */
int metric_bounds(const struct metric_row *metric);

#endif
