/*
 * Batchers: group commit for jobs. A batcher is a thread with a connection to PostgreSQL. It takes
 * all jobs of its kind that wait, decides them in one transaction, completes each, and takes those
 * that came meanwhile. All batchers share what they learn of refusals (refusal_cache.h), with other
 * workers by way of Redis (redis_share.h): no batcher waits for that.
 */
#ifndef FCGI_SALE_BATCHERS_H
#define FCGI_SALE_BATCHERS_H

#include <stdbool.h>

#include "common/settings.h"
#include "job.h"
#include "job_kind.h"
#include "redis_share.h"

struct batchers;
struct metrics;

/*
 * Starts the threads. `checkout_ignores_limit`: a user who has bought as many items as one may is
 * refused the next purchase, but not the checkout before it. NULL: not enough memory or threads;
 * the log says so.
 */
struct batchers *batchers_start(const struct settings *settings, bool checkout_ignores_limit,
                                struct metrics *metrics);

/* Ends them, once no job waits any more. Frees all. */
void batchers_stop(struct batchers *batchers);

/*
 * Submits a job, which job_begin() began, to the batchers of its kind, and returns. The job is
 * completed exactly once, by any thread, perhaps before this returns. Its decision is
 * OUTCOME_UNAVAILABLE where no batcher is connected, where none had time within worker.wait_ms_max
 * or will have it, by how long batches take lately, or where the database's answer was lost. Any
 * thread.
 */
void batchers_submit(struct batchers *batchers, struct job *job);

/* Rejects jobs that have waited since before `time_us` (clock_us()): nothing was decided about
   them. */
void batchers_expire(struct batchers *batchers, int64_t time_us);

/* Sets the gauges about batchers. One thread calls it now and then. */
void batchers_measure(struct batchers *batchers);

/* Whether each kind of jobs has a batcher that can decide it. Any thread. */
bool batchers_are_up(struct batchers *batchers) __attribute__((warn_unused_result));

/* Any thread. */
enum redis_state batchers_redis_state(struct batchers *batchers);

#endif
