#include "metric_table.h"

#include <assert.h>
#include <stddef.h>

/* ---- buckets ---- */

/* Finest at the usual times under load, and around the promised 50 and 100 ms. */
static const int64_t request_us[] = {500,    1000,    2000,    3000,    5000,    7500,   10000,
                                     15000,  20000,   30000,   50000,   75000,   100000, 200000,
                                     500000, 1000000, 1500000, 2500000, 5000000, 0};
/* A batch is decided within milliseconds, and given up after database.statement_ms_max, 1 s. */
static const int64_t batch_us[] = {200,    300,    500,     750,     1000,  1500,  2000,
                                   3000,   5000,   7500,    10000,   20000, 50000, 100000,
                                   250000, 500000, 1000000, 1500000, 0};
/* Up to the highest batch.size_max. */
static const int64_t batch_requests[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 0};

/* ---- the table ---- */

/* clang-format off */
const struct metric_row metric_table[METRIC_COUNT] = {
    [METRIC_REQUESTS] = {"flashsale_requests_total", METRIC_COUNTER,
        "Requests answered, by the route they met and the status of the reply.",
        {{"route", METRIC_ROUTES}, {"status", METRIC_STATUSES}}},
    [METRIC_REQUEST_TIME] = {"flashsale_request_duration_seconds", METRIC_HISTOGRAM,
        "Time to answer: from the request's first bytes to its reply being sent.",
        {{"group", METRIC_GROUPS}}, .is_time = true, .bounds = request_us},
    [METRIC_DECISIONS] = {"flashsale_decisions_total", METRIC_COUNTER,
        "What batchers decided, by kind and outcome; each is committed, but for unavailable.",
        {{"kind", METRIC_KINDS}, {"outcome", METRIC_OUTCOMES}}},
    [METRIC_BATCH_SIZE] = {"flashsale_batch_requests", METRIC_HISTOGRAM,
        "Requests that were decided in one transaction.",
        {{"kind", METRIC_KINDS}}, .bounds = batch_requests},
    [METRIC_BATCH_TIME] = {"flashsale_batch_duration_seconds", METRIC_HISTOGRAM,
        "Time to decide a batch: the transaction, and what is done before and after it.",
        {{"kind", METRIC_KINDS}}, .is_time = true, .bounds = batch_us},
    [METRIC_COMMIT_TIME] = {"flashsale_commit_duration_seconds", METRIC_HISTOGRAM,
        "Time that the transaction of a batch took, its commit included.",
        {{"kind", METRIC_KINDS}}, .is_time = true, .bounds = batch_us},
    [METRIC_BUSY_TIME] = {"flashsale_threads_busy_seconds_total", METRIC_COUNTER,
        "Time in which threads had requests in flight, by what they are for.",
        {{"role", METRIC_ROLES}}, .is_time = true},
    [METRIC_RECONNECTS] = {"flashsale_postgresql_reconnects_total", METRIC_COUNTER,
        "Connections to PostgreSQL that batchers made in the place of lost ones.",
        {{"kind", METRIC_KINDS}}},
    [METRIC_RATE_REFUSED] = {"flashsale_user_rate_refused_total", METRIC_COUNTER,
        "Requests refused before they were queued, because their user asked too often.",
        {{"kind", METRIC_KINDS}}},
    [METRIC_REFUSALS_LOOKED_UP] = {"flashsale_refusal_cache_lookups_total", METRIC_COUNTER,
        "Checkouts that were looked up in the refusal cache."},
    [METRIC_REFUSALS_HIT] = {"flashsale_refusal_cache_hits_total", METRIC_COUNTER,
        "Checkouts that were refused for what the refusal cache had, without a look at the item.",
        {{"reason", METRIC_REFUSAL_KINDS}}},
    [METRIC_REFUSALS_LEARNED] = {"flashsale_refusal_cache_learned_total", METRIC_COUNTER,
        "Refusals that came into the refusal cache: from the worker's own batches, or through Redis.",
        {{"source", METRIC_REFUSAL_SOURCES}}},
    [METRIC_REFUSALS_EVICTED] = {"flashsale_refusal_cache_evictions_total", METRIC_COUNTER,
        "Refusals that the refusal cache had no room for, or no more."},
    [METRIC_REFUSALS_SHARED] = {"flashsale_refusal_cache_shared_total", METRIC_COUNTER,
        "Refusals that were sent to Redis, for other workers."},
    [METRIC_REFUSALS_DROPPED] = {"flashsale_refusal_cache_dropped_total", METRIC_COUNTER,
        "Refusals that were not sent: Redis was out of reach, or too many waited to be sent."},
    [METRIC_REDIS_FAILURES] = {"flashsale_redis_failures_total", METRIC_COUNTER,
        "How often Redis failed a worker, which then left it alone for a while."},
    [METRIC_STARTS] = {"flashsale_worker_starts_total", METRIC_COUNTER,
        "Workers that were started."},
    [METRIC_LOG_LINES_LOST] = {"flashsale_log_lines_lost_total", METRIC_COUNTER,
        "Lines of the log that were lost: nobody read them, or they could not be written."},
    [METRIC_QUEUED] = {"flashsale_queued_requests", METRIC_GAUGE,
        "Requests that wait for their turn.", {{"kind", METRIC_QUEUES}}},
    [METRIC_IN_FLIGHT] = {"flashsale_in_flight_requests", METRIC_GAUGE,
        "Requests that wait for a decision: those that are queued, and those being decided.",
        {{"kind", METRIC_KINDS}}},
    [METRIC_CONNECTIONS] = {"flashsale_connections", METRIC_GAUGE,
        "Open connections of the web servers.", {{"state", METRIC_CONNECTION_STATES}}},
    [METRIC_CONNECTIONS_MAX] = {"flashsale_connections_max", METRIC_GAUGE,
        "As many as worker.connections_max allows."},
    [METRIC_THREADS] = {"flashsale_threads", METRIC_GAUGE,
        "Threads, by what they are for.", {{"role", METRIC_ROLES}}},
    [METRIC_BATCHERS] = {"flashsale_batchers", METRIC_GAUGE,
        "Batchers there should be, by the settings.", {{"kind", METRIC_KINDS}}},
    [METRIC_BATCHERS_UP] = {"flashsale_batchers_up", METRIC_GAUGE,
        "Batchers that can sell: connected to PostgreSQL, which does not refuse their batches.",
        {{"kind", METRIC_KINDS}}},
    [METRIC_REDIS_WORKERS] = {"flashsale_redis_workers", METRIC_GAUGE,
        "Workers by what Redis is to them.", {{"state", METRIC_REDIS_STATES}}},
};
/* clang-format on */

int metric_label_rows(const struct metric_labels *labels, const struct metric_label *label)
{
    int rows = 0;
    if (!label->name)
        return 1;
    assert(labels->values[label->list]);
    while (labels->values[label->list](rows))
        rows++;
    return rows;
}

int metric_bounds(const struct metric_row *metric)
{
    int count = 0;
    while (metric->bounds && metric->bounds[count] != 0)
        count++;
    return count;
}
