/*
 * One batch: what a batcher does with the jobs that it took. A kind's batch has its own file,
 * checkout_batch.c and purchase_batch.c.
 */
#ifndef FCGI_SALE_BATCH_H
#define FCGI_SALE_BATCH_H

#include <stdbool.h>

#include "common/settings.h"
#include "job.h"
#include "job_kind.h"
#include "refusals.h"

struct checkout_batch;
struct purchase_batch;
struct database;
struct metrics;

/* Buffers for batch.size_max jobs, for one batcher's thread. NULL: out of memory. */
struct checkout_batch *checkout_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals);
struct purchase_batch *purchase_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals);
void checkout_batch_free(struct checkout_batch *batch);
void purchase_batch_free(struct purchase_batch *batch);

/*
 * Decides all jobs in one transaction and fills in every decision: OUTCOME_UNAVAILABLE for all
 * of them where the connection was lost or the server refused, and for checkouts where Redis is
 * needed and out of reach. Refusals are learned from what refused a checkout, and from purchases,
 * so that what is known to be held becomes known to be sold.
 */
void checkout_batch_decide(struct checkout_batch *batch, struct database *database,
                           struct job **jobs, int count);
void purchase_batch_decide(struct purchase_batch *batch, struct database *database,
                           struct job **jobs, int count);

#endif
