/* Reads one item: flashsale.read_item(). */
#ifndef FCGI_STORE_ITEM_ROW_H
#define FCGI_STORE_ITEM_ROW_H

#include <stdint.h>

#include "catalog/item.h"

enum { ITEM_STATE_MAX = 8 };

struct item_row {
    int32_t sale_id;
    int32_t number;
    char name[ITEM_NAME_MAX];
    int32_t price_cents;
    int64_t picture_seed;
    char state[ITEM_STATE_MAX]; /* "free", "held" or "sold" */
    int64_t held_until_us;      /* since 1970, by PostgreSQL's clock; 0: it was never held */
};

enum item_found {
    ITEM_FOUND,
    ITEM_UNKNOWN,    /* it is in no sale that has begun */
    ITEM_UNAVAILABLE /* PostgreSQL did not answer */
};

struct database;

/* Fetches an item of a sale; sale_id 0: of the current one. `database` is the calling thread's
 * (reader.h). *item is set only after ITEM_FOUND. */
enum item_found item_row_fetch(struct database *database, int32_t sale_id, int32_t number,
                               struct item_row *item) __attribute__((warn_unused_result));

#endif
