#include "item_json.h"

#include <string.h>

#include "common/database.h"
#include "common/item.h"

enum column {
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_STATE,
    COLUMN_HELD_UNTIL
};

void item_json_add_id(struct text *text, int32_t sale_id, int32_t number)
{
    text_add_integer(text, sale_id);
    text_add(text, "-");
    text_add_integer(text, number);
}

void item_json_add_name(struct text *text, int32_t sale_id, int32_t number, const char *name)
{
    text_add(text, "\"id\":\"");
    item_json_add_id(text, sale_id, number);
    text_add(text, "\",\"number\":");
    text_add_integer(text, number);
    text_add(text, ",\"name\":");
    text_add_json(text, name, strlen(name));
}

void item_json_add_price(struct text *text, int32_t sale_id, int32_t number, int price_cents)
{
    text_add(text, "\"price\":");
    text_add_money(text, price_cents);
    text_add(text, ",\"image\":\"/items/");
    item_json_add_id(text, sale_id, number);
    text_add(text, "/image.svg\"");
}

void item_json_add_row(struct text *text, const PGresult *result, int row)
{
    enum { STATE_MAX = 8 };
    char name[ITEM_NAME_MAX], state[STATE_MAX];
    int32_t sale_id = database_int4(result, row, COLUMN_SALE_ID);
    int32_t number = database_int4(result, row, COLUMN_NUMBER);
    database_text(result, row, COLUMN_NAME, name, sizeof name);
    database_text(result, row, COLUMN_STATE, state, sizeof state);

    item_json_add_name(text, sale_id, number, name);
    text_add(text, ",");
    item_json_add_price(text, sale_id, number, database_int4(result, row, COLUMN_PRICE_CENTS));
    text_add(text, ",\"state\":\"");
    text_add(text, state);
    text_add(text, "\",\"held_until\":");
    if (strcmp(state, "held") == 0)
        text_add_time(text, database_time_us(result, row, COLUMN_HELD_UNTIL));
    else
        text_add(text, "null");
}
