#include "refusals.h"

#include <string.h>

#include "common/clock.h"

enum {
    /* The stream of a sale outlives it, by the worker's clock: that decides nothing. */
    KEEP_AFTER_SALE_MS = 60000,
    /* Redis's thread gets an open sale so often. */
    SHARE_MS = 1000
};

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

/* ---- sales ---- */

static const struct met_sale *find_sale(const struct refusals *refusals, int32_t sale_id)
{
    for (int i = 0; sale_id != 0 && i < REFUSAL_CACHE_SALES; i++)
        if (refusals->sales[i].sale_id == sale_id)
            return &refusals->sales[i];
    return NULL;
}

/* The sale's entry, or the one that was shared longest ago. */
static struct met_sale *entry_of(struct refusals *refusals, int32_t sale_id)
{
    struct met_sale *entry = &refusals->sales[0];
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++) {
        if (refusals->sales[i].sale_id == sale_id)
            return &refusals->sales[i];
        if (refusals->sales[i].shared_ms < entry->shared_ms)
            entry = &refusals->sales[i];
    }
    return entry;
}

/* Whether the sale that the decision names is the one that decided. */
static bool is_of_sale(const struct decision *decision)
{
    return decision->outcome == OUTCOME_ACCEPTED || decision->outcome == OUTCOME_REPEATED ||
           refusal_of(decision->outcome) != REFUSAL_NONE;
}

void refusals_meet_sale(struct refusals *refusals, const struct job *job, int64_t made_us)
{
    const struct decision *decision = &job->decision;
    if (job->checkout.item.sale_id == ITEM_ID_OPEN_SALE)
        refusals->newest_id = made_us != 0 ? decision->code.sale_id : 0;
    if (made_us == 0 || !is_of_sale(decision))
        return;
    int64_t now_ms = clock_ms();
    struct met_sale *sale = entry_of(refusals, decision->code.sale_id);
    if (sale->sale_id == decision->code.sale_id && sale->made_us == made_us &&
        now_ms - sale->shared_ms < SHARE_MS)
        return;
    *sale = (struct met_sale){decision->code.sale_id, made_us, now_ms};
    /* A sale may stay open beyond its end. */
    int64_t left_ms = (decision->sale_ends_us - decision->decided_us) / 1000;
    redis_share_open_sale(refusals->share, refusals->batcher, made_us,
                          (left_ms > 0 ? left_ms : 0) + KEEP_AFTER_SALE_MS);
}

/* ---- refusals ---- */

void refusals_look_up(const struct refusals *refusals, const struct job *job, struct known *known)
{
    const struct item_id *item = &job->checkout.item;
    int32_t sale_id = item->sale_id != ITEM_ID_OPEN_SALE ? item->sale_id : refusals->newest_id;
    const struct met_sale *sale = find_sale(refusals, sale_id);
    *known = (struct known){REFUSAL_NONE, INT64_MAX, sale ? sale->made_us : 0};
    if (sale)
        known->kind = refusal_cache_lookup(refusals->cache, sale->made_us, item->number,
                                           job->checkout.user.bytes, job->checkout.user.length,
                                           &known->until_us);
}

void refusals_learn(const struct refusals *refusals, enum refusal_kind kind, int64_t sale_made_us,
                    const struct decision *decision, struct span user)
{
    bool is_item = kind == REFUSAL_SOLD || kind == REFUSAL_HELD;
    if (kind == REFUSAL_NONE || sale_made_us == 0 || user.length > USER_BYTES_MAX ||
        (is_item && decision->code.number <= 0))
        return;
    struct refusal refusal = {.kind = kind, .sale_made_us = sale_made_us, .until_us = INT64_MAX};
    if (is_item)
        refusal.number = decision->code.number;
    if (kind == REFUSAL_HELD)
        refusal.until_us = decision->expires_us;
    if (kind == REFUSAL_HELD || kind == REFUSAL_USER_LIMIT) {
        refusal.user_length = (uint8_t)user.length;
        memcpy(refusal.user, user.bytes, user.length);
    }
    if (refusal_cache_put(refusals->cache, &refusal, REFUSAL_OF_BATCH))
        redis_share_put(refusals->share, refusals->batcher, &refusal);
}
