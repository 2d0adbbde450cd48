#include "user_page.h"

#include "item_columns.h"
#include "reading.h"
#include "row.h"

const char user_page_statement[] =
    "SELECT " ITEM_COLUMNS ", secret, purchased_at, purchase_limit, purchases_total, holds_total,"
    " current_sale_id, bought, held, holds_max, opens_at, read_at FROM flashsale.read_user($1, $2, "
    "$3)";

enum column {
    COLUMN_SECRET = ITEM_COLUMN_COUNT,
    COLUMN_PURCHASED_AT,
    COLUMN_PURCHASE_LIMIT,
    COLUMN_PURCHASES_TOTAL,
    COLUMN_HOLDS_TOTAL,
    COLUMN_CURRENT_SALE_ID,
    COLUMN_BOUGHT,
    COLUMN_HELD,
    COLUMN_HOLDS_MAX,
    COLUMN_OPENS_AT,
    COLUMN_READ_AT
};

bool user_page_fetch(struct database *database, struct span user, int64_t offset, int32_t size,
                     struct user_page *page)
{
    char offset_bytes[8], size_bytes[4];
    const struct database_parameter parameters[] = {{user.bytes, (int)user.length},
                                                    database_int8_parameter(offset, offset_bytes),
                                                    database_int4_parameter(size, size_bytes)};
    *page = (struct user_page){.sale_id = 0};
    if (!reading_call(database, READ_USER, parameters, 3, &page->result))
        return false;
    const PGresult *result = page->result;
    if (PQntuples(result) == 0)
        return true;
    page->sale_id = database_int4(result, 0, COLUMN_CURRENT_SALE_ID);
    page->purchase_limit = database_int4(result, 0, COLUMN_PURCHASE_LIMIT);
    page->bought = database_int8(result, 0, COLUMN_BOUGHT);
    page->held = database_int8(result, 0, COLUMN_HELD);
    page->holds_max = database_int4(result, 0, COLUMN_HOLDS_MAX);
    page->opens_us = database_time_us(result, 0, COLUMN_OPENS_AT);
    page->purchases_total = database_int8(result, 0, COLUMN_PURCHASES_TOTAL);
    page->holds_total = database_int8(result, 0, COLUMN_HOLDS_TOTAL);
    page->read_us = database_time_us(result, 0, COLUMN_READ_AT);
    return true;
}

/* Whether the next row has an item that is bought, or held, as `is_bought` says. */
static bool is_next(const struct user_page *page, bool is_bought)
{
    return page->row < PQntuples(page->result) && item_columns_have_item(page->result, page->row) &&
           database_is_null(page->result, page->row, COLUMN_PURCHASED_AT) != is_bought;
}

bool user_page_next_purchase(struct user_page *page, struct user_purchase *purchase)
{
    if (!is_next(page, true))
        return false;
    int at = page->row++;
    item_columns_read(page->result, at, &purchase->item);
    purchase->purchased_us = database_time_us(page->result, at, COLUMN_PURCHASED_AT);
    return true;
}

bool user_page_next_hold(struct user_page *page, struct user_hold *hold)
{
    if (!is_next(page, false))
        return false;
    int at = page->row++;
    item_columns_read(page->result, at, &hold->item);
    hold->secret = row_secret(page->result, at, COLUMN_SECRET);
    return true;
}

void user_page_free(struct user_page *page)
{
    PQclear(page->result);
}
