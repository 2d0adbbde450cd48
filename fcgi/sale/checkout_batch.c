#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/store/checkout_statement.h"

bool checkout_batch_open(struct batch *batch, const struct batch_options *options)
{
    size_t count = (size_t)options->settings->batch.size_max;
    batch->metrics = options->metrics;
    batch->refusals = options->refusals;
    batch->checkout.statement =
        checkout_statement_new(options->settings, options->checkout_ignores_limit);
    batch->checkout.random = malloc(count * CODE_SECRET_BYTES);
    batch->checkout.known = calloc(count, sizeof *batch->checkout.known);
    return batch->checkout.statement && batch->checkout.random && batch->checkout.known;
}

void checkout_batch_close(struct batch *batch)
{
    checkout_statement_free(batch->checkout.statement);
    free(batch->checkout.random);
    free(batch->checkout.known);
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

static void add_jobs(struct batch *batch, struct job **jobs, int count)
{
    checkout_statement_begin(batch->checkout.statement, count);
    for (int i = 0; i < count; i++) {
        const struct job *job = jobs[i];
        const struct known *known = &batch->checkout.known[i];
        const struct checkout_element element = {.user = job->checkout.user,
                                                 .sale_id = job->checkout.item.sale_id,
                                                 .number = job->checkout.item.number,
                                                 .wildcard_id = job->checkout.wildcard_id,
                                                 .secret = batch->checkout.random +
                                                           (size_t)i * CODE_SECRET_BYTES,
                                                 .known = (int)known->kind,
                                                 .known_until_us = known->until_us,
                                                 .known_sale_made_us = known->made_us};
        checkout_statement_add(batch->checkout.statement, &element);
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

/* Whether the job was refused for what was known. Of a hold that was known a row has no holder. */
static bool is_hit(const struct checkout_row *row, enum refusal_kind known,
                   enum refusal_kind refused_for)
{
    return known != REFUSAL_NONE && known == refused_for &&
           (known != REFUSAL_HELD || !row->held_by.bytes);
}

/* Learns from a refusal: about the user who holds the item, or else the user who was refused. */
static void learn(const struct batch *batch, const struct checkout_row *row, const struct job *job,
                  enum refusal_kind refused_for)
{
    struct span user = job->checkout.user;
    if (refused_for == REFUSAL_HELD) {
        if (!row->held_by.bytes)
            return; /* any item would have done */
        user = row->held_by;
    }
    refusals_learn(&batch->refusals, refused_for, row->sale_made_us, &job->decision, user);
}

static void read_row(struct batch *batch, const struct checkout_row *row, struct job *job)
{
    if (!CHECK(job->decision.outcome == OUTCOME_UNAVAILABLE))
        return; /* it is decided already */
    fill_decision(&job->decision, row);
    refusals_meet_sale(&batch->refusals, job, row->sale_made_us);
    enum refusal_kind refused_for = refusal_of(job->decision.outcome);
    enum refusal_kind known = batch->checkout.known[row->element].kind;
    if (is_hit(row, known, refused_for))
        metrics_add(batch->metrics, METRIC_REFUSALS_HIT, known, 0, 1);
    else if (refused_for != REFUSAL_NONE)
        learn(batch, row, job, refused_for);
}

static bool call(struct batch *batch, struct database *database)
{
    int64_t began_us = clock_us();
    bool good = checkout_statement_call(batch->checkout.statement, database);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, JOB_CHECKOUT, clock_us() - began_us);
    return good;
}

void checkout_batch_decide(struct batch *batch, struct database *database, struct job **jobs,
                           int count)
{
    if (redis_share_refuses_checkouts(batch->refusals.share))
        return;
    for (int i = 0; i < count; i++)
        refusals_look_up(&batch->refusals, jobs[i], &batch->checkout.known[i]);
    metrics_add(batch->metrics, METRIC_REFUSALS_LOOKED_UP, 0, 0, count);
    if (!fill_random(batch->checkout.random, (size_t)count * CODE_SECRET_BYTES)) {
        log_error("getrandom failed: no codes can be made");
        return;
    }
    add_jobs(batch, jobs, count);
    if (!call(batch, database))
        return;
    struct checkout_row row;
    while (checkout_statement_next(batch->checkout.statement, &row))
        read_row(batch, &row, jobs[row.element]);
    checkout_statement_end(batch->checkout.statement);
}
