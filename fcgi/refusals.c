#include "refusals.h"

#include <string.h>

/* The stream of a sale outlives it: a worker's clock sets this, and it decides nothing. */
enum { KEEP_AFTER_SALE_MS = 60000 };

enum refusal_kind refusal_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_HELD:
        return REFUSAL_HELD;
    case OUTCOME_SOLD:
    case OUTCOME_PURCHASED:
        return REFUSAL_SOLD;
    case OUTCOME_SOLD_OUT:
        return REFUSAL_SOLD_OUT;
    case OUTCOME_USER_LIMIT:
        return REFUSAL_USER_LIMIT;
    default:
        return REFUSAL_NONE;
    }
}

int64_t refusals_keep_ms(const struct verdict *verdict)
{
    /* A sale may stay open beyond its end. */
    int64_t left_ms = (verdict->sale_ends_us - verdict->decided_us) / 1000;
    return (left_ms > 0 ? left_ms : 0) + KEEP_AFTER_SALE_MS;
}

void refusals_learn(const struct refusals *refusals, enum refusal_kind kind, int64_t sale_made_us,
                    const struct verdict *verdict, const char *user, size_t user_length)
{
    bool is_item = kind == REFUSAL_SOLD || kind == REFUSAL_HELD;
    if (kind == REFUSAL_NONE || sale_made_us == 0 || user_length > PARAMETER_BYTES_MAX ||
        (is_item && verdict->code.number <= 0))
        return;
    struct refusal refusal = {.kind = kind, .sale_made_us = sale_made_us, .until_us = INT64_MAX};
    if (is_item)
        refusal.number = verdict->code.number;
    if (kind == REFUSAL_HELD)
        refusal.until_us = verdict->expires_us;
    if (kind == REFUSAL_HELD || kind == REFUSAL_USER_LIMIT) {
        refusal.user_length = (uint8_t)user_length;
        memcpy(refusal.user, user, user_length);
    }
    if (refusal_cache_put(refusals->cache, &refusal, REFUSAL_OF_BATCH))
        redis_share_put(refusals->share, refusals->batcher, &refusal);
}
