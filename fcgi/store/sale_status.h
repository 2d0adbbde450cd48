/* Reads the current sale and its counters: flashsale.sale_status(). */
#ifndef FCGI_STORE_SALE_STATUS_H
#define FCGI_STORE_SALE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

struct database;

enum { SALE_STATUS_MAX = 16 };

/* Times are PostgreSQL's, in microseconds since 1970. */
struct sale_status {
    int32_t sale_id;              /* 0: no sale has begun yet */
    char status[SALE_STATUS_MAX]; /* "none", "active", "sold_out" or "closed" */
    int64_t starts_us;
    int64_t ends_us;
    int64_t server_us;     /* now */
    int64_t changes_in_us; /* until a sale next begins or ends; INT64_MAX: unknown */
    int32_t items_total;
    int32_t purchase_limit; /* 0: no sale has begun yet */
    int32_t hold_s;         /* likewise */
    bool stays_open;        /* the sale goes on after its end, until it is sold out */
    int32_t holds_max;      /* items that a user may hold at once; 0: any number */
    int32_t draw_s;         /* within how many seconds each user's turn comes; 0: at once */
    int64_t next_starts_us; /* when the next sale begins; 0: there is none yet */
    int64_t items_held;
    int64_t checkouts_accepted;
    int64_t checkouts_repeated;
    int64_t checkouts_refused;
    int64_t purchases_accepted;
    int64_t purchases_refused;
};

/* How long the sale's window still lasts, in whole seconds, rounded down; 0: it is over, or there
   is none. */
int64_t sale_status_seconds_left(const struct sale_status *status);

/* Items that are neither sold nor held; a hold that ends adds one. */
int64_t sale_status_items_left(const struct sale_status *status);

/* A connection for sale_status_fetch(), for one thread at a time. Connects in the background. NULL:
   out of memory. */
struct database *sale_status_connect(const struct settings *settings);

/* Fetches the status; changes_in_us counts from server_us. False: PostgreSQL did not answer, and
 *status is unchanged. */
bool sale_status_fetch(struct database *database, struct sale_status *status)
    __attribute__((warn_unused_result));

#endif
