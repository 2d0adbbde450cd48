#include "item_row.h"

#include "item_columns.h"
#include "reading.h"

const char item_row_statement[] = "SELECT " ITEM_COLUMNS " FROM flashsale.read_item($1, $2)";

bool item_columns_have_item(const PGresult *result, int row)
{
    return database_int4(result, row, ITEM_NUMBER) > 0;
}

void item_columns_read(const PGresult *result, int row, struct item_row *item)
{
    item->sale_id = database_int4(result, row, ITEM_SALE_ID);
    item->number = database_int4(result, row, ITEM_NUMBER);
    database_text(result, row, ITEM_NAME, item->name, sizeof item->name);
    item->price_cents = database_int4(result, row, ITEM_PRICE_CENTS);
    item->picture_seed = database_int8(result, row, ITEM_PICTURE_SEED);
    database_text(result, row, ITEM_STATE, item->state, sizeof item->state);
    item->held_until_us = database_time_us(result, row, ITEM_HELD_UNTIL);
}

enum item_found item_row_fetch(struct database *database, int32_t sale_id, int32_t number,
                               struct item_row *item)
{
    char sale_bytes[4], number_bytes[4];
    const struct database_parameter parameters[] = {database_int4_parameter(sale_id, sale_bytes),
                                                    database_int4_parameter(number, number_bytes)};
    PGresult *result;
    if (!reading_call(database, READ_ITEM, parameters, 2, &result))
        return ITEM_UNAVAILABLE;
    bool is_found = PQntuples(result) > 0;
    if (is_found)
        item_columns_read(result, 0, item);
    PQclear(result);
    return is_found ? ITEM_FOUND : ITEM_UNKNOWN;
}
