/* An item's columns, with which the rows of several statements begin. Of this room alone. */
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

/* Whether the row has an item: an empty page is one row without, for what else it says. */
bool item_columns_are_there(const PGresult *result, int row);

void item_columns_read(const PGresult *result, int row, struct item_row *item);

#endif
