#include "batch.h"

#include "common/check.h"
#include "common/clock.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/store/purchase_statement.h"

bool purchase_batch_open(struct batch *batch, const struct batch_options *options)
{
    batch->metrics = options->metrics;
    batch->refusals = options->refusals;
    batch->purchase.statement = purchase_statement_new(options->settings);
    return batch->purchase.statement != NULL;
}

void purchase_batch_close(struct batch *batch)
{
    purchase_statement_free(batch->purchase.statement);
}

static void add_jobs(struct batch *batch, struct job **jobs, int count)
{
    purchase_statement_begin(batch->purchase.statement, count);
    for (int i = 0; i < count; i++) {
        const struct code *code = &jobs[i]->purchase.code;
        purchase_statement_add(batch->purchase.statement, code->sale_id, code->number,
                               code->secret);
    }
}

static void fill_decision(struct job *job, const struct purchase_row *row)
{
    struct decision *decision = &job->decision;
    decision->outcome = row->outcome;
    decision->code = job->purchase.code;
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

static void read_row(struct batch *batch, const struct purchase_row *row, struct job *job)
{
    if (!CHECK(job->decision.outcome == OUTCOME_UNKNOWN_CODE))
        return; /* it is decided already */
    fill_decision(job, row);
    /* The hold may be known: now the item is sold, and stays so. */
    if (row->outcome == OUTCOME_PURCHASED)
        refusals_learn(&batch->refusals, REFUSAL_SOLD, row->sale_made_us, &job->decision,
                       (struct span){0});
}

static bool call(struct batch *batch, struct database *database)
{
    int64_t began_us = clock_us();
    bool good = purchase_statement_call(batch->purchase.statement, database);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_PURCHASE, clock_us() - began_us);
    return good;
}

void purchase_batch_decide(struct batch *batch, struct database *database, struct job **jobs,
                           int count)
{
    add_jobs(batch, jobs, count);
    if (!call(batch, database))
        return;
    for (int i = 0; i < count; i++)
        jobs[i]->decision.outcome = OUTCOME_UNKNOWN_CODE; /* of a code without a row */
    struct purchase_row row;
    while (purchase_statement_next(batch->purchase.statement, &row))
        read_row(batch, &row, jobs[row.element]);
    purchase_statement_end(batch->purchase.statement);
}
