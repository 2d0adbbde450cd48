#include "items_page.h"

#include "item_columns.h"
#include "reading.h"

const char items_page_statement[] =
    "SELECT " ITEM_COLUMNS ", total FROM flashsale.read_items($1, $2, $3, $4)";

enum { COLUMN_TOTAL = ITEM_COLUMN_COUNT };

bool items_page_fetch(struct database *database, int32_t sale_id, struct span state, int64_t offset,
                      int32_t size, struct items_page *page)
{
    char sale_bytes[4], offset_bytes[8], size_bytes[4];
    const struct database_parameter parameters[] = {
        database_int4_parameter(sale_id, sale_bytes),
        {state.length > 0 ? state.bytes : NULL, (int)state.length},
        database_int8_parameter(offset, offset_bytes),
        database_int4_parameter(size, size_bytes)};
    *page = (struct items_page){.has_sale = false};
    if (!reading_call(database, READ_ITEMS, parameters, 4, &page->result))
        return false;
    page->has_sale = PQntuples(page->result) > 0;
    if (page->has_sale)
        page->total = database_int8(page->result, 0, COLUMN_TOTAL);
    return true;
}

bool items_page_next(struct items_page *page, struct item_row *item)
{
    if (page->row >= PQntuples(page->result) || !item_columns_have_item(page->result, page->row))
        return false;
    item_columns_read(page->result, page->row++, item);
    return true;
}

void items_page_free(struct items_page *page)
{
    PQclear(page->result);
}
