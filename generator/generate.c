#include "generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "item_copy.h"
#include "plan.h"
#include "query.h"

/*
 * One run at a time: "flashsal" in ASCII, as the key of an advisory lock of the database. It goes
 * with the session, so a killed run leaves none behind.
 */
static const char lock_sql[] = "SELECT pg_advisory_lock(x'666c61736873616c'::bigint)";

static const char sale_add_sql[] =
    "SELECT flashsale.sale_add($1::timestamptz, $2::timestamptz, $3::integer, $4::integer,"
    "                          $5::integer, $6::boolean)";

int generate_statement_s_max(int items_total)
{
    return STATEMENT_S_BASE + items_total / STATEMENT_ITEMS_S;
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
    struct query query;
    plan_partitions_keep(&query, settings);
    PGresult *result = query_rows(connection, &query);
    if (!result)
        return false;
    report->partitions_made = atoi(PQgetvalue(result, 0, 0));
    report->partitions_dropped = atoi(PQgetvalue(result, 0, 1));
    PQclear(result);
    return true;
}

/* What may refuse a sale's rows, by the name of the constraint. */
static const struct {
    const char *constraint;
    bool is_made_meanwhile; /* the sale, by another; false: rows of its number are left over */
} refusals[] = {
    {"sale_windows_apart", true}, {"sale_made_once", true}, {"sale_pkey", true},
    {"sale_stripe_pkey", false},  {"item_pkey", false},     {"sale_begins_empty", false},
};

enum { REFUSAL_COUNT = sizeof refusals / sizeof refusals[0] };

static const char left_over[] =
    ". Rows are left over of a sale that had this number and was deleted: delete them as well "
    "(docs/OPERATIONS.md, Retention)";

/* A failed statement of a sale's transaction: undone. True: another run made the sale meanwhile. */
static bool give_up(PGconn *connection, const char *starts_at, const PGresult *failed)
{
    const char *constraint = PQresultErrorField(failed, PG_DIAG_CONSTRAINT_NAME);
    size_t i = 0;
    while (i < REFUSAL_COUNT && !(constraint && strcmp(constraint, refusals[i].constraint) == 0))
        i++;
    bool is_made = i < REFUSAL_COUNT && refusals[i].is_made_meanwhile;
    if (!is_made) {
        const char *message = PQresultErrorField(failed, PG_DIAG_MESSAGE_PRIMARY);
        const char *detail = PQresultErrorField(failed, PG_DIAG_MESSAGE_DETAIL);
        log_error("sale of %s: %s%s%s%s", starts_at, message ? message : PQerrorMessage(connection),
                  detail ? ": " : "", detail ? detail : "", i < REFUSAL_COUNT ? left_over : "");
    }
    PQclear(PQexec(connection, "ROLLBACK"));
    return is_made;
}

static PGresult *add_sale(PGconn *connection, const PGresult *plan)
{
    struct query query;
    query_begin(&query, "making a sale", sale_add_sql);
    for (int column = 0; column < PLAN_SALE_COLUMNS; column++)
        query_text(&query, PQgetvalue(plan, 0, column));
    return query_run(connection, &query);
}

static void note_made(struct generate_report *report, int32_t sale_id, const PGresult *plan)
{
    report->sale_id_first = report->sales_made ? report->sale_id_first : sale_id;
    report->sale_id_last = sale_id;
    report->sales_made++;
    log_debug("sale %d of %s to %s made", (int)sale_id, PQgetvalue(plan, 0, PLAN_STARTS_AT),
              PQgetvalue(plan, 0, PLAN_ENDS_AT));
}

/* Makes the first sale of the plan, all or nothing. True: it is there, by whomever. */
static bool make_sale(PGconn *connection, const PGresult *plan, struct generate_report *report)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        log_error("getrandom: %s", strerror(errno));
        return false;
    }
    bool good = false;
    int32_t sale_id = 0;
    PGresult *result = PQexec(connection, "BEGIN");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        goto out;

    PQclear(result);
    result = add_sale(connection, plan);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        goto out;
    sale_id = atoi(PQgetvalue(result, 0, 0));

    PQclear(result);
    result = item_copy(connection, sale_id, atoi(PQgetvalue(plan, 0, PLAN_ITEMS_TOTAL)), seed);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        goto out;

    PQclear(result);
    result = PQexec(connection, "COMMIT");
    good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (good)
        note_made(report, sale_id, plan);
out:
    good = good || give_up(connection, PQgetvalue(plan, 0, PLAN_STARTS_AT), result);
    PQclear(result);
    return good;
}

/*
 * What is missing is asked anew before each sale: windows pass while sales are made. A sale that
 * took longer to make than it lasts would go on so for ever; twice what was missing at first is
 * enough wherever a sale is made in half its duration.
 */
static bool make_missing(PGconn *connection, const struct settings *settings,
                         struct generate_report *report)
{
    struct query query;
    plan_sales(&query, settings);
    PGresult *plan = query_rows(connection, &query);
    for (int tries_left = 2 * PQntuples(plan); PQntuples(plan) > 0; tries_left--) {
        if (tries_left == 0)
            log_error("sales of %d s pass faster than they are made", settings->sale.duration_s);
        bool good = tries_left > 0 && make_sale(connection, plan, report);
        PQclear(plan);
        if (!good)
            return false;
        plan = query_rows(connection, &query);
    }
    bool is_known = plan != NULL;
    PQclear(plan);
    return is_known;
}

bool generate(PGconn *connection, const struct settings *settings, struct generate_report *report)
{
    memset(report, 0, sizeof *report);
    int statement_s_max = generate_statement_s_max(settings->sale.items_per_sale);
    if (!query_prepare_session(connection, statement_s_max, LOCK_S_MAX) || !take_turn(connection))
        return false;
    /* Without a partition for its day the log still takes attempts: sales need not wait for it. */
    bool kept = keep_partitions(connection, settings, report);
    return make_missing(connection, settings, report) && kept;
}
