#include "job_kind.h"

#include <assert.h>

#include "batch.h"
#include "fcgi/store/checkout_statement.h"
#include "fcgi/store/purchase_statement.h"

#define SET(name) (1U << OUTCOME_##name)

static_assert(OUTCOME_COUNT <= 32, "there is a bit for each outcome");

const struct job_kind_row job_kind_table[JOB_KINDS] = {
    [JOB_CHECKOUT] = {.name = "checkout",
                      .outcomes = SET(ACCEPTED) | SET(REPEATED) | SET(HELD) | SET(SOLD) |
                                  SET(SOLD_OUT) | SET(USER_LIMIT) | SET(HOLD_LIMIT) | SET(NOT_YET) |
                                  SET(SALE_CLOSED) | SET(UNKNOWN_ITEM) | SET(UNAVAILABLE),
                      .connect = checkout_statement_connect,
                      .open = checkout_batch_open,
                      .close = checkout_batch_close,
                      .decide = checkout_batch_decide},
    [JOB_PURCHASE] = {.name = "purchase",
                      .outcomes = SET(PURCHASED) | SET(REPEATED) | SET(USER_LIMIT) |
                                  SET(UNKNOWN_CODE) | SET(UNAVAILABLE),
                      .connect = purchase_statement_connect,
                      .open = purchase_batch_open,
                      .close = purchase_batch_close,
                      .decide = purchase_batch_decide},
};

const char *job_kind_name(enum job_kind kind)
{
    return job_kind_table[kind].name;
}

bool job_kind_may_end(enum job_kind kind, enum outcome outcome)
{
    return job_kind_table[kind].outcomes >> outcome & 1;
}
