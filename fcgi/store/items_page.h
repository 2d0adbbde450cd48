/* Reads a page of a sale's items, ordered by number: flashsale.read_items(). */
#ifndef FCGI_STORE_ITEMS_PAGE_H
#define FCGI_STORE_ITEMS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "item_row.h"

struct database;
struct pg_result;

struct items_page {
    bool has_sale; /* false: that sale has not begun, or no sale has */
    int64_t total; /* items on all pages */
    struct pg_result *result;
    int row; /* the next one to read */
};

/*
 * Fetches up to `size` items of a sale after the first `offset`; sale_id 0: of the current sale.
 * `state`: only items in this state; empty: in any. `database` is the calling thread's (reader.h).
 * False: PostgreSQL did not answer, and there is nothing to free.
 */
bool items_page_fetch(struct database *database, int32_t sale_id, struct span state, int64_t offset,
                      int32_t size, struct items_page *page) __attribute__((warn_unused_result));

/* The next item; false: there are no more. */
bool items_page_next(struct items_page *page, struct item_row *item)
    __attribute__((warn_unused_result));
void items_page_free(struct items_page *page);

#endif
