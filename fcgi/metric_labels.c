#include "metric_labels.h"

#include <stddef.h>

#include "fcgi/http/status.h"
#include "fcgi/sale/redis_share.h"
#include "fcgi/sale/refusal_cache.h"

/* ---- requests ---- */

static int route_count(void)
{
    int count = 0;
    while (route_at(count))
        count++;
    return count;
}

static const char *route_value(int row)
{
    const struct route *route = route_at(row);
    return route ? route->name : row == route_count() ? "other" : NULL;
}

int route_row(const struct route *route)
{
    return route ? route_number(route) : route_count();
}

static const char *status_value(int row)
{
    const struct http_status *status = http_status_at(row);
    return status ? status->name : NULL;
}

int status_row(int status)
{
    return http_status_row(status);
}

/* A counter that alerts watch must be on the page while it is 0, or its first increase is missed.
 */
static bool is_watched(int route, int status)
{
    (void)route;
    return http_status_at(status)->code == 200 || http_status_at(status)->code == 503;
}

/* ---- the worker's own lists, which begin with the kinds of jobs ---- */

static const char *kind_value(int row)
{
    return row < JOB_KINDS ? job_kind_name((enum job_kind)row) : NULL;
}

static const char *group_value(int row)
{
    return row == GROUP_READ ? "read" : row == GROUP_OTHER ? "other" : kind_value(row);
}

static const char *role_value(int row)
{
    return row == ROLE_REQUEST ? "request" : row == ROLE_READ ? "read" : kind_value(row);
}

static const char *queue_value(int row)
{
    return row == QUEUE_READ ? "read" : kind_value(row);
}

int group_row(const struct route *route)
{
    if (!route)
        return GROUP_OTHER;
    return route->submit ? route->kind : GROUP_READ;
}

static const char *connection_value(int row)
{
    return row == CONNECTION_IDLE ? "idle" : row == CONNECTION_IN_FLIGHT ? "in_flight" : NULL;
}

/* ---- decisions ---- */

static const char *outcome_value(int row)
{
    return row < OUTCOME_COUNT ? outcome_name((enum outcome)row) : NULL;
}

static bool is_possible(int kind, int outcome)
{
    return job_kind_may_end((enum job_kind)kind, (enum outcome)outcome);
}

/* ---- refusals ---- */

static const char *refusal_value(int row)
{
    return row < REFUSAL_KINDS ? refusal_name((enum refusal_kind)row) : NULL;
}

static bool is_a_refusal(int kind, int second)
{
    (void)second;
    return kind != REFUSAL_NONE;
}

static const char *source_value(int row)
{
    return row < REFUSAL_SOURCES ? refusal_source_name((enum refusal_source)row) : NULL;
}

static const char *redis_value(int row)
{
    return row < REDIS_STATES ? redis_state_name((enum redis_state)row) : NULL;
}

const struct metric_labels metric_labels = {
    .values = {[METRIC_ROUTES] = route_value,
               [METRIC_STATUSES] = status_value,
               [METRIC_KINDS] = kind_value,
               [METRIC_GROUPS] = group_value,
               [METRIC_ROLES] = role_value,
               [METRIC_QUEUES] = queue_value,
               [METRIC_OUTCOMES] = outcome_value,
               [METRIC_CONNECTION_STATES] = connection_value,
               [METRIC_REFUSAL_KINDS] = refusal_value,
               [METRIC_REFUSAL_SOURCES] = source_value,
               [METRIC_REDIS_STATES] = redis_value},
    .is_shown = {[METRIC_REQUESTS] = is_watched,
                 [METRIC_DECISIONS] = is_possible,
                 [METRIC_REFUSALS_HIT] = is_a_refusal},
};
