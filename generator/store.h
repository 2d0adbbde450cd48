/*
 * The generator's statements, over one connection to PostgreSQL: a function for each, and one for
 * the transaction that makes a sale. Nothing else in generator/ knows libpq or SQL. Times are texts
 * in PostgreSQL's format, ISO 8601 in UTC ("2026-11-21 10:00:00+00"). Failures are logged. Not
 * shared between threads.
 */
#ifndef GENERATOR_STORE_H
#define GENERATOR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

struct store;

struct store_limits {
    int statement_s_max; /* how long a statement may take */
    int lock_s_max;      /* how long it may wait for a lock */
    bool is_for_writing; /* skips a server that accepts no writes */
};

/* Does not connect yet. `settings` must live as long as the store. NULL: out of memory. */
struct store *store_new(const struct settings *settings, const struct store_limits *limits);
void store_free(struct store *store);

/* Call it once, before the functions below. Blocks for connect_ms_max for each host, and for the
 * lookup of its name, at most. */
bool store_connect(struct store *store) __attribute__((warn_unused_result));

/* Waits until no other run is at work, for at most lock_s_max. Other runs then wait until this
 * connection ends. */
bool store_take_turn(struct store *store) __attribute__((warn_unused_result));

/* Begins a read-only transaction: from now on all reads see the same snapshot. Works on a standby
 * too. */
bool store_begin_reading(struct store *store) __attribute__((warn_unused_result));

struct pg_result;

/* The rows of an answer. What is read from them points into them, until store_rows_free(). */
struct store_rows {
    int count;
    struct pg_result *result; /* for the store's functions only */
};

void store_rows_free(struct store_rows *rows);

/* When one of the functions store_read_...() returns false, there are no rows to free. Another
 * function returns one of the rows, counted from 0. */

struct store_window {
    const char *starts_at;
    const char *ends_at;
};

/* The windows of the sales that the settings demand and that are missing (flashsale.sale_plan), by
 * the time they begin. */
bool store_read_missing(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_window store_missing(const struct store_rows *rows, int row);

struct store_partition {
    const char *action; /* "make" or "drop" */
    const char *name;
    const char *day; /* "2026-11-22" */
};

/* The partitions of the log that have to be made or dropped, by day. */
bool store_read_partitions(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_partition store_partition(const struct store_rows *rows, int row);

struct store_sale {
    int32_t sale_id;
    const char *status;
    const char *starts_at;
    const char *ends_at;
    int32_t items_total;
    bool has_items_sold; /* false: the counters' rows were deleted */
    int64_t items_sold;
    int32_t purchase_limit;
    int32_t hold_s;
    int32_t holds_max; /* 0: any number */
    int32_t draw_s;    /* 0: no draw */
};

/* All sales, the one that begins last first. */
bool store_read_sales(struct store *store, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_sale store_sale(const struct store_rows *rows, int row);

struct store_violation {
    const char *violation;
    bool has_number;     /* the violation is about an item */
    int32_t number;      /* of the item */
    const char *user_id; /* NULL: the violation is not about a user */
    const char *detail;
};

/* The violations in a sale's rows (flashsale.sale_audit). */
bool store_read_violations(struct store *store, int32_t sale_id, struct store_rows *rows)
    __attribute__((warn_unused_result));
struct store_violation store_violation(const struct store_rows *rows, int row);

/* Sets *is_kept: whether the log still has all attempts of a sale. True for an unknown sale. */
bool store_read_log_is_kept(struct store *store, int32_t sale_id, bool *is_kept)
    __attribute__((warn_unused_result));

/* Makes and drops the partitions that store_read_partitions() would return, and counts them. */
bool store_keep_partitions(struct store *store, int *made, int *dropped)
    __attribute__((warn_unused_result));

enum store_made {
    STORE_MADE,
    STORE_MADE_ELSEWHERE, /* another run has made the sale meanwhile */
    STORE_NOT_MADE
};

/*
 * Makes a sale for the window, with the settings' terms and the items of the seed, in one
 * transaction: whole or not at all. After STORE_MADE *sale_id is its number.
 */
enum store_made store_make_sale(struct store *store, const struct store_window *window,
                                uint64_t seed, int32_t *sale_id)
    __attribute__((warn_unused_result));

#endif
