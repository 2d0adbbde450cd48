/* A page of a sale's items, by number: flashsale.read_items(). */
#ifndef FCGI_STORE_ITEMS_PAGE_H
#define FCGI_STORE_ITEMS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "item_row.h"

struct database;
struct pg_result;

struct items_page {
    bool has_sale; /* false: no sale of that id has begun, or none at all */
    int64_t total; /* items on all pages */
    struct pg_result *result;
    int row; /* the next */
};

/*
 * Fetches `size` items behind the first `offset` of a sale; 0: of the current one. `state`: those
 * in it alone; of no bytes: in any. `database` is the calling thread's, by reader.h. False:
 * PostgreSQL could not be asked, and there is nothing to free.
 */
bool items_page_fetch(struct database *database, int32_t sale_id, struct span state, int64_t offset,
                      int32_t size, struct items_page *page) __attribute__((warn_unused_result));

/* The next item; false: there is none left. */
bool items_page_next(struct items_page *page, struct item_row *item)
    __attribute__((warn_unused_result));
void items_page_free(struct items_page *page);

#endif
