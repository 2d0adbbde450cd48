#include "generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "item_copy.h"

/*
 * One run at a time: "flashsal" in ASCII, as the key of an advisory lock of the database. It goes
 * with the session, so a killed run leaves none behind.
 */
static const char lock_sql[] = "SELECT pg_advisory_lock(x'666c61736873616c'::bigint)";

/* Idle in a transaction the generator never is, so then it is gone: its machine, say. */
static const char limits_sql[] =
    "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
    "set_config('idle_in_transaction_session_timeout', $3, false)";

/* The log needs partitions for the days to come; a month ahead is enough for an hourly run. */
static const char partitions_sql[] =
    "SELECT made, dropped FROM flashsale.attempt_partitions("
    "  least(to_timestamp(((floor(extract(epoch FROM now()) / $1::integer) + $2::integer + 1)"
    "                      * $1::integer)::double precision),"
    "        now() + interval '31 days'),"
    "  $3::integer)";

/* The first room for a sale in the wanted windows, and how many there are in all. */
static const char missing_sql[] =
    "SELECT lower(room), upper(room), count(*) OVER ()"
    " FROM generate_series(0, $2::integer) ahead"
    " CROSS JOIN LATERAL (SELECT (floor(extract(epoch FROM now()) / $1::integer) + ahead)"
    "                            * $1::integer AS start_s) place"
    " CROSS JOIN LATERAL (SELECT tstzrange(to_timestamp(start_s::double precision),"
    "                                      to_timestamp((start_s + $1::integer)"
    "                                                   ::double precision)) AS wanted) w"
    " CROSS JOIN LATERAL unnest(tstzmultirange(wanted) - coalesce("
    "     (SELECT range_agg(tstzrange(s.starts_at, s.ends_at)) FROM flashsale.sale s"
    "      WHERE tstzrange(s.starts_at, s.ends_at) && wanted), tstzmultirange())) room"
    " WHERE upper(room) > now()"
    "   AND upper(room) - lower(room) >= make_interval(secs => $3::integer)"
    " ORDER BY lower(room) LIMIT 1";

static const char sale_add_sql[] =
    "SELECT flashsale.sale_add($1::timestamptz, $2::timestamptz, $3::integer, $4::integer,"
    "                          $5::integer, $6::boolean)";

enum { PARAMETERS_MAX = 6, NUMBER_TEXT_MAX = 12, TIME_TEXT_MAX = 64 };

/* A parameter in decimal, as PQexecParams takes it. */
struct number {
    char text[NUMBER_TEXT_MAX];
};

static struct number number_text(int value)
{
    struct number number;
    snprintf(number.text, sizeof number.text, "%d", value);
    return number;
}

struct window {
    char starts_at[TIME_TEXT_MAX]; /* as PostgreSQL wrote them */
    char ends_at[TIME_TEXT_MAX];
    int missing; /* rooms for sales, this one included */
};

enum step {
    STEP_DONE,
    STEP_NONE,  /* there was nothing to do: no room, or another made the sale meanwhile */
    STEP_FAILED /* and it is logged why */
};

int generate_statement_s_max(int items_total)
{
    return STATEMENT_S_BASE + items_total / STATEMENT_ITEMS_S;
}

/* What a statement with rows answers; NULL: it failed, which is logged as what was tried. */
static PGresult *query(PGconn *connection, const char *trying, const char *sql, int count,
                       const char *const *values)
{
    PGresult *result = PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    log_error("%s: %s", trying, PQerrorMessage(connection));
    PQclear(result);
    return NULL;
}

static bool set_limits(PGconn *connection, int items_total)
{
    struct number statement_ms = number_text(generate_statement_s_max(items_total) * 1000);
    struct number lock_ms = number_text(LOCK_S_MAX * 1000);
    const char *values[] = {statement_ms.text, lock_ms.text, lock_ms.text};
    PGresult *result = query(connection, "setting time limits", limits_sql, 3, values);
    PQclear(result);
    return result != NULL;
}

static bool has_state(const PGresult *result, const char *sqlstate)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state && strcmp(state, sqlstate) == 0;
}

static bool take_turn(PGconn *connection)
{
    PGresult *result = PQexec(connection, lock_sql);
    bool taken = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!taken && has_state(result, "55P03"))
        log_error("another run was still at work after %d s: given up", LOCK_S_MAX);
    else if (!taken)
        log_error("waiting for its turn: %s", PQerrorMessage(connection));
    PQclear(result);
    return taken;
}

static bool keep_partitions(PGconn *connection, const struct settings *settings,
                            struct generate_report *report)
{
    struct number duration = number_text(settings->sale.duration_s);
    struct number ahead = number_text(settings->sale.sales_ahead);
    struct number retention = number_text(settings->attempt.retention_days);
    const char *values[] = {duration.text, ahead.text, retention.text};
    PGresult *result = query(connection, "partitions of the log", partitions_sql, 3, values);
    if (!result)
        return false;
    report->partitions_made = atoi(PQgetvalue(result, 0, 0));
    report->partitions_dropped = atoi(PQgetvalue(result, 0, 1));
    PQclear(result);
    return true;
}

static enum step find_missing(PGconn *connection, const struct settings *settings,
                              struct window *window)
{
    struct number duration = number_text(settings->sale.duration_s);
    struct number ahead = number_text(settings->sale.sales_ahead);
    struct number hold = number_text(settings->sale.hold_s);
    const char *values[] = {duration.text, ahead.text, hold.text};
    PGresult *result = query(connection, "looking for missing sales", missing_sql, 3, values);
    if (!result)
        return STEP_FAILED;

    enum step step = PQntuples(result) > 0 ? STEP_DONE : STEP_NONE;
    if (step == STEP_DONE) {
        snprintf(window->starts_at, TIME_TEXT_MAX, "%s", PQgetvalue(result, 0, 0));
        snprintf(window->ends_at, TIME_TEXT_MAX, "%s", PQgetvalue(result, 0, 1));
        window->missing = atoi(PQgetvalue(result, 0, 2));
    }
    PQclear(result);
    return step;
}

/* A failed statement of a sale's transaction: undone, and logged unless another was faster. */
static enum step give_up(PGconn *connection, const struct window *window, const char *error,
                         bool exists)
{
    if (!exists)
        log_error("sale of %s: %s", window->starts_at, error);
    PQclear(PQexec(connection, "ROLLBACK"));
    return exists ? STEP_NONE : STEP_FAILED;
}

static bool run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return good;
}

/* Makes the sale of a window, all or nothing. */
static enum step make_sale(PGconn *connection, const struct settings *settings,
                           const struct window *window, int32_t *sale_id)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        log_error("getrandom: %s", strerror(errno));
        return STEP_FAILED;
    }
    if (!run(connection, "BEGIN"))
        return give_up(connection, window, PQerrorMessage(connection), false);

    struct number items = number_text(settings->sale.items_per_sale);
    struct number limit = number_text(settings->sale.purchase_limit);
    struct number hold = number_text(settings->sale.hold_s);
    const char *values[PARAMETERS_MAX] = {
        window->starts_at, window->ends_at, items.text,
        limit.text,        hold.text,       settings->sale.stays_open_until_sold_out ? "t" : "f"};
    PGresult *result =
        PQexecParams(connection, sale_add_sql, PARAMETERS_MAX, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        /* unique_violation, exclusion_violation */
        bool exists = has_state(result, "23505") || has_state(result, "23P01");
        PQclear(result);
        return give_up(connection, window, PQerrorMessage(connection), exists);
    }
    *sale_id = atoi(PQgetvalue(result, 0, 0));
    PQclear(result);

    const char *error;
    if (!item_copy(connection, *sale_id, settings->sale.items_per_sale, seed, &error))
        return give_up(connection, window, error, false);
    if (!run(connection, "COMMIT"))
        return give_up(connection, window, PQerrorMessage(connection), false);
    log_debug("sale %d of %s to %s made", (int)*sale_id, window->starts_at, window->ends_at);
    return STEP_DONE;
}

/*
 * What is missing is asked anew before each sale: windows pass while sales are made. A sale that
 * took longer to make than it lasts would go on so for ever; twice what was missing at first is
 * enough wherever a sale is made in half its duration.
 */
static bool make_missing(PGconn *connection, const struct settings *settings,
                         struct generate_report *report)
{
    int tries_left = 0;
    for (bool first = true;; first = false) {
        struct window window;
        enum step step = find_missing(connection, settings, &window);
        if (step != STEP_DONE)
            return step == STEP_NONE;
        if (first)
            tries_left = 2 * window.missing;
        if (tries_left-- == 0) {
            log_error("sales of %d s pass faster than they are made", settings->sale.duration_s);
            return false;
        }

        int32_t sale_id = 0;
        step = make_sale(connection, settings, &window, &sale_id);
        if (step == STEP_FAILED)
            return false;
        if (step == STEP_DONE) {
            report->sale_id_first = report->sales_made ? report->sale_id_first : sale_id;
            report->sale_id_last = sale_id;
            report->sales_made++;
        }
    }
}

bool generate(PGconn *connection, const struct settings *settings, struct generate_report *report)
{
    memset(report, 0, sizeof *report);
    PQsetErrorVerbosity(connection, PQERRORS_TERSE); /* the server's log has the rest */
    if (!set_limits(connection, settings->sale.items_per_sale) || !take_turn(connection))
        return false;
    /* Without a partition for its day the log still takes attempts: sales need not wait for it. */
    bool kept = keep_partitions(connection, settings, report);
    return make_missing(connection, settings, report) && kept;
}
