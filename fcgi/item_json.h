/* How items look in replies. */
#ifndef FCGI_ITEM_JSON_H
#define FCGI_ITEM_JSON_H

#include <libpq-fe.h>

#include "common/item.h"
#include "text.h"

/* Bytes that item_json_add_row() writes at most: the name, each byte of it escaped, and the rest.
 */
enum { ITEM_JSON_MAX = 6 * (ITEM_NAME_MAX - 1) + 256 };

/* Adds 17-4711. */
void item_json_add_id(struct text *text, int32_t sale_id, int32_t number);

/* Adds `"id":…,"number":…,"name":…`. */
void item_json_add_name(struct text *text, int32_t sale_id, int32_t number, const char *name);

/* Adds `"price":…,"image":…`. */
void item_json_add_price(struct text *text, int32_t sale_id, int32_t number, int price_cents);

/* Adds `"id":…,"number":…,"name":…,"price":…,"image":…,"state":…,"held_until":…`: an item whose
   columns are the first seven of the row, as the statements of reader.h have them. */
void item_json_add_row(struct text *text, const PGresult *result, int row);

#endif
