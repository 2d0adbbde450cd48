/*
 * Batchers: group commit for requests. A batcher is a thread with a connection to PostgreSQL. It
 * takes all requests of its kind that wait, decides them in one transaction, has each answered, and
 * takes those that gathered meanwhile. What they learn of refusals all batchers share
 * (refusal_cache.h), and other workers through Redis (redis_share.h): no batcher waits for that.
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

/* Starts the threads. NULL: not enough memory or threads; the log says so. */
struct batchers *batchers_start(const struct settings *settings, struct metrics *metrics);

/* Ends them, once no request waits any more. Frees all. */
void batchers_stop(struct batchers *batchers);

/*
 * Asks for a decision on the job, and returns. Its decided() is called exactly once, by whichever
 * thread, perhaps before this returns. The decision is OUTCOME_UNAVAILABLE where no batcher is
 * connected, where none had time within worker.wait_ms_max or will have it, by how long batches
 * take lately, or where the answer of the database was lost. Any thread may ask.
 */
void batchers_submit(struct batchers *batchers, enum job_kind kind, struct job *job);

/* Turns those away that have waited since before `time_us` (clock_us()). */
void batchers_expire(struct batchers *batchers, int64_t time_us);

/* Sets the gauges about batchers. To be called now and then, by one thread. */
void batchers_measure(struct batchers *batchers);

/* Whether checkouts and purchases can be decided: each kind has a batcher that is up. Any thread.
 */
bool batchers_are_up(struct batchers *batchers) __attribute__((warn_unused_result));

/* Any thread. */
enum redis_state batchers_redis_state(struct batchers *batchers);

#endif
