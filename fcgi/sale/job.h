/*
 * A request's place in a batch: what is asked, and the decision. It is part of the connection that
 * the request came on; from batchers_submit() on it is a batcher's, until the batcher gives it
 * back.
 */
#ifndef FCGI_SALE_JOB_H
#define FCGI_SALE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/item.h"
#include "code.h"
#include "fcgi/store/limits.h"
#include "fcgi/store/outcome.h"

/* What was decided. Times are PostgreSQL's, in microseconds since 1970. */
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
    const char *user;  /* checkouts: the user, not terminated */
    size_t user_length;
    const char *free_id;   /* checkouts: the id, where it names no item and that may mean any, */
    size_t free_id_length; /* not terminated; 0: it is none of these */
    struct code code;      /* checkouts: which item, and random bits for its code;
                              purchases: the code */
    struct decision decision;
    /* Called once, by any thread, when the decision is there. Takes the job back; NULL: it has. */
    void (*decided)(struct job *job);
};

/* The decision is there: gives the job back. A second time is a fault of the program (check.h), and
   without effect. */
void job_complete(struct job *job);

#endif
