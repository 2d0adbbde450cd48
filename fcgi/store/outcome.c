#include "outcome.h"

#include <string.h>

static const char *const names[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = "accepted",
    [OUTCOME_REPEATED] = "repeated",
    [OUTCOME_HELD] = "held",
    [OUTCOME_SOLD] = "sold",
    [OUTCOME_SOLD_OUT] = "sold_out",
    [OUTCOME_USER_LIMIT] = "user_limit",
    [OUTCOME_HOLD_LIMIT] = "hold_limit",
    [OUTCOME_NOT_YET] = "not_yet",
    [OUTCOME_SALE_CLOSED] = "sale_closed",
    [OUTCOME_UNKNOWN_ITEM] = "unknown_item",
    [OUTCOME_PURCHASED] = "purchased",
    [OUTCOME_UNKNOWN_CODE] = "unknown_code",
    [OUTCOME_UNAVAILABLE] = "unavailable",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

enum outcome outcome_named(const char *name, size_t length)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return (enum outcome)i;
    return OUTCOME_COUNT;
}
