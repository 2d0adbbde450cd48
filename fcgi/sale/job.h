/*
 * A request that waits for a decision, then the decision. A job is part of the connection that the
 * request came on. From batchers_submit() on it belongs to a batcher, until job_complete().
 */
#ifndef FCGI_SALE_JOB_H
#define FCGI_SALE_JOB_H

#include <stdint.h>

#include "catalog/item.h"
#include "code.h"
#include "common/span.h"
#include "fcgi/store/limits.h"
#include "fcgi/store/outcome.h"
#include "item_id.h"
#include "job_kind.h"

/* Times are PostgreSQL's, in microseconds since 1970. */
struct decision {
    enum outcome outcome; /* OUTCOME_UNAVAILABLE: nothing was decided, or nobody knows what */
    struct code code;     /* of the item concerned, as far as it is known; 0 where not */
    int64_t expires_us;   /* when the hold ends; 0: unknown */
    int64_t sale_ends_us;
    int purchase_limit; /* of the sale; 0: unknown */
    int64_t decided_us;
    /* Where the item is, or became, the user's: */
    char name[ITEM_NAME_MAX];
    int price_cents;
    int64_t picture_seed;
    /* Purchases: */
    char user[USER_BYTES_MAX + 1];
    int64_t purchased_us;
    int buyer_purchases;
};

struct job {
    struct job *next;  /* in a queue */
    int64_t queued_us; /* since when, by clock_us() */
    enum job_kind kind;
    union { /* what the request wants; spans are the request's */
        struct {
            struct span user; /* 1 to USER_BYTES_MAX bytes */
            struct item_id item;
            struct span
                wildcard_id; /* an id that names no item and means any (sale.unknown_item), to
                            WILDCARD_ID_BYTES_MAX bytes; of none where the id is another */
        } checkout;
        struct {
            struct code code;
        } purchase;
    };
    struct decision decision;
    /* Replies. Called once, by any thread, and takes the job back; NULL: it was called. */
    void (*complete)(struct job *job);
};

/* Makes a new job in the memory of an earlier one, of which nothing is left: what the request wants
   is zero, and the decision OUTCOME_UNAVAILABLE. */
void job_begin(struct job *job, enum job_kind kind, void (*complete)(struct job *job));

/* Gives the job back, with its decision. A second time is a fault of the program (check.h), and
   without effect. */
void job_complete(struct job *job);

#endif
