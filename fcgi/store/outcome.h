/*
 * What PostgreSQL decides about a checkout or a purchase: the enum flashsale.outcome of
 * sql/deploy/schema.sql, in its order, and behind it "unavailable", which it never says.
 */
#ifndef FCGI_STORE_OUTCOME_H
#define FCGI_STORE_OUTCOME_H

#include <stddef.h>

enum outcome {
    OUTCOME_ACCEPTED,
    OUTCOME_REPEATED,
    OUTCOME_HELD,
    OUTCOME_SOLD,
    OUTCOME_SOLD_OUT,
    OUTCOME_USER_LIMIT,
    OUTCOME_SALE_CLOSED,
    OUTCOME_UNKNOWN_ITEM,
    OUTCOME_PURCHASED,
    OUTCOME_UNKNOWN_CODE,
    OUTCOME_UNAVAILABLE, /* nothing was decided, or nobody knows what */
    OUTCOME_COUNT
};

/* Its name in the database, in replies and in metrics. Any thread. */
const char *outcome_name(enum outcome outcome);

/* The outcome of that name; OUTCOME_COUNT where there is none. Any thread. */
enum outcome outcome_named(const char *name, size_t length);

#endif
