/* Items in JSON replies. Any thread, each with a writer of its own. */
#ifndef FCGI_API_ITEM_JSON_H
#define FCGI_API_ITEM_JSON_H

#include "catalog/item.h"
#include "common/json_writer.h"
#include "fcgi/store/item_row.h"

/* Bytes of the longest object of item_json_row(), with each byte of the name escaped. */
enum { ITEM_JSON_MAX = 6 * (ITEM_NAME_MAX - 1) + 256 };

/* The item's id, such as "17-4711". */
void item_json_id(struct json_writer *json, int32_t sale_id, int32_t number);

/* The members "id", "number" and "name". */
void item_json_name(struct json_writer *json, int32_t sale_id, int32_t number, const char *name);

/* The members "price" and "image". */
void item_json_price(struct json_writer *json, int32_t sale_id, int32_t number, int price_cents);

/* An object of "id", "number", "name", "price", "image", "state" and "held_until". */
void item_json_row(struct json_writer *json, const struct item_row *item);

#endif
