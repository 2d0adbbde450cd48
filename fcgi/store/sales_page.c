#include "sales_page.h"

#include "reading.h"

const char sales_page_statement[] =
    "SELECT sale_id, sale_status, starts_at, ends_at, items_total, items_sold, purchase_limit,"
    " hold_s, holds_max, draw_s, total FROM flashsale.read_sales($1, $2)";

enum column {
    COLUMN_SALE_ID,
    COLUMN_STATUS,
    COLUMN_STARTS_AT,
    COLUMN_ENDS_AT,
    COLUMN_ITEMS_TOTAL,
    COLUMN_ITEMS_SOLD,
    COLUMN_PURCHASE_LIMIT,
    COLUMN_HOLD_S,
    COLUMN_HOLDS_MAX,
    COLUMN_DRAW_S,
    COLUMN_TOTAL
};

bool sales_page_fetch(struct database *database, int64_t offset, int32_t size,
                      struct sales_page *page)
{
    char offset_bytes[8], size_bytes[4];
    const struct database_parameter parameters[] = {database_int8_parameter(offset, offset_bytes),
                                                    database_int4_parameter(size, size_bytes)};
    *page = (struct sales_page){.total = 0};
    if (!reading_call(database, READ_SALES, parameters, 2, &page->result))
        return false;
    if (PQntuples(page->result) > 0)
        page->total = database_int8(page->result, 0, COLUMN_TOTAL);
    return true;
}

bool sales_page_next(struct sales_page *page, struct sale_row *sale)
{
    const PGresult *result = page->result;
    int at = page->row;
    /* An empty page is one row without a sale. */
    if (at >= PQntuples(result) || database_is_null(result, at, COLUMN_SALE_ID))
        return false;
    page->row++;
    sale->sale_id = database_int4(result, at, COLUMN_SALE_ID);
    database_text(result, at, COLUMN_STATUS, sale->status, sizeof sale->status);
    sale->starts_us = database_time_us(result, at, COLUMN_STARTS_AT);
    sale->ends_us = database_time_us(result, at, COLUMN_ENDS_AT);
    sale->items_total = database_int4(result, at, COLUMN_ITEMS_TOTAL);
    sale->items_sold = database_int8(result, at, COLUMN_ITEMS_SOLD);
    sale->purchase_limit = database_int4(result, at, COLUMN_PURCHASE_LIMIT);
    sale->hold_s = database_int4(result, at, COLUMN_HOLD_S);
    sale->holds_max = database_int4(result, at, COLUMN_HOLDS_MAX);
    sale->draw_s = database_int4(result, at, COLUMN_DRAW_S);
    return true;
}

void sales_page_free(struct sales_page *page)
{
    PQclear(page->result);
}
