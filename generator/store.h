/*
 * What the generator says to PostgreSQL, over one connection: a function a statement, or the
 * transaction that makes a sale. Nothing else in generator/ knows libpq or SQL. Times are texts as
 * PostgreSQL writes them, ISO 8601 in UTC ("2026-11-21 10:00:00+00"), and handed on as they are.
 * What fails is logged. Not shared between threads.
 */
#ifndef GENERATOR_STORE_H
#define GENERATOR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

struct store;

struct store_limits {
    int statement_s_max; /* for a statement */
    int lock_s_max;      /* for waiting within one for a lock */
    bool is_for_writing; /* a server that takes no writes is passed over */
};

/* Connects to nothing yet. The settings stay the caller's. NULL: out of memory. */
struct store *store_new(const struct settings *settings, const struct store_limits *limits);
void store_free(struct store *store);

/* Once, before all below. May take connect_ms_max for each host, and what looking up its name
 * takes. */
bool store_connect(struct store *store) __attribute__((warn_unused_result));

/* Waits until no other run is at work, for lock_s_max at most; then none is for as long as the
 * connection lives. */
bool store_take_turn(struct store *store) __attribute__((warn_unused_result));

/* From here on all is read as of one moment, and nothing can be changed; also on a standby. */
bool store_begin_reading(struct store *store) __attribute__((warn_unused_result));

struct pg_result;

/* The rows of an answer; what is read from them points into them. */
struct store_rows {
    int count;
    struct pg_result *result; /* the store's own */
};

void store_rows_free(struct store_rows *rows);

/* Where each of these is false there is nothing to free. */

struct store_window {
    const char *starts_at;
    const char *ends_at;
};

/* The sales that the settings want and that are missing, the first to begin first
 * (flashsale.sale_plan). */
bool store_read_missing(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_window store_missing(const struct store_rows *rows, int row);

struct store_partition {
    const char *action; /* "make" or "drop" */
    const char *name;
    const char *day; /* "2026-11-22" */
};

/* The partitions of the log that are to be made or dropped, by day. */
bool store_read_partitions(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_partition store_partition(const struct store_rows *rows, int row);

struct store_sale {
    int32_t sale_id;
    const char *status;
    const char *starts_at;
    const char *ends_at;
    int32_t items_total;
    bool has_items_sold; /* false: the rows that count them were deleted */
    int64_t items_sold;
    int32_t purchase_limit;
    int32_t hold_s;
};

/* All sales, the last to begin first. */
bool store_read_sales(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_sale store_sale(const struct store_rows *rows, int row);

struct store_violation {
    const char *violation;
    bool has_number;
    int32_t number;
    const char *user_id; /* NULL: none */
    const char *detail;
};

/* What about a sale must not be. */
bool store_read_violations(struct store *store, int32_t sale_id, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_violation store_violation(const struct store_rows *rows, int row);

/* Whether the log still has all attempts of a sale; an unknown sale has none that are gone. */
bool store_read_log_is_kept(struct store *store, int32_t sale_id, bool *is_kept)
    __attribute__((warn_unused_result));

/* Makes and drops the partitions of store_read_partitions(), and counts them. */
bool store_keep_partitions(struct store *store, int *made, int *dropped)
    __attribute__((warn_unused_result));

enum store_made {
    STORE_MADE,
    STORE_MADE_ELSEWHERE, /* another run made the sale meanwhile */
    STORE_NOT_MADE
};

/*
 * Makes a sale of that window, with the settings' terms and items of the seed, in one transaction:
 * whole or not at all. *sale_id is its number where it was made.
 */
enum store_made store_make_sale(struct store *store, const struct store_window *window,
                                uint64_t seed, int32_t *sale_id)
    __attribute__((warn_unused_result));

#endif
