/*
 * What can come of a checkout or a purchase: the enum flashsale.outcome of sql/deploy/schema.sql,
 * in its order, then "unavailable", which PostgreSQL never decides.
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
    OUTCOME_HOLD_LIMIT,
    OUTCOME_NOT_YET,
    OUTCOME_SALE_CLOSED,
    OUTCOME_UNKNOWN_ITEM,
    OUTCOME_PURCHASED,
    OUTCOME_UNKNOWN_CODE,
    OUTCOME_UNAVAILABLE, /* nothing was decided, or the decision is unknown */
    OUTCOME_COUNT
};

/* The outcome's name in the database, in replies and in metrics. Any thread. */
const char *outcome_name(enum outcome outcome);

/* The outcome with this name; OUTCOME_COUNT: there is none. Any thread. */
enum outcome outcome_named(const char *name, size_t length);

#endif
