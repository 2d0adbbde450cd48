/*
 * A batch: jobs of one kind that one transaction decides. What a kind does with its batches is a
 * row of job_kind_table (job_kind.c), and a file: checkout_batch.c, purchase_batch.c.
 */
#ifndef FCGI_SALE_BATCH_H
#define FCGI_SALE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "job.h"
#include "refusals.h"

struct checkout_statement;
struct database;
struct metrics;
struct purchase_statement;

/* Buffers for batch.size_max jobs; one batcher's thread has them, and uses them for one batch after
   another. */
struct batch {
    struct metrics *metrics;
    struct refusals refusals;
    union { /* by the kind */
        struct {
            struct checkout_statement *statement;
            uint8_t *random;     /* CODE_SECRET_BYTES for each job */
            struct known *known; /* one for each job */
        } checkout;
        struct {
            struct purchase_statement *statement;
        } purchase;
    };
};

/* What batches are made from. */
struct batch_options {
    const struct settings *settings;
    struct metrics *metrics;
    struct refusals refusals;
    bool checkout_ignores_limit; /* batchers.h */
};

/* A connection that the kind's statement can be called on, as checkout_statement_connect(). */
typedef struct database *batch_connect(const struct settings *settings, const char *name);

/* Makes the buffers, in a batch that is zero. False: out of memory; batch_close() frees the rest.
 */
typedef bool batch_open(struct batch *batch, const struct batch_options *options);
typedef void batch_close(struct batch *batch);

/*
 * Decides the jobs, 1 to batch.size_max, in one transaction, and fills in their decisions, which
 * job_begin() made OUTCOME_UNAVAILABLE. They stay so where the connection was lost or the server
 * refused; checkouts also where Redis is needed and out of reach. The batch learns refusals from
 * checkouts that were refused, and from purchases: a hold that is known becomes a sale.
 */
typedef void batch_decide(struct batch *batch, struct database *database, struct job **jobs,
                          int count);

batch_open checkout_batch_open, purchase_batch_open;
batch_close checkout_batch_close, purchase_batch_close;
batch_decide checkout_batch_decide, purchase_batch_decide;

struct job_kind_row {
    const char *name;  /* as logs and metrics have it: a word */
    unsigned outcomes; /* a set: how such a job can end */
    batch_connect *connect;
    batch_open *open;
    batch_close *close;
    batch_decide *decide;
};

extern const struct job_kind_row job_kind_table[JOB_KINDS];

#endif
