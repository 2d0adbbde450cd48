/*
 * The statement that decides a batch of checkouts in one transaction: flashsale.checkout_batch().
 * It is one thread's own, and allocates nothing once it is made.
 *
 *     checkout_statement_begin(statement, count);
 *     ... checkout_statement_add(statement, &element), `count` times
 *     if (checkout_statement_call(statement, database)) {
 *         while (checkout_statement_next(statement, &row))
 *             ...
 *         checkout_statement_end(statement);
 *     }
 */
#ifndef FCGI_STORE_CHECKOUT_STATEMENT_H
#define FCGI_STORE_CHECKOUT_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/span.h"
#include "limits.h"
#include "outcome.h"

struct database;

/* One checkout that is asked for. What it points to is copied. */
struct checkout_element {
    struct span user;       /* to USER_BYTES_MAX bytes */
    int32_t sale_id;        /* 0: of the newest that is open */
    int32_t number;         /* 0: any free item; -1: none that there is */
    struct span free_id;    /* where it names no item and such an id means any, to FREE_ID_BYTES_MAX
                               bytes; of none: it is none of these */
    const uint8_t *secret;  /* SECRET_BYTES for the code that it may get */
    int known;              /* why it is refused, as p_known has it; 0: nothing is known */
    int64_t known_until_us; /* since 1970; INT64_MAX: for ever */
    int64_t known_sale_made_us; /* of the sale that this is known of; 0: of none */
};

/* What was decided about one. Times are PostgreSQL's, in microseconds since 1970; 0: unknown. */
struct checkout_row {
    int element; /* which of the batch's, from 0 */
    enum outcome outcome;
    int32_t sale_id; /* of the item concerned, as far as it is known; 0 where not */
    int32_t number;
    int64_t expires_us;   /* when the hold ends */
    int64_t sale_made_us; /* 0: no sale decided */
    int64_t sale_ends_us;
    int64_t decided_us;
    int32_t purchase_limit; /* 0: unknown */
    struct span held_by;    /* who holds the item that was refused; NULL: that is not told */
    /* OUTCOME_ACCEPTED and OUTCOME_REPEATED alone: */
    const uint8_t *secret; /* SECRET_BYTES */
    struct span name;      /* below ITEM_NAME_MAX bytes */
    int32_t price_cents;
    int64_t picture_seed;
};

struct checkout_statement;

/*
 * Buffers for batch.size_max checkouts. `full_may_check_out`: whether who has bought all that one
 * may can check out all the same. NULL: out of memory.
 */
struct checkout_statement *checkout_statement_new(const struct settings *settings,
                                                  bool full_may_check_out);
void checkout_statement_free(struct checkout_statement *statement);

/* A connection that it can be called on, once database_ensure() says so; `name` as in database.h.
   NULL: out of memory. */
struct database *checkout_statement_connect(const struct settings *settings, const char *name);

/* Begins a batch of `count`, to batch.size_max, which the caller then adds. */
void checkout_statement_begin(struct checkout_statement *statement, int count);
void checkout_statement_add(struct checkout_statement *statement,
                            const struct checkout_element *element);

/* Has the batch decided. False: it was not, or nobody knows (database_call()); there are no rows.
 */
bool checkout_statement_call(struct checkout_statement *statement, struct database *database)
    __attribute__((warn_unused_result));

/* The next of the rows, which come in any order; false: there is none left. What a row points to
   stays until checkout_statement_end(). */
bool checkout_statement_next(struct checkout_statement *statement, struct checkout_row *row)
    __attribute__((warn_unused_result));
void checkout_statement_end(struct checkout_statement *statement);

#endif
