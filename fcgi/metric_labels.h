/*
 * What the worker's metrics are counted by: the lists of metric_table.h, with the names that their
 * owners give. An enum of an owner's is a row of its list as it stands: METRIC_KINDS has enum
 * job_kind, METRIC_OUTCOMES enum outcome, METRIC_REFUSAL_KINDS enum refusal_kind,
 * METRIC_REFUSAL_SOURCES enum refusal_source, METRIC_REDIS_STATES enum redis_state. The worker's
 * own lists are here.
 */
#ifndef FCGI_METRIC_LABELS_H
#define FCGI_METRIC_LABELS_H

#include "fcgi/api/routes.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/sale/job_kind.h"

/* METRIC_GROUPS, METRIC_ROLES and METRIC_QUEUES: first the kinds of jobs, then these. */
enum { GROUP_READ = JOB_KINDS, GROUP_OTHER };
enum { ROLE_REQUEST = JOB_KINDS, ROLE_READ };
enum { QUEUE_READ = JOB_KINDS };

/* METRIC_CONNECTION_STATES */
enum { CONNECTION_IDLE, CONNECTION_IN_FLIGHT };

extern const struct metric_labels metric_labels;

/* Of METRIC_ROUTES and METRIC_GROUPS. NULL, no route, has a row of its own in each. */
int route_row(const struct route *route);
int group_row(const struct route *route);

/* Of METRIC_STATUSES. A status without a row is counted as "other". */
int status_row(int status);

#endif
