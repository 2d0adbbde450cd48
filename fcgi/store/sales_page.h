/* Reads a page of all sales: flashsale.read_sales(). First the next sale and those before it, back
   in time; then those after the next. */
#ifndef FCGI_STORE_SALES_PAGE_H
#define FCGI_STORE_SALES_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sale_status.h"

struct database;
struct pg_result;

/* Times are PostgreSQL's, in microseconds since 1970. */
struct sale_row {
    int32_t sale_id;
    char status[SALE_STATUS_MAX]; /* "scheduled", "active", "sold_out" or "closed" */
    int64_t starts_us;
    int64_t ends_us;
    int32_t items_total;
    int64_t items_sold;
    int32_t purchase_limit;
    int32_t hold_s;
    int32_t holds_max; /* 0: any number */
    int32_t draw_s;    /* 0: no draw */
};

struct sales_page {
    int64_t total; /* sales on all pages */
    struct pg_result *result;
    int row; /* the next one to read */
};

/* Fetches up to `size` sales after the first `offset`. `database` is the calling thread's
   (reader.h). False: PostgreSQL did not answer, and there is nothing to free. */
bool sales_page_fetch(struct database *database, int64_t offset, int32_t size,
                      struct sales_page *page) __attribute__((warn_unused_result));

/* The next sale; false: there are no more. */
bool sales_page_next(struct sales_page *page, struct sale_row *sale)
    __attribute__((warn_unused_result));
void sales_page_free(struct sales_page *page);

#endif
