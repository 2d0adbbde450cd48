#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "fcgi/api/dialect.h"
#include "fcgi/metrics/metrics.h"

const char *const checkout_batch_statement =
    "SELECT ordinal, outcome, sale_id, number, secret, expires_at, sale_made_at, sale_ends_at,"
    " decided_at, name, price_cents, picture_seed, held_by, purchase_limit"
    " FROM flashsale.checkout_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/* Number -1: no item could have it, so none is locked. */
const struct database_parameter checkout_batch_trial[CHECKOUT_BATCH_PARAMETERS] = {
    ARRAY_ONE(ARRAY_TEXT, 1, [ARRAY_ONE_AT] = '-'),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = -1, -1, -1, -1),
    ARRAY_ONE(ARRAY_UUID, CODE_SECRET_BYTES, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT2, 2, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_TIMESTAMPTZ, 8, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_TIMESTAMPTZ, 8, [ARRAY_ONE_AT] = 0),
    {"", 1},
    {"", 1},
    {NULL, 0}};

enum column {
    COLUMN_ORDINAL,
    COLUMN_OUTCOME,
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_SECRET,
    COLUMN_EXPIRES_AT,
    COLUMN_SALE_MADE_AT,
    COLUMN_SALE_ENDS_AT,
    COLUMN_DECIDED_AT,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_HELD_BY,
    COLUMN_PURCHASE_LIMIT
};

struct checkout_batch {
    const struct settings *settings;
    struct metrics *metrics;
    struct array users, sales, numbers, secrets, known, known_until, known_sales, free_ids;
    uint8_t *random;        /* CODE_SECRET_BYTES for each job */
    struct known *known_of; /* one for each job */
    struct refusals refusals;
};

struct checkout_batch *checkout_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals)
{
    struct checkout_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    int count = settings->batch.size_max;
    batch->settings = settings;
    batch->metrics = metrics;
    batch->refusals = *refusals;
    batch->random = malloc((size_t)count * CODE_SECRET_BYTES);
    batch->known_of = calloc((size_t)count, sizeof *batch->known_of);
    if (!batch->random || !batch->known_of ||
        !array_new(&batch->users, count, PARAMETER_BYTES_MAX) ||
        !array_new(&batch->sales, count, 4) || !array_new(&batch->numbers, count, 4) ||
        !array_new(&batch->secrets, count, CODE_SECRET_BYTES) ||
        !array_new(&batch->known, count, 2) || !array_new(&batch->known_until, count, 8) ||
        !array_new(&batch->known_sales, count, 8) ||
        !array_new(&batch->free_ids, count, PARAMETER_BYTES_MAX)) {
        checkout_batch_free(batch);
        return NULL;
    }
    return batch;
}

void checkout_batch_free(struct checkout_batch *batch)
{
    if (!batch)
        return;
    array_free(&batch->users);
    array_free(&batch->sales);
    array_free(&batch->numbers);
    array_free(&batch->secrets);
    array_free(&batch->known);
    array_free(&batch->known_until);
    array_free(&batch->known_sales);
    array_free(&batch->free_ids);
    free(batch->random);
    free(batch->known_of);
    free(batch);
}

/* Fills `bytes` from the kernel's generator; false only where there is none. */
static bool fill_random(uint8_t *bytes, size_t count)
{
    for (size_t got = 0; got < count;) {
        ssize_t more = getrandom(bytes + got, count - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static void fill_arrays(struct checkout_batch *batch, struct job **jobs, int count)
{
    array_begin(&batch->users, ARRAY_TEXT, count);
    array_begin(&batch->sales, ARRAY_INT4, count);
    array_begin(&batch->numbers, ARRAY_INT4, count);
    array_begin(&batch->secrets, ARRAY_UUID, count);
    array_begin(&batch->known, ARRAY_INT2, count);
    array_begin(&batch->known_until, ARRAY_TIMESTAMPTZ, count);
    array_begin(&batch->known_sales, ARRAY_TIMESTAMPTZ, count);
    for (int i = 0; i < count; i++) {
        array_add_bytes(&batch->users, jobs[i]->user, jobs[i]->user_length);
        array_add_int4(&batch->sales, jobs[i]->code.sale_id);
        array_add_int4(&batch->numbers, jobs[i]->code.number);
        array_add_bytes(&batch->secrets, batch->random + (size_t)i * CODE_SECRET_BYTES,
                        CODE_SECRET_BYTES);
        array_add_int2(&batch->known, (int16_t)batch->known_of[i].kind);
        array_add_time_us(&batch->known_until, batch->known_of[i].until_us);
        array_add_time_us(&batch->known_sales, batch->known_of[i].made_us);
    }
}

/* NULL where no job has one. */
static struct database_parameter free_ids(struct checkout_batch *batch, struct job **jobs,
                                          int count)
{
    bool has_some = false;
    for (int i = 0; i < count && !has_some; i++)
        has_some = jobs[i]->free_id_length > 0;
    if (!has_some)
        return (struct database_parameter){NULL, 0};
    array_begin(&batch->free_ids, ARRAY_TEXT, count);
    for (int i = 0; i < count; i++)
        array_add_bytes(&batch->free_ids, jobs[i]->free_id, jobs[i]->free_id_length);
    return array_parameter(&batch->free_ids);
}

static PGresult *call(struct checkout_batch *batch, struct database *database, struct job **jobs,
                      int count)
{
    fill_arrays(batch, jobs, count);
    char unknown_is_any = batch->settings->sale.unknown_item == UNKNOWN_ITEM_ANY;
    char full_may_check_out = dialect_of(batch->settings)->full_may_check_out;
    const struct database_parameter parameters[] = {array_parameter(&batch->users),
                                                    array_parameter(&batch->sales),
                                                    array_parameter(&batch->numbers),
                                                    array_parameter(&batch->secrets),
                                                    array_parameter(&batch->known),
                                                    array_parameter(&batch->known_until),
                                                    array_parameter(&batch->known_sales),
                                                    {&unknown_is_any, 1},
                                                    {&full_may_check_out, 1},
                                                    free_ids(batch, jobs, count)};
    PGresult *result;
    int64_t began_us = clock_us();
    enum database_result done =
        database_call(database, 0, parameters, CHECKOUT_BATCH_PARAMETERS, &result);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_CHECKOUT, clock_us() - began_us);
    return done == DATABASE_DONE ? result : NULL;
}

static void read_decision(const PGresult *result, int row, struct decision *decision)
{
    decision->outcome = outcome_named(PQgetvalue(result, row, COLUMN_OUTCOME),
                                      (size_t)PQgetlength(result, row, COLUMN_OUTCOME));
    if (decision->outcome == OUTCOME_COUNT)
        decision->outcome = OUTCOME_UNAVAILABLE;
    decision->code.sale_id = database_int4(result, row, COLUMN_SALE_ID);
    decision->code.number = database_int4(result, row, COLUMN_NUMBER);
    decision->expires_us = database_time_us(result, row, COLUMN_EXPIRES_AT);
    decision->sale_ends_us = database_time_us(result, row, COLUMN_SALE_ENDS_AT);
    decision->decided_us = database_time_us(result, row, COLUMN_DECIDED_AT);
    decision->purchase_limit = database_int4(result, row, COLUMN_PURCHASE_LIMIT);
    if (decision->outcome != OUTCOME_ACCEPTED && decision->outcome != OUTCOME_REPEATED)
        return;
    memcpy(decision->code.secret, PQgetvalue(result, row, COLUMN_SECRET), CODE_SECRET_BYTES);
    database_text(result, row, COLUMN_NAME, decision->name, sizeof decision->name);
    decision->price_cents = database_int4(result, row, COLUMN_PRICE_CENTS);
    decision->picture_seed = database_int8(result, row, COLUMN_PICTURE_SEED);
}

/* Whether the job was refused for what was known: of that hold the rows say nothing more. */
static bool is_hit(const PGresult *result, int row, enum refusal_kind known,
                   enum refusal_kind refused_for)
{
    return known != REFUSAL_NONE && known == refused_for &&
           (known != REFUSAL_HELD || database_is_null(result, row, COLUMN_HELD_BY));
}

/* Learns what a refusal tells: about the one who holds the item, or else the one who asked. */
static void learn(struct checkout_batch *batch, const PGresult *result, int row,
                  const struct job *job, enum refusal_kind refused_for, int64_t made_us)
{
    const char *user = job->user;
    size_t user_length = job->user_length;
    if (refused_for == REFUSAL_HELD) {
        if (database_is_null(result, row, COLUMN_HELD_BY))
            return; /* any item was asked for */
        user = PQgetvalue(result, row, COLUMN_HELD_BY);
        user_length = (size_t)PQgetlength(result, row, COLUMN_HELD_BY);
    }
    refusals_learn(&batch->refusals, refused_for, made_us, &job->decision, user, user_length);
}

static void read_result(struct checkout_batch *batch, const PGresult *result, struct job **jobs,
                        int count)
{
    for (int row = 0; row < PQntuples(result); row++) {
        int index = database_int4(result, row, COLUMN_ORDINAL) - 1;
        if (index < 0 || index >= count)
            continue;
        struct job *job = jobs[index];
        read_decision(result, row, &job->decision);
        int64_t made_us = database_time_us(result, row, COLUMN_SALE_MADE_AT);
        refusals_meet_sale(&batch->refusals, job, made_us);
        enum refusal_kind refused_for = refusal_of(job->decision.outcome);
        enum refusal_kind known = batch->known_of[index].kind;
        if (is_hit(result, row, known, refused_for))
            metrics_add(batch->metrics, METRIC_REFUSALS_HIT, known, 0, 1);
        else if (refused_for != REFUSAL_NONE)
            learn(batch, result, row, job, refused_for, made_us);
    }
}

void checkout_batch_decide(struct checkout_batch *batch, struct database *database,
                           struct job **jobs, int count)
{
    for (int i = 0; i < count; i++)
        jobs[i]->decision.outcome = OUTCOME_UNAVAILABLE;

    if (redis_share_refuses_checkouts(batch->refusals.share))
        return;
    for (int i = 0; i < count; i++)
        refusals_look_up(&batch->refusals, jobs[i], &batch->known_of[i]);
    metrics_add(batch->metrics, METRIC_REFUSALS_LOOKED_UP, 0, 0, count);
    if (!fill_random(batch->random, (size_t)count * CODE_SECRET_BYTES)) {
        log_error("getrandom failed: no codes can be made");
        return;
    }
    PGresult *result = call(batch, database, jobs, count);
    if (!result)
        return;
    read_result(batch, result, jobs, count);
    PQclear(result);
}
