#include "query.h"

#include <assert.h>
#include <stdio.h>

#include "common/log.h"

/* Idle in a transaction the generator never is, so then it is gone: its machine, say. */
static const char session_sql[] =
    "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
    "set_config('idle_in_transaction_session_timeout', $2, false), "
    "set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false)";

void query_begin(struct query *query, const char *trying, const char *sql)
{
    query->trying = trying;
    query->sql = sql;
    query->count = 0;
}

void query_text(struct query *query, const char *text)
{
    assert(query->count < QUERY_PARAMETERS_MAX);
    query->values[query->count++] = text;
}

void query_integer(struct query *query, int value)
{
    assert(query->count < QUERY_PARAMETERS_MAX);
    char *text = query->numbers[query->count];
    snprintf(text, QUERY_NUMBER_MAX, "%d", value);
    query_text(query, text);
}

PGresult *query_run(PGconn *connection, const struct query *query)
{
    return PQexecParams(connection, query->sql, query->count, NULL, query->values, NULL, NULL, 0);
}

PGresult *query_rows(PGconn *connection, const struct query *query)
{
    PGresult *result = query_run(connection, query);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    log_error("%s: %s", query->trying, PQerrorMessage(connection));
    PQclear(result);
    return NULL;
}

bool query_prepare_session(PGconn *connection, int statement_s_max, int lock_s_max)
{
    PQsetErrorVerbosity(connection, PQERRORS_TERSE); /* the server's log has the rest */
    struct query query;
    query_begin(&query, "setting time limits", session_sql);
    query_integer(&query, statement_s_max * 1000);
    query_integer(&query, lock_s_max * 1000);
    PGresult *result = query_rows(connection, &query);
    PQclear(result);
    return result != NULL;
}
