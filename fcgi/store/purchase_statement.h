/*
 * The statement that decides a batch of purchases in one transaction: flashsale.purchase_batch().
 * It is one thread's own, allocates nothing once it is made, and is used as checkout_statement.h
 * shows.
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

/* What was decided about one purchase. Times are PostgreSQL's, in microseconds since 1970; 0:
   unknown. */
struct purchase_row {
    int element; /* which of the batch's, from 0 */
    enum outcome outcome;
    struct span user;     /* who has, or had, the item; to USER_BYTES_MAX bytes */
    int64_t purchased_us; /* 0: it is not sold */
    int32_t buyer_purchases;
    int64_t sale_made_us;
    int64_t sale_ends_us;
    int64_t decided_us;
    int32_t purchase_limit; /* 0: unknown */
    struct span name;       /* below ITEM_NAME_MAX bytes */
    int32_t price_cents;
    int64_t picture_seed;
};

struct purchase_statement;

/* Buffers for batch.size_max purchases. NULL: out of memory. */
struct purchase_statement *purchase_statement_new(const struct settings *settings);
void purchase_statement_free(struct purchase_statement *statement);

/* As checkout_statement_connect(). */
struct database *purchase_statement_connect(const struct settings *settings, const char *name);

/* Begins a batch of `count`, to batch.size_max, which the caller then adds: codes, in parts. */
void purchase_statement_begin(struct purchase_statement *statement, int count);
void purchase_statement_add(struct purchase_statement *statement, int32_t sale_id, int32_t number,
                            const uint8_t secret[SECRET_BYTES]);

/* Has the batch decided. False: it was not, or nobody knows (database_call()); there are no rows.
 */
bool purchase_statement_call(struct purchase_statement *statement, struct database *database)
    __attribute__((warn_unused_result));

/* The next of the rows, which come in any order; false: there is none left. A code that no item has
   gets none. What a row points to stays until purchase_statement_end(). */
bool purchase_statement_next(struct purchase_statement *statement, struct purchase_row *row)
    __attribute__((warn_unused_result));
void purchase_statement_end(struct purchase_statement *statement);

#endif
