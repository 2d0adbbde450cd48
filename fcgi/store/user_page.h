/* Reads a page of a user's purchases and then holds, in the open sales, or else in the last one:
   flashsale.read_user(). */
#ifndef FCGI_STORE_USER_PAGE_H
#define FCGI_STORE_USER_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "item_row.h"
#include "limits.h"

struct database;
struct pg_result;

/* Times are PostgreSQL's, in microseconds since 1970. All zeros: the page of no user. */
struct user_page {
    int32_t sale_id;         /* the current sale; 0: none has begun */
    int32_t purchase_limit;  /* of the current sale; 0: none has begun */
    int64_t bought;          /* items of the current sale */
    int64_t held;            /* likewise */
    int32_t holds_max;       /* items of it that a user may hold at once; 0: any number */
    int64_t opens_us;        /* when the user's turn comes in it; 0: none has begun */
    int64_t purchases_total; /* on all pages */
    int64_t holds_total;     /* likewise */
    int64_t read_us;         /* when PostgreSQL read the page */
    struct pg_result *result;
    int row; /* the next one to read */
};

struct user_purchase {
    struct item_row item;
    int64_t purchased_us;
};

struct user_hold {
    struct item_row item;  /* held until item.held_until_us */
    const uint8_t *secret; /* SECRET_BYTES of its code, until user_page_free() */
};

/*
 * Fetches up to `size` of the user's purchases and holds, after the first `offset`; size 0: only
 * the totals. `database` is the calling thread's (reader.h). False: PostgreSQL did not answer, and
 * there is nothing to free.
 */
bool user_page_fetch(struct database *database, struct span user, int64_t offset, int32_t size,
                     struct user_page *page) __attribute__((warn_unused_result));

/* The next purchase; after all purchases, the next hold. False: there are no more. */
bool user_page_next_purchase(struct user_page *page, struct user_purchase *purchase)
    __attribute__((warn_unused_result));
bool user_page_next_hold(struct user_page *page, struct user_hold *hold)
    __attribute__((warn_unused_result));
void user_page_free(struct user_page *page);

#endif
