#include "metric_table.h"

#include <assert.h>
#include <stddef.h>

#include "fcgi/api/routes.h"
#include "fcgi/http/status.h"
#include "fcgi/store/outcome.h"

/* ---- labels ---- */

#define VALUES(function, ...)                                                                      \
    static const char *function(int row)                                                           \
    {                                                                                              \
        static const char *const values[] = {__VA_ARGS__};                                         \
        return row < (int)(sizeof values / sizeof values[0]) ? values[row] : NULL;                 \
    }

VALUES(kind, "checkout", "purchase")
VALUES(group, "checkout", "purchase", "read", "other")
VALUES(role, "checkout", "purchase", "request", "read")
VALUES(queue, "checkout", "purchase", "read")
VALUES(connection_state, "idle", "in_flight")
VALUES(redis, "off", "ok", "down")
VALUES(refusal, "none", "sold", "held", "user_limit", "sold_out")
VALUES(source, "batch", "redis")

static const char *outcome(int row)
{
    return row < OUTCOME_COUNT ? outcome_name((enum outcome)row) : NULL;
}

static const char *status_value(int row)
{
    const struct http_status *status = http_status_at(row);
    return status ? status->name : NULL;
}

int metric_status_row(int status)
{
    return http_status_row(status);
}

/* Behind all routes a row for what met none. */
static int route_rows(void)
{
    int row = 0;
    while (route_at(row))
        row++;
    return row + 1;
}

static const char *route_value(int row)
{
    const struct route *route = route_at(row);
    return route ? route->name : row < route_rows() ? "other" : NULL;
}

int metric_route_row(const struct route *route)
{
    return route ? route_number(route) : route_rows() - 1;
}

/* ---- which rows are there from the beginning ---- */

/* A counter that alerts watch must be there before it counts, or its first step is not seen. */
static bool is_watched_status(int route, int row)
{
    (void)route;
    return http_status_at(row)->code == 200 || http_status_at(row)->code == 503;
}

static_assert(OUTCOME_COUNT <= 32, "there is a bit for each outcome");

static bool is_possible_decision(int kind_row, int outcome_row)
{
    static const unsigned possible[JOB_KINDS] = {
        [JOB_CHECKOUT] = 1U << OUTCOME_ACCEPTED | 1U << OUTCOME_REPEATED | 1U << OUTCOME_HELD |
                         1U << OUTCOME_SOLD | 1U << OUTCOME_SOLD_OUT | 1U << OUTCOME_USER_LIMIT |
                         1U << OUTCOME_SALE_CLOSED | 1U << OUTCOME_UNKNOWN_ITEM |
                         1U << OUTCOME_UNAVAILABLE,
        [JOB_PURCHASE] = 1U << OUTCOME_PURCHASED | 1U << OUTCOME_REPEATED |
                         1U << OUTCOME_USER_LIMIT | 1U << OUTCOME_UNKNOWN_CODE |
                         1U << OUTCOME_UNAVAILABLE};
    return possible[kind_row] >> outcome_row & 1;
}

static bool is_a_refusal(int refusal_row, int second)
{
    (void)second;
    return refusal_row != REFUSAL_NONE;
}

/* ---- buckets ---- */

/* Closest where answers are under load, and around what is promised: 50 and 100 ms. */
static const int64_t request_us[] = {500,    1000,    2000,    3000,    5000,    7500,   10000,
                                     15000,  20000,   30000,   50000,   75000,   100000, 200000,
                                     500000, 1000000, 1500000, 2500000, 5000000, 0};
/* A batch is decided within milliseconds, and given up after database.statement_ms_max, 1 s. */
static const int64_t batch_us[] = {200,    300,    500,     750,     1000,  1500,  2000,
                                   3000,   5000,   7500,    10000,   20000, 50000, 100000,
                                   250000, 500000, 1000000, 1500000, 0};
/* To the highest batch.size_max. */
static const int64_t batch_requests[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 0};

/* ---- the table ---- */

/* clang-format off */
const struct metric_row metric_table[METRIC_COUNT] = {
    [METRIC_REQUESTS] = {"flashsale_requests_total", METRIC_COUNTER,
        "Requests answered, by the route they met and the status of the reply.",
        {{"route", route_value}, {"status", status_value}}, .is_shown = is_watched_status},
    [METRIC_REQUEST_TIME] = {"flashsale_request_duration_seconds", METRIC_HISTOGRAM,
        "Time to answer: from the request's first bytes to its reply being sent.",
        {{"group", group}}, .is_time = true, .bounds = request_us},
    [METRIC_DECISIONS] = {"flashsale_decisions_total", METRIC_COUNTER,
        "What batchers decided, by kind and outcome; each is committed, but for unavailable.",
        {{"kind", kind}, {"outcome", outcome}}, .is_shown = is_possible_decision},
    [METRIC_BATCH_SIZE] = {"flashsale_batch_requests", METRIC_HISTOGRAM,
        "Requests that were decided in one transaction.",
        {{"kind", kind}}, .bounds = batch_requests},
    [METRIC_BATCH_TIME] = {"flashsale_batch_duration_seconds", METRIC_HISTOGRAM,
        "Time to decide a batch: the transaction, and what is done before and after it.",
        {{"kind", kind}}, .is_time = true, .bounds = batch_us},
    [METRIC_COMMIT_TIME] = {"flashsale_commit_duration_seconds", METRIC_HISTOGRAM,
        "Time that the transaction of a batch took, its commit included.",
        {{"kind", kind}}, .is_time = true, .bounds = batch_us},
    [METRIC_BUSY_TIME] = {"flashsale_threads_busy_seconds_total", METRIC_COUNTER,
        "Time in which threads had requests in flight, by what they are for.",
        {{"role", role}}, .is_time = true},
    [METRIC_RECONNECTS] = {"flashsale_postgresql_reconnects_total", METRIC_COUNTER,
        "Connections to PostgreSQL that batchers made in the place of lost ones.",
        {{"kind", kind}}},
    [METRIC_REFUSALS_LOOKED_UP] = {"flashsale_refusal_cache_lookups_total", METRIC_COUNTER,
        "Checkouts that were looked up in the refusal cache."},
    [METRIC_REFUSALS_HIT] = {"flashsale_refusal_cache_hits_total", METRIC_COUNTER,
        "Checkouts that were refused for what the refusal cache had, without a look at the item.",
        {{"reason", refusal}}, .is_shown = is_a_refusal},
    [METRIC_REFUSALS_LEARNED] = {"flashsale_refusal_cache_learned_total", METRIC_COUNTER,
        "Refusals that came into the refusal cache: from the worker's own batches, or through Redis.",
        {{"source", source}}},
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
        "Requests that wait for their turn.", {{"kind", queue}}},
    [METRIC_IN_FLIGHT] = {"flashsale_in_flight_requests", METRIC_GAUGE,
        "Requests that wait for a decision: those that are queued, and those being decided.",
        {{"kind", kind}}},
    [METRIC_CONNECTIONS] = {"flashsale_connections", METRIC_GAUGE,
        "Open connections of the web servers.", {{"state", connection_state}}},
    [METRIC_CONNECTIONS_MAX] = {"flashsale_connections_max", METRIC_GAUGE,
        "As many as worker.connections_max allows."},
    [METRIC_THREADS] = {"flashsale_threads", METRIC_GAUGE,
        "Threads, by what they are for.", {{"role", role}}},
    [METRIC_BATCHERS] = {"flashsale_batchers", METRIC_GAUGE,
        "Batchers there should be, by the settings.", {{"kind", kind}}},
    [METRIC_BATCHERS_UP] = {"flashsale_batchers_up", METRIC_GAUGE,
        "Batchers that can sell: connected to PostgreSQL, which does not refuse their batches.",
        {{"kind", kind}}},
    [METRIC_REDIS_WORKERS] = {"flashsale_redis_workers", METRIC_GAUGE,
        "Workers by what Redis is to them.", {{"state", redis}}},
};
/* clang-format on */

int metric_label_rows(const struct metric_label *label)
{
    int rows = 0;
    if (!label->name)
        return 1;
    while (label->value(rows))
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
