/*
 * A statement with its parameters, put together step by step and run over libpq. Results are text.
 */
#ifndef GENERATOR_QUERY_H
#define GENERATOR_QUERY_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "common/settings.h"

enum { QUERY_PARAMETERS_MAX = 6, QUERY_NUMBER_MAX = 12 };

/* Points into itself: a copy lives no longer than what it was copied from. */
struct query {
    const char *trying; /* what for, as a log line begins that tells of its failure */
    const char *sql;
    int count;
    const char *values[QUERY_PARAMETERS_MAX];
    char numbers[QUERY_PARAMETERS_MAX][QUERY_NUMBER_MAX];
};

void query_begin(struct query *query, const char *trying, const char *sql);

/* The next parameter: $1, $2 and so on. A text must outlive the query. */
void query_integer(struct query *query, int value);
void query_text(struct query *query, const char *text);

/* What came of it, good or bad; the caller's to PQclear. */
PGresult *query_run(PGconn *connection, const struct query *query)
    __attribute__((warn_unused_result));

/* Its rows, the caller's to PQclear; NULL: it failed, which is logged. */
PGresult *query_rows(PGconn *connection, const struct query *query)
    __attribute__((warn_unused_result));

/*
 * For a new connection: how long a statement may take, and how long it may wait for a lock; times
 * are written in UTC.
 */
bool query_prepare_session(PGconn *connection, int statement_s_max, int lock_s_max)
    __attribute__((warn_unused_result));

#endif
