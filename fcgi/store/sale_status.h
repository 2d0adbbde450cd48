/* The current sale and what was counted of it: flashsale.sale_status(). */
#ifndef FCGI_STORE_SALE_STATUS_H
#define FCGI_STORE_SALE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

struct database;

enum { SALE_STATUS_MAX = 16 };

/* Times in microseconds since 1970, by PostgreSQL. */
struct sale_status {
    int32_t sale_id;              /* 0: no sale has begun yet */
    char status[SALE_STATUS_MAX]; /* "none", "active", "sold_out" or "closed" */
    int64_t starts_us;
    int64_t ends_us;
    int64_t server_us;
    int64_t changes_in_us; /* until a sale begins or ends next; INT64_MAX: that is not known */
    int32_t items_total;
    int32_t purchase_limit; /* 0: no sale has begun yet; so is hold_s */
    int32_t hold_s;
    bool stays_open;
    int64_t next_starts_us; /* when the next of all sales begins; 0: none is planned */
    int64_t items_held;
    int64_t checkouts_accepted;
    int64_t checkouts_repeated;
    int64_t checkouts_refused;
    int64_t purchases_accepted;
    int64_t purchases_refused;
};

/* How long the sale's window still is, in whole seconds; 0 where it is over, or there is none. */
int64_t sale_status_seconds_left(const struct sale_status *status);

/* Items neither sold nor held: more again when a hold ends. */
int64_t sale_status_items_left(const struct sale_status *status);

/* A connection that it can be read on, by one thread at a time. NULL: out of memory. Connects in
   the background. */
struct database *sale_status_connect(const struct settings *settings);

/* Fetches it; changes_in_us is as of server_us. False: PostgreSQL could not be asked, and *status
   is as it was. */
bool sale_status_fetch(struct database *database, struct sale_status *status)
    __attribute__((warn_unused_result));

#endif
