/*
 * The labels of the worker's metrics: for each list of metric_table.h the names that its owner
 * gives. Where the owner has an enum, its value is the row: enum job_kind for METRIC_KINDS, enum
 * outcome for METRIC_OUTCOMES, enum refusal_kind for METRIC_REFUSAL_KINDS, enum refusal_source for
 * METRIC_REFUSAL_SOURCES, enum redis_state for METRIC_REDIS_STATES. The worker's own lists are
 * below. Any thread.
 */
#ifndef FCGI_METRIC_LABELS_H
#define FCGI_METRIC_LABELS_H

#include "fcgi/api/routes.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/sale/job_kind.h"

/* Rows of METRIC_GROUPS, METRIC_ROLES and METRIC_QUEUES: first the kinds of jobs, then these. */
enum { GROUP_READ = JOB_KINDS, GROUP_OTHER };
enum { ROLE_REQUEST = JOB_KINDS, ROLE_READ };
enum { QUEUE_READ = JOB_KINDS };

/* Rows of METRIC_CONNECTION_STATES. */
enum { CONNECTION_IDLE, CONNECTION_IN_FLIGHT };

extern const struct metric_labels metric_labels;

/* The row of a route in METRIC_ROUTES and in METRIC_GROUPS. NULL, no route, has a row in both. */
int route_row(const struct route *route);
int group_row(const struct route *route);

/* The row of a status in METRIC_STATUSES. Statuses without a row are counted as "other". */
int status_row(int status);

#endif
