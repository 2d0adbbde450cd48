#include "batch.h"

#include <stdlib.h>

#include "common/clock.h"
#include "fcgi/metrics/metrics.h"

const char *const purchase_batch_statement =
    "SELECT ordinal, outcome, sale_id, number, user_id, purchased_at, buyer_purchases,"
    " sale_made_at, sale_ends_at, decided_at, name, price_cents, picture_seed, purchase_limit"
    " FROM flashsale.purchase_batch($1, $2, $3)";

const struct database_parameter purchase_batch_trial[PURCHASE_BATCH_PARAMETERS] = {
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT + 3] = 1),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = -1, -1, -1, -1),
    ARRAY_ONE(ARRAY_UUID, CODE_SECRET_BYTES, [ARRAY_ONE_AT] = 0)};

enum column {
    COLUMN_ORDINAL,
    COLUMN_OUTCOME,
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_USER_ID,
    COLUMN_PURCHASED_AT,
    COLUMN_BUYER_PURCHASES,
    COLUMN_SALE_MADE_AT,
    COLUMN_SALE_ENDS_AT,
    COLUMN_DECIDED_AT,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_PURCHASE_LIMIT
};

struct purchase_batch {
    struct metrics *metrics;
    struct refusals refusals;
    struct array sales, numbers, secrets;
};

struct purchase_batch *purchase_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals)
{
    struct purchase_batch *batch = calloc(1, sizeof *batch);
    int count = settings->batch.size_max;
    if (!batch || !array_new(&batch->sales, count, 4) || !array_new(&batch->numbers, count, 4) ||
        !array_new(&batch->secrets, count, CODE_SECRET_BYTES)) {
        purchase_batch_free(batch);
        return NULL;
    }
    batch->metrics = metrics;
    batch->refusals = *refusals;
    return batch;
}

void purchase_batch_free(struct purchase_batch *batch)
{
    if (!batch)
        return;
    array_free(&batch->sales);
    array_free(&batch->numbers);
    array_free(&batch->secrets);
    free(batch);
}

static void read_decision(const PGresult *result, int row, struct job *job)
{
    struct decision *decision = &job->decision;
    decision->outcome = outcome_named(PQgetvalue(result, row, COLUMN_OUTCOME),
                                      (size_t)PQgetlength(result, row, COLUMN_OUTCOME));
    if (decision->outcome == OUTCOME_COUNT)
        decision->outcome = OUTCOME_UNAVAILABLE;
    decision->code = job->code;
    database_text(result, row, COLUMN_USER_ID, decision->user, sizeof decision->user);
    decision->purchased_us = database_time_us(result, row, COLUMN_PURCHASED_AT);
    decision->buyer_purchases = database_int4(result, row, COLUMN_BUYER_PURCHASES);
    decision->sale_ends_us = database_time_us(result, row, COLUMN_SALE_ENDS_AT);
    decision->decided_us = database_time_us(result, row, COLUMN_DECIDED_AT);
    decision->purchase_limit = database_int4(result, row, COLUMN_PURCHASE_LIMIT);
    database_text(result, row, COLUMN_NAME, decision->name, sizeof decision->name);
    decision->price_cents = database_int4(result, row, COLUMN_PRICE_CENTS);
    decision->picture_seed = database_int8(result, row, COLUMN_PICTURE_SEED);
}

/* That the item is held may be known: now it is sold, and stays so. */
static void learn(const struct purchase_batch *batch, const PGresult *result, int row,
                  const struct decision *decision)
{
    if (decision->outcome == OUTCOME_PURCHASED)
        refusals_learn(&batch->refusals, REFUSAL_SOLD,
                       database_time_us(result, row, COLUMN_SALE_MADE_AT), decision, NULL, 0);
}

void purchase_batch_decide(struct purchase_batch *batch, struct database *database,
                           struct job **jobs, int count)
{
    array_begin(&batch->sales, ARRAY_INT4, count);
    array_begin(&batch->numbers, ARRAY_INT4, count);
    array_begin(&batch->secrets, ARRAY_UUID, count);
    for (int i = 0; i < count; i++) {
        array_add_int4(&batch->sales, jobs[i]->code.sale_id);
        array_add_int4(&batch->numbers, jobs[i]->code.number);
        array_add_bytes(&batch->secrets, jobs[i]->code.secret, CODE_SECRET_BYTES);
        jobs[i]->decision.outcome = OUTCOME_UNAVAILABLE;
    }
    const struct database_parameter parameters[] = {array_parameter(&batch->sales),
                                                    array_parameter(&batch->numbers),
                                                    array_parameter(&batch->secrets)};
    PGresult *result;
    int64_t began_us = clock_us();
    enum database_result done =
        database_call(database, 0, parameters, PURCHASE_BATCH_PARAMETERS, &result);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_PURCHASE, clock_us() - began_us);
    if (done != DATABASE_DONE)
        return;

    for (int i = 0; i < count; i++)
        jobs[i]->decision.outcome = OUTCOME_UNKNOWN_CODE; /* unless a row says otherwise */
    for (int row = 0; row < PQntuples(result); row++) {
        int index = database_int4(result, row, COLUMN_ORDINAL) - 1;
        if (index < 0 || index >= count)
            continue;
        read_decision(result, row, jobs[index]);
        learn(batch, result, row, &jobs[index]->decision);
    }
    PQclear(result);
}
