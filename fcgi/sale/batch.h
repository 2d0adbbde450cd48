/*
 * One batch: what a batcher does with the jobs that it took. A kind's batch has its own file,
 * checkout_batch.c and purchase_batch.c.
 */
#ifndef FCGI_SALE_BATCH_H
#define FCGI_SALE_BATCH_H

#include <stdbool.h>

#include "common/array.h"
#include "common/settings.h"
#include "job.h"
#include "job_kind.h"
#include "refusals.h"

struct checkout_batch;
struct purchase_batch;
struct metrics;

/* Buffers for batch.size_max jobs, for one batcher's thread. NULL: out of memory. */
struct checkout_batch *checkout_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals);
struct purchase_batch *purchase_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals);
void checkout_batch_free(struct checkout_batch *batch);
void purchase_batch_free(struct purchase_batch *batch);

/* The statement that decides a batch, to be prepared as number 0 of the batcher's connection. */
extern const char *const checkout_batch_statement;
extern const char *const purchase_batch_statement;

/* What a new connection tries it with: a batch of one that is refused, and logged. */
enum { CHECKOUT_BATCH_PARAMETERS = 10, PURCHASE_BATCH_PARAMETERS = 3 };
extern const struct database_parameter checkout_batch_trial[CHECKOUT_BATCH_PARAMETERS];
extern const struct database_parameter purchase_batch_trial[PURCHASE_BATCH_PARAMETERS];

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
