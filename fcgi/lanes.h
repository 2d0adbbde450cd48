/*
 * Lanes: group commit for requests. A lane is a thread with a connection to PostgreSQL. It takes
 * all requests of its kind that wait, decides them in one transaction, has each answered, and takes
 * those that gathered meanwhile. What they learn of refusals all lanes share (refusal_cache.h), and
 * other workers through Redis (redis_share.h): no lane waits for that.
 */
#ifndef FCGI_LANES_H
#define FCGI_LANES_H

#include <stdbool.h>

#include "common/settings.h"
#include "redis_share.h"
#include "ticket.h"

enum lane_kind { LANE_CHECKOUT, LANE_PURCHASE, LANE_KINDS };

struct lanes;
struct metrics;

/* Starts the threads. NULL: not enough memory or threads; the log says so. */
struct lanes *lanes_start(const struct settings *settings, struct metrics *metrics);

/* Ends them, once no request waits any more. Frees all. */
void lanes_stop(struct lanes *lanes);

/*
 * Asks for a verdict on the ticket, and returns. Its decided() is called exactly once, by whichever
 * thread, perhaps before this returns. The verdict is OUTCOME_UNAVAILABLE where no lane is
 * connected, where none had time within worker.wait_ms_max or will have it, by how long batches
 * take lately, or where the answer of the database was lost. Any thread may ask.
 */
void lanes_ask(struct lanes *lanes, enum lane_kind kind, struct ticket *ticket);

/* Turns those away that have waited since before `time_us` (clock_us()). */
void lanes_expire(struct lanes *lanes, int64_t time_us);

/* Sets the gauges about lanes. To be called now and then, by one thread. */
void lanes_measure(struct lanes *lanes);

/* Whether checkouts and purchases can be decided: each kind has a lane that is up. Any thread. */
bool lanes_are_up(struct lanes *lanes) __attribute__((warn_unused_result));

/* Any thread. */
enum redis_state lanes_redis_state(struct lanes *lanes);

#endif
