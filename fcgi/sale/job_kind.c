#include "job_kind.h"

#include <assert.h>

#define SET(name) (1U << OUTCOME_##name)

static_assert(OUTCOME_COUNT <= 32, "there is a bit for each outcome");

static const struct {
    const char *name;
    unsigned outcomes; /* a set */
} kinds[JOB_KINDS] = {
    [JOB_CHECKOUT] = {"checkout", SET(ACCEPTED) | SET(REPEATED) | SET(HELD) | SET(SOLD) |
                                      SET(SOLD_OUT) | SET(USER_LIMIT) | SET(SALE_CLOSED) |
                                      SET(UNKNOWN_ITEM) | SET(UNAVAILABLE)},
    [JOB_PURCHASE] = {"purchase", SET(PURCHASED) | SET(REPEATED) | SET(USER_LIMIT) |
                                      SET(UNKNOWN_CODE) | SET(UNAVAILABLE)},
};

const char *job_kind_name(enum job_kind kind)
{
    return kinds[kind].name;
}

bool job_kind_may_end(enum job_kind kind, enum outcome outcome)
{
    return kinds[kind].outcomes >> outcome & 1;
}
