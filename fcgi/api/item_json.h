/* How items look in replies. */
#ifndef FCGI_API_ITEM_JSON_H
#define FCGI_API_ITEM_JSON_H

#include "catalog/item.h"
#include "common/json_writer.h"
#include "fcgi/store/item_row.h"

/* Bytes that the members of item_json_row() take at most: the name, each byte of it escaped, and
   the rest. */
enum { ITEM_JSON_MAX = 6 * (ITEM_NAME_MAX - 1) + 256 };

/* The string "17-4711". */
void item_json_id(struct json_writer *json, int32_t sale_id, int32_t number);

/* The members "id", "number" and "name". */
void item_json_name(struct json_writer *json, int32_t sale_id, int32_t number, const char *name);

/* The members "price" and "image". */
void item_json_price(struct json_writer *json, int32_t sale_id, int32_t number, int price_cents);

/* An object of "id", "number", "name", "price", "image", "state" and "held_until". */
void item_json_row(struct json_writer *json, const struct item_row *item);

#endif
