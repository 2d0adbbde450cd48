#include "sale_status.h"

#include "connect.h"

static const char *const text =
    "SELECT sale_id, sale_status, starts_at, ends_at, server_time, items_total, purchase_limit,"
    " hold_s, stays_open, holds_max, draw_s, next_starts_at, items_held,"
    " checkouts_accepted, checkouts_repeated, checkouts_refused, purchases_accepted,"
    " purchases_refused FROM flashsale.sale_status()";

enum column {
    COLUMN_SALE_ID,
    COLUMN_STATUS,
    COLUMN_STARTS_AT,
    COLUMN_ENDS_AT,
    COLUMN_SERVER_TIME,
    COLUMN_ITEMS_TOTAL,
    COLUMN_PURCHASE_LIMIT,
    COLUMN_HOLD_S,
    COLUMN_STAYS_OPEN,
    COLUMN_HOLDS_MAX,
    COLUMN_DRAW_S,
    COLUMN_NEXT_STARTS_AT,
    COLUMN_ITEMS_HELD,
    COLUMN_CHECKOUTS_ACCEPTED,
    COLUMN_CHECKOUTS_REPEATED,
    COLUMN_CHECKOUTS_REFUSED,
    COLUMN_PURCHASES_ACCEPTED,
    COLUMN_PURCHASES_REFUSED
};

int64_t sale_status_seconds_left(const struct sale_status *status)
{
    int64_t left_us = status->sale_id > 0 ? status->ends_us - status->server_us : 0;
    return left_us > 0 ? left_us / 1000000 : 0;
}

int64_t sale_status_items_left(const struct sale_status *status)
{
    return status->items_total - status->purchases_accepted - status->items_held;
}

struct database *sale_status_connect(const struct settings *settings)
{
    static const struct statements statements = {.texts = &text, .count = 1};
    struct database *database = statements_connect(settings, "flashsale reader", &statements);
    if (database)
        database_begin(database);
    return database;
}

/* From the server's time until the sale ends or the next one begins, whichever comes first. */
static int64_t changes_in_us(const struct sale_status *status)
{
    const int64_t moments[] = {status->ends_us, status->next_starts_us};
    int64_t in_us = INT64_MAX;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t moment_in_us = moments[i] - status->server_us;
        if (moments[i] > 0 && moment_in_us > 0 && moment_in_us < in_us)
            in_us = moment_in_us;
    }
    return in_us;
}

bool sale_status_fetch(struct database *database, struct sale_status *status)
{
    PGresult *result;
    if (!database_ensure(database) || database_call(database, 0, NULL, 0, &result) != DATABASE_DONE)
        return false;
    *status = (struct sale_status){
        .sale_id = database_int4(result, 0, COLUMN_SALE_ID),
        .starts_us = database_time_us(result, 0, COLUMN_STARTS_AT),
        .ends_us = database_time_us(result, 0, COLUMN_ENDS_AT),
        .server_us = database_time_us(result, 0, COLUMN_SERVER_TIME),
        .items_total = database_int4(result, 0, COLUMN_ITEMS_TOTAL),
        .purchase_limit = database_int4(result, 0, COLUMN_PURCHASE_LIMIT),
        .hold_s = database_int4(result, 0, COLUMN_HOLD_S),
        .stays_open = database_bool(result, 0, COLUMN_STAYS_OPEN),
        .holds_max = database_int4(result, 0, COLUMN_HOLDS_MAX),
        .draw_s = database_int4(result, 0, COLUMN_DRAW_S),
        .next_starts_us = database_time_us(result, 0, COLUMN_NEXT_STARTS_AT),
        .items_held = database_int8(result, 0, COLUMN_ITEMS_HELD),
        .checkouts_accepted = database_int8(result, 0, COLUMN_CHECKOUTS_ACCEPTED),
        .checkouts_repeated = database_int8(result, 0, COLUMN_CHECKOUTS_REPEATED),
        .checkouts_refused = database_int8(result, 0, COLUMN_CHECKOUTS_REFUSED),
        .purchases_accepted = database_int8(result, 0, COLUMN_PURCHASES_ACCEPTED),
        .purchases_refused = database_int8(result, 0, COLUMN_PURCHASES_REFUSED)};
    database_text(result, 0, COLUMN_STATUS, status->status, sizeof status->status);
    status->changes_in_us = changes_in_us(status);
    PQclear(result);
    return true;
}
