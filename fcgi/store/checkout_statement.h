/*
 * The statement that decides a batch of checkouts in one transaction: flashsale.checkout_batch().
 * One thread uses it; it allocates nothing after checkout_statement_new().
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

/* A requested checkout. What it points to is copied. */
struct checkout_element {
    struct span user;        /* at most USER_BYTES_MAX bytes */
    int32_t sale_id;         /* 0: the newest open sale */
    int32_t number;          /* 0: any free item; -1: a number that no item has */
    struct span wildcard_id; /* a wildcard id, at most WILDCARD_ID_BYTES_MAX bytes; empty: the id is
                            not one. Read only if sale.unknown_item is "any" */
    const uint8_t *secret;   /* SECRET_BYTES, for the code if it is accepted */
    int known;               /* p_known: why it is to be refused; 0: nothing is known */
    int64_t known_until_us;  /* since 1970; INT64_MAX: for ever */
    int64_t known_sale_made_us; /* when the sale that `known` is about was made; 0: nothing known */
};

/* A decision. Times are PostgreSQL's, in microseconds since 1970; 0: unknown. */
struct checkout_row {
    int element; /* index in the batch, from 0 */
    enum outcome outcome;
    int32_t sale_id;      /* of the item concerned; 0: unknown */
    int32_t number;       /* likewise */
    int64_t expires_us;   /* when the hold ends */
    int64_t sale_made_us; /* 0: no sale was concerned */
    int64_t sale_ends_us;
    int64_t decided_us;
    int32_t purchase_limit; /* 0: unknown */
    struct span held_by;    /* who holds the item; NULL: unknown */
    /* Only for OUTCOME_ACCEPTED and OUTCOME_REPEATED: */
    const uint8_t *secret; /* SECRET_BYTES */
    struct span name;      /* below ITEM_NAME_MAX bytes */
    int32_t price_cents;
    int64_t picture_seed;
};

struct checkout_statement;

/*
 * Allocates buffers for batch.size_max checkouts. `checkout_ignores_limit`: whether a user at the
 * purchase limit can still check out. NULL: out of memory.
 */
struct checkout_statement *checkout_statement_new(const struct settings *settings,
                                                  bool checkout_ignores_limit);
void checkout_statement_free(struct checkout_statement *statement);

/* Makes a connection for checkout_statement_call(); it connects in database_ensure(). `name` is as
   in database.h. NULL: out of memory. */
struct database *checkout_statement_connect(const struct settings *settings, const char *name);

/* Begins a batch of `count` checkouts, at most batch.size_max. The caller then adds exactly that
   many. */
void checkout_statement_begin(struct checkout_statement *statement, int count);
void checkout_statement_add(struct checkout_statement *statement,
                            const struct checkout_element *element);

/* Has PostgreSQL decide the batch. False: it did not, or the outcome is unknown (database_call());
   there are no rows, and nothing to end. */
bool checkout_statement_call(struct checkout_statement *statement, struct database *database)
    __attribute__((warn_unused_result));

/* The next row, in no particular order; false: there are no more. What a row points to is valid
   until checkout_statement_end(). */
bool checkout_statement_next(struct checkout_statement *statement, struct checkout_row *row)
    __attribute__((warn_unused_result));
void checkout_statement_end(struct checkout_statement *statement);

#endif
