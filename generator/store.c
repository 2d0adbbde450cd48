#include "store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/database.h"
#include "common/log.h"
#include "item_copy.h"

enum {
    PARAMETERS_MAX = 8,
    /* How much longer than the server's time limit the client waits. */
    GRACE_MS = 5000
};

struct store {
    struct database *database;
    const struct settings *settings;
    int lock_s_max;
};

/* Parameters in PostgreSQL's binary format. `values` may point into `integers`: do not copy it. */
struct parameters {
    int count;
    struct database_parameter values[PARAMETERS_MAX];
    char integers[PARAMETERS_MAX][4];
};

static void add_bytes(struct parameters *parameters, const void *bytes, size_t length)
{
    assert(parameters->count < PARAMETERS_MAX);
    parameters->values[parameters->count++] = (struct database_parameter){bytes, (int)length};
}

static void add_text(struct parameters *parameters, const char *text)
{
    add_bytes(parameters, text, strlen(text));
}

static void add_boolean(struct parameters *parameters, bool value)
{
    add_bytes(parameters, value ? "\1" : "\0", 1);
}

static void add_integer(struct parameters *parameters, int32_t value)
{
    assert(parameters->count < PARAMETERS_MAX);
    parameters->values[parameters->count] =
        database_int4_parameter(value, parameters->integers[parameters->count]);
    parameters->count++;
}

/* ---- the connection ---- */

struct store *store_new(const struct settings *settings, const struct store_limits *limits)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    const struct database_options options = {.conninfo = settings->database.generator_conninfo,
                                             .name = "generator",
                                             .connect_ms_max = settings->database.connect_ms_max,
                                             .statement_ms_max = limits->statement_s_max * 1000,
                                             .lock_ms_max = limits->lock_s_max * 1000,
                                             .grace_ms = GRACE_MS,
                                             .is_for_writing = limits->is_for_writing};
    *store = (struct store){database_new(&options), settings, limits->lock_s_max};
    if (!store->database) {
        free(store);
        return NULL;
    }
    return store;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    database_free(store->database);
    free(store);
}

bool store_connect(struct store *store)
{
    return database_ensure(store->database);
}

static void log_failure(const struct store *store, const char *trying)
{
    const struct database_error *error = database_error(store->database);
    log_error("%s: %s%s%s", trying, error->severity, *error->severity ? ":  " : "", error->message);
}

/* ---- statements ---- */

/* Runs a statement and ignores its rows. */
static bool run(struct store *store, const char *sql)
{
    PGresult *result;
    bool done = database_query(store->database, sql, NULL, 0, &result) == DATABASE_DONE;
    PQclear(result);
    return done;
}

/* Runs a statement and returns its rows. `trying` begins the log line if it fails. */
static bool read_rows(struct store *store, const char *trying, const char *sql,
                      const struct parameters *parameters, struct store_rows *rows)
{
    if (database_query(store->database, sql, parameters->values, parameters->count,
                       &rows->result) != DATABASE_DONE) {
        log_failure(store, trying);
        return false;
    }
    rows->count = PQntuples(rows->result);
    return true;
}

void store_rows_free(struct store_rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
}

/*
 * Takes an advisory lock, so that one run is at work at a time; its key is "flashsal" in ASCII. The
 * lock ends with the session, so a killed run leaves none.
 */
bool store_take_turn(struct store *store)
{
    if (run(store, "SELECT pg_advisory_lock(x'666c61736873616c'::bigint)"))
        return true;
    if (strcmp(database_error(store->database)->state, "55P03") == 0)
        log_error("another run was still at work after %d s: given up", store->lock_s_max);
    else
        log_failure(store, "waiting for its turn");
    return false;
}

bool store_begin_reading(struct store *store)
{
    bool begun = run(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!begun)
        log_failure(store, "beginning to read");
    return begun;
}

bool store_read_missing(struct store *store, struct store_rows *rows)
{
    struct parameters parameters = {0};
    add_integer(&parameters, store->settings->sale.duration_s);
    add_integer(&parameters, store->settings->sale.sales_ahead);
    add_integer(&parameters, store->settings->sale.hold_s);
    return read_rows(store, "looking for missing sales",
                     "SELECT starts_at::text, ends_at::text"
                     " FROM flashsale.sale_plan($1::integer, $2::integer, $3::integer)",
                     &parameters, rows);
}

struct store_window store_missing(const struct store_rows *rows, int row)
{
    return (struct store_window){database_string(rows->result, row, 0),
                                 database_string(rows->result, row, 1)};
}

/* The arguments of both functions below, with the parameters $1 to $3. */
#define PARTITIONS_TERMS                                                                           \
    "(flashsale.attempt_partitions_until($1::integer, $2::integer), $3::integer)"

static bool read_partitions(struct store *store, const char *sql, struct store_rows *rows)
{
    struct parameters parameters = {0};
    add_integer(&parameters, store->settings->sale.duration_s);
    add_integer(&parameters, store->settings->sale.sales_ahead);
    add_integer(&parameters, store->settings->attempt.retention_days);
    return read_rows(store, "partitions of the log", sql, &parameters, rows);
}

bool store_read_partitions(struct store *store, struct store_rows *rows)
{
    return read_partitions(store,
                           "SELECT action, partition, day::text"
                           " FROM flashsale.attempt_partitions_due" PARTITIONS_TERMS,
                           rows);
}

struct store_partition store_partition(const struct store_rows *rows, int row)
{
    return (struct store_partition){database_string(rows->result, row, 0),
                                    database_string(rows->result, row, 1),
                                    database_string(rows->result, row, 2)};
}

bool store_keep_partitions(struct store *store, int *made, int *dropped)
{
    struct store_rows rows;
    if (!read_partitions(store,
                         "SELECT made, dropped"
                         " FROM flashsale.attempt_partitions" PARTITIONS_TERMS,
                         &rows))
        return false;
    *made = database_int4(rows.result, 0, 0);
    *dropped = database_int4(rows.result, 0, 1);
    store_rows_free(&rows);
    return true;
}

/* read_sales() returns a row without a sale if there are no sales. */
bool store_read_sales(struct store *store, struct store_rows *rows)
{
    const struct parameters none = {0};
    return read_rows(store, "listing sales",
                     "SELECT sale_id, sale_status, starts_at::text, ends_at::text, items_total,"
                     "       items_sold, purchase_limit, hold_s, holds_max, draw_s"
                     " FROM flashsale.read_sales(0, 2147483647) r"
                     " WHERE sale_id IS NOT NULL ORDER BY r.starts_at DESC",
                     &none, rows);
}

struct store_sale store_sale(const struct store_rows *rows, int row)
{
    const PGresult *result = rows->result;
    return (struct store_sale){.sale_id = database_int4(result, row, 0),
                               .status = database_string(result, row, 1),
                               .starts_at = database_string(result, row, 2),
                               .ends_at = database_string(result, row, 3),
                               .items_total = database_int4(result, row, 4),
                               .has_items_sold = !database_is_null(result, row, 5),
                               .items_sold = database_int8(result, row, 5),
                               .purchase_limit = database_int4(result, row, 6),
                               .hold_s = database_int4(result, row, 7),
                               .holds_max = database_int4(result, row, 8),
                               .draw_s = database_int4(result, row, 9)};
}

bool store_read_violations(struct store *store, int32_t sale_id, struct store_rows *rows)
{
    struct parameters parameters = {0};
    add_integer(&parameters, sale_id);
    return read_rows(store, "auditing the sale",
                     "SELECT violation, number, user_id, detail"
                     " FROM flashsale.sale_audit($1::integer) ORDER BY violation, number, user_id",
                     &parameters, rows);
}

struct store_violation store_violation(const struct store_rows *rows, int row)
{
    const PGresult *result = rows->result;
    return (struct store_violation){.violation = database_string(result, row, 0),
                                    .has_number = !database_is_null(result, row, 1),
                                    .number = database_int4(result, row, 1),
                                    .user_id = database_string(result, row, 2),
                                    .detail = database_string(result, row, 3)};
}

bool store_read_log_is_kept(struct store *store, int32_t sale_id, bool *is_kept)
{
    struct parameters parameters = {0};
    add_integer(&parameters, sale_id);
    struct store_rows rows;
    if (!read_rows(store, "looking for the log of the sale",
                   "SELECT coalesce(flashsale.sale_log_is_kept($1::integer), true)", &parameters,
                   &rows))
        return false;
    *is_kept = database_bool(rows.result, 0, 0);
    store_rows_free(&rows);
    return true;
}

/* ---- making a sale ---- */

/* Constraints that a sale's rows may violate. */
static const struct {
    const char *constraint;
    bool is_made_elsewhere; /* another run made the sale; false: rows with its number are left */
} violations[] = {
    {"sale_windows_apart", true}, {"sale_made_once", true}, {"sale_pkey", true},
    {"sale_stripe_pkey", false},  {"item_pkey", false},     {"sale_begins_empty", false},
};

enum { VIOLATION_COUNT = sizeof violations / sizeof violations[0] };

static const char left_over[] =
    ". Rows are left over of a sale that had this number and was deleted: delete them as well "
    "(docs/OPERATIONS.md, Retention)";

/* Why the last statement of a sale's transaction failed; logs it, unless the sale exists. */
static enum store_made explain(const struct store *store, const struct store_window *window)
{
    const struct database_error *error = database_error(store->database);
    size_t i = 0;
    while (i < VIOLATION_COUNT && strcmp(error->constraint, violations[i].constraint) != 0)
        i++;
    if (i < VIOLATION_COUNT && violations[i].is_made_elsewhere)
        return STORE_MADE_ELSEWHERE;
    log_error("sale of %s: %s%s%s%s", window->starts_at, error->message, *error->detail ? ": " : "",
              error->detail, i < VIOLATION_COUNT ? left_over : "");
    return STORE_NOT_MADE;
}

static bool add_sale(struct store *store, const struct store_window *window, int32_t *sale_id)
{
    struct parameters parameters = {0};
    add_text(&parameters, window->starts_at);
    add_text(&parameters, window->ends_at);
    add_integer(&parameters, store->settings->sale.items_per_sale);
    add_integer(&parameters, store->settings->sale.purchase_limit);
    add_integer(&parameters, store->settings->sale.hold_s);
    add_boolean(&parameters, store->settings->sale.stays_open_until_sold_out);
    add_integer(&parameters, settings_holds_max(store->settings));
    add_integer(&parameters, store->settings->sale.draw_s);
    PGresult *result;
    if (database_query(store->database,
                       "SELECT flashsale.sale_add($1::text::timestamptz, $2::text::timestamptz,"
                       "                          $3::integer, $4::integer, $5::integer,"
                       "                          $6::boolean, p_holds_max => $7::integer,"
                       "                          p_draw_s => $8::integer)",
                       parameters.values, parameters.count, &result) != DATABASE_DONE)
        return false;
    *sale_id = database_int4(result, 0, 0);
    PQclear(result);
    return true;
}

static bool copy_items(struct store *store, int32_t sale_id, uint64_t seed)
{
    struct item_copy copy;
    item_copy_begin(&copy, sale_id, store->settings->sale.items_per_sale, seed);
    enum database_result result =
        database_copy(store->database,
                      "COPY flashsale.item (sale_id, number, picture_seed, price_cents, name)"
                      " FROM STDIN (FORMAT binary)",
                      item_copy_next, &copy);
    item_copy_end(&copy);
    return result == DATABASE_DONE;
}

enum store_made store_make_sale(struct store *store, const struct store_window *window,
                                uint64_t seed, int32_t *sale_id)
{
    bool is_begun = run(store, "BEGIN");
    bool is_written =
        is_begun && add_sale(store, window, sale_id) && copy_items(store, *sale_id, seed);
    if (is_written && run(store, "COMMIT"))
        return STORE_MADE;
    enum store_made made = explain(store, window);
    if (is_begun && !is_written) /* a commit that failed has rolled back */
        (void)run(store, "ROLLBACK");
    return made;
}
