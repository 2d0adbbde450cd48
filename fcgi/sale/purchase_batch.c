#include "batch.h"

#include <stdlib.h>

#include "common/clock.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/store/purchase_statement.h"

struct purchase_batch {
    struct metrics *metrics;
    struct refusals refusals;
    struct purchase_statement *statement;
};

struct purchase_batch *purchase_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals)
{
    struct purchase_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    batch->metrics = metrics;
    batch->refusals = *refusals;
    batch->statement = purchase_statement_new(settings);
    if (!batch->statement) {
        purchase_batch_free(batch);
        return NULL;
    }
    return batch;
}

void purchase_batch_free(struct purchase_batch *batch)
{
    if (!batch)
        return;
    purchase_statement_free(batch->statement);
    free(batch);
}

static void add_jobs(struct purchase_batch *batch, struct job **jobs, int count)
{
    purchase_statement_begin(batch->statement, count);
    for (int i = 0; i < count; i++) {
        const struct code *code = &jobs[i]->code;
        purchase_statement_add(batch->statement, code->sale_id, code->number, code->secret);
    }
}

static void fill_decision(struct job *job, const struct purchase_row *row)
{
    struct decision *decision = &job->decision;
    decision->outcome = row->outcome;
    decision->code = job->code;
    span_copy(row->user, decision->user, sizeof decision->user);
    decision->purchased_us = row->purchased_us;
    decision->buyer_purchases = row->buyer_purchases;
    decision->sale_ends_us = row->sale_ends_us;
    decision->decided_us = row->decided_us;
    decision->purchase_limit = row->purchase_limit;
    span_copy(row->name, decision->name, sizeof decision->name);
    decision->price_cents = row->price_cents;
    decision->picture_seed = row->picture_seed;
}

/* That the item is held may be known: now it is sold, and stays so. */
static void learn(const struct purchase_batch *batch, const struct purchase_row *row,
                  const struct decision *decision)
{
    if (decision->outcome == OUTCOME_PURCHASED)
        refusals_learn(&batch->refusals, REFUSAL_SOLD, row->sale_made_us, decision, NULL, 0);
}

static bool call(struct purchase_batch *batch, struct database *database)
{
    int64_t began_us = clock_us();
    bool good = purchase_statement_call(batch->statement, database);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_PURCHASE, clock_us() - began_us);
    return good;
}

void purchase_batch_decide(struct purchase_batch *batch, struct database *database,
                           struct job **jobs, int count)
{
    for (int i = 0; i < count; i++)
        jobs[i]->decision.outcome = OUTCOME_UNAVAILABLE;
    add_jobs(batch, jobs, count);
    if (!call(batch, database))
        return;

    for (int i = 0; i < count; i++)
        jobs[i]->decision.outcome = OUTCOME_UNKNOWN_CODE; /* unless a row says otherwise */
    struct purchase_row row;
    while (purchase_statement_next(batch->statement, &row)) {
        struct job *job = jobs[row.element];
        fill_decision(job, &row);
        learn(batch, &row, &job->decision);
    }
    purchase_statement_end(batch->statement);
}
