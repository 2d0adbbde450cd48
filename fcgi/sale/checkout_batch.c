#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/store/checkout_statement.h"

struct checkout_batch {
    struct metrics *metrics;
    struct refusals refusals;
    struct checkout_statement *statement;
    uint8_t *random;        /* CODE_SECRET_BYTES for each job */
    struct known *known_of; /* one for each job */
};

/* Whether who has bought all that one may can check out all the same, and is refused the purchase:
   so it was with one of the earlier services (docs/MIGRATING.md). */
static bool full_may_check_out(const struct settings *settings)
{
    return settings->http.dialect == DIALECT_B;
}

struct checkout_batch *checkout_batch_new(const struct settings *settings, struct metrics *metrics,
                                          const struct refusals *refusals)
{
    struct checkout_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    size_t count = (size_t)settings->batch.size_max;
    batch->metrics = metrics;
    batch->refusals = *refusals;
    batch->statement = checkout_statement_new(settings, full_may_check_out(settings));
    batch->random = malloc(count * CODE_SECRET_BYTES);
    batch->known_of = calloc(count, sizeof *batch->known_of);
    if (!batch->statement || !batch->random || !batch->known_of) {
        checkout_batch_free(batch);
        return NULL;
    }
    return batch;
}

void checkout_batch_free(struct checkout_batch *batch)
{
    if (!batch)
        return;
    checkout_statement_free(batch->statement);
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

static void add_jobs(struct checkout_batch *batch, struct job **jobs, int count)
{
    checkout_statement_begin(batch->statement, count);
    for (int i = 0; i < count; i++) {
        const struct job *job = jobs[i];
        const struct known *known = &batch->known_of[i];
        const struct checkout_element element = {.user = {job->user, job->user_length},
                                                 .sale_id = job->code.sale_id,
                                                 .number = job->code.number,
                                                 .free_id = {job->free_id, job->free_id_length},
                                                 .secret =
                                                     batch->random + (size_t)i * CODE_SECRET_BYTES,
                                                 .known = (int)known->kind,
                                                 .known_until_us = known->until_us,
                                                 .known_sale_made_us = known->made_us};
        checkout_statement_add(batch->statement, &element);
    }
}

static void fill_decision(struct decision *decision, const struct checkout_row *row)
{
    decision->outcome = row->outcome;
    decision->code.sale_id = row->sale_id;
    decision->code.number = row->number;
    decision->expires_us = row->expires_us;
    decision->sale_ends_us = row->sale_ends_us;
    decision->decided_us = row->decided_us;
    decision->purchase_limit = row->purchase_limit;
    if (!row->secret)
        return;
    memcpy(decision->code.secret, row->secret, CODE_SECRET_BYTES);
    span_copy(row->name, decision->name, sizeof decision->name);
    decision->price_cents = row->price_cents;
    decision->picture_seed = row->picture_seed;
}

/* Whether the job was refused for what was known: of that hold the rows say nothing more. */
static bool is_hit(const struct checkout_row *row, enum refusal_kind known,
                   enum refusal_kind refused_for)
{
    return known != REFUSAL_NONE && known == refused_for &&
           (known != REFUSAL_HELD || !row->held_by.bytes);
}

/* Learns what a refusal tells: about the one who holds the item, or else the one who asked. */
static void learn(struct checkout_batch *batch, const struct checkout_row *row,
                  const struct job *job, enum refusal_kind refused_for)
{
    struct span user = {job->user, job->user_length};
    if (refused_for == REFUSAL_HELD) {
        if (!row->held_by.bytes)
            return; /* any item was asked for */
        user = row->held_by;
    }
    refusals_learn(&batch->refusals, refused_for, row->sale_made_us, &job->decision, user.bytes,
                   user.length);
}

static void read_row(struct checkout_batch *batch, const struct checkout_row *row, struct job *job)
{
    fill_decision(&job->decision, row);
    refusals_meet_sale(&batch->refusals, job, row->sale_made_us);
    enum refusal_kind refused_for = refusal_of(job->decision.outcome);
    enum refusal_kind known = batch->known_of[row->element].kind;
    if (is_hit(row, known, refused_for))
        metrics_add(batch->metrics, METRIC_REFUSALS_HIT, known, 0, 1);
    else if (refused_for != REFUSAL_NONE)
        learn(batch, row, job, refused_for);
}

static bool call(struct checkout_batch *batch, struct database *database)
{
    int64_t began_us = clock_us();
    bool good = checkout_statement_call(batch->statement, database);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_CHECKOUT, clock_us() - began_us);
    return good;
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
    add_jobs(batch, jobs, count);
    if (!call(batch, database))
        return;
    struct checkout_row row;
    while (checkout_statement_next(batch->statement, &row))
        read_row(batch, &row, jobs[row.element]);
    checkout_statement_end(batch->statement);
}
