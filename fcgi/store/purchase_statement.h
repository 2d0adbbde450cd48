/*
 * The statement that decides a batch of purchases in one transaction: flashsale.purchase_batch().
 * One thread uses it, as checkout_statement.h shows; it allocates nothing after
 * purchase_statement_new().
 */
#ifndef FCGI_STORE_PURCHASE_STATEMENT_H
#define FCGI_STORE_PURCHASE_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/span.h"
#include "limits.h"
#include "outcome.h"

struct database;

/* A decision. Times are PostgreSQL's, in microseconds since 1970; 0: unknown. */
struct purchase_row {
    int element; /* index in the batch, from 0 */
    enum outcome outcome;
    struct span user;        /* who has, or had, the item; at most USER_BYTES_MAX bytes */
    int64_t purchased_us;    /* 0: the item is not sold */
    int32_t buyer_purchases; /* how many items of the sale the user has bought */
    int64_t sale_made_us;
    int64_t sale_ends_us;
    int64_t decided_us;
    int32_t purchase_limit; /* 0: unknown */
    struct span name;       /* below ITEM_NAME_MAX bytes */
    int32_t price_cents;
    int64_t picture_seed;
};

struct purchase_statement;

/* Allocates buffers for batch.size_max purchases. NULL: out of memory. */
struct purchase_statement *purchase_statement_new(const struct settings *settings);
void purchase_statement_free(struct purchase_statement *statement);

/* As checkout_statement_connect(). */
struct database *purchase_statement_connect(const struct settings *settings, const char *name);

/* Begins a batch of `count` purchases, at most batch.size_max. The caller then adds exactly that
   many: the parts of a code each. */
void purchase_statement_begin(struct purchase_statement *statement, int count);
void purchase_statement_add(struct purchase_statement *statement, int32_t sale_id, int32_t number,
                            const uint8_t secret[SECRET_BYTES]);

/* Has PostgreSQL decide the batch. False: it did not, or the outcome is unknown (database_call());
   there are no rows, and nothing to end. */
bool purchase_statement_call(struct purchase_statement *statement, struct database *database)
    __attribute__((warn_unused_result));

/* The next row, in no particular order; false: there are no more. A code that no item has gets no
   row. What a row points to is valid until purchase_statement_end(). */
bool purchase_statement_next(struct purchase_statement *statement, struct purchase_row *row)
    __attribute__((warn_unused_result));
void purchase_statement_end(struct purchase_statement *statement);

#endif
