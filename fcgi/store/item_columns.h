/* An item's columns: the rows of several statements begin with them. For this room only. */
#ifndef FCGI_STORE_ITEM_COLUMNS_H
#define FCGI_STORE_ITEM_COLUMNS_H

#include "common/database.h"
#include "item_row.h"

#define ITEM_COLUMNS "sale_id, number, name, price_cents, picture_seed, state, held_until"

enum {
    ITEM_SALE_ID,
    ITEM_NUMBER,
    ITEM_NAME,
    ITEM_PRICE_CENTS,
    ITEM_PICTURE_SEED,
    ITEM_STATE,
    ITEM_HELD_UNTIL,
    ITEM_COLUMN_COUNT
};

/* Whether the row has an item: an empty page is one row without an item, for its other columns. */
bool item_columns_have_item(const PGresult *result, int row);

void item_columns_read(const PGresult *result, int row, struct item_row *item);

#endif
