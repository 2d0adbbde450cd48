#include "database.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"

/*
 * So soon an idle connection finds that the server's host is gone, with tcp_user_timeout (tcp(7)):
 * its lane then looks for another before anybody asks.
 */
#define KEEPALIVE_IDLE_S     "2"
#define KEEPALIVE_INTERVAL_S "1"

enum {
    /* Time for the server to give a statement up by itself before this end does. */
    GRACE_MS = 250,
    /* A call done so recently needs no other proof that commits go through. */
    PROOF_MS = 1000,
    PARAMETERS_MAX = 16
};

struct database {
    struct database_options options;
    PGconn *connection; /* NULL: none */
    bool is_down_told;  /* the log has said that the database is out of reach */
    bool is_warned;     /* by the server, since the call began */
    int64_t proven_ms;  /* when commits were last known to go through */
};

/*
 * Whether a commit of this role's has waited for its synchronous standby for longer than a call
 * may take. Who gave such a call up leaves a backend behind that waits on, whatever its timeouts:
 * statement_timeout ends before the commit. So one that waits tells everyone not to add another.
 */
static const char commits_wait_sql[] = "SELECT FROM pg_stat_activity"
                                       " WHERE usename = session_user AND wait_event = 'SyncRep'"
                                       " AND clock_timestamp() - state_change"
                                       "     > $1::integer * interval '1 ms'";

struct database *database_new(const struct database_options *options)
{
    struct database *database = calloc(1, sizeof *database);
    if (database)
        database->options = *options;
    return database;
}

static void disconnect(struct database *database)
{
    PQfinish(database->connection);
    database->connection = NULL;
}

void database_free(struct database *database)
{
    if (!database)
        return;
    disconnect(database);
    free(database);
}

PGconn *database_connection(struct database *database)
{
    return database->connection;
}

/* One line when it begins, however often it is tried again. libpq says nothing of its deadline. */
static void tell_down(struct database *database, const char *what)
{
    if (!database->is_down_told)
        log_error("%s: PostgreSQL: %s", database->options.name, *what ? what : "no answer in time");
    database->is_down_told = true;
}

static void tell_up(struct database *database)
{
    if (database->is_down_told)
        log_warning("%s: PostgreSQL: connected again", database->options.name);
    database->is_down_told = false;
}

/* What the server says beside its answers: libpq's notice receiver. */
static void hear(void *context, const PGresult *notice)
{
    struct database *database = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!severity || strcmp(severity, "WARNING") != 0)
        return;
    tell_down(database, PQresultErrorMessage(notice));
    database->is_warned = true;
}

/*
 * Waits for the answer to what was sent, until `deadline_ms`. Returns the last result, or NULL
 * where the connection failed or the time ran out.
 */
static PGresult *await_result(PGconn *connection, int64_t deadline_ms)
{
    PGresult *last = NULL;
    for (;;) {
        while (PQisBusy(connection)) {
            int64_t left_ms = deadline_ms - clock_ms();
            struct pollfd readable = {.fd = PQsocket(connection), .events = POLLIN};
            int ready = left_ms > 0 ? poll(&readable, 1, (int)left_ms) : 0;
            if (ready < 0 && errno == EINTR)
                continue;
            if (ready <= 0 || !PQconsumeInput(connection)) {
                PQclear(last);
                return NULL;
            }
        }
        PGresult *result = PQgetResult(connection);
        if (!result)
            return last;
        PQclear(last);
        last = result;
    }
}

static bool prepare(struct database *database)
{
    for (int i = 0; i < database->options.statement_count; i++) {
        char name[12];
        snprintf(name, sizeof name, "%d", i);
        int64_t deadline_ms = clock_ms() + database->options.connect_ms_max;
        PGresult *result = NULL;
        if (PQsendPrepare(database->connection, name, database->options.statements[i], 0, NULL))
            result = await_result(database->connection, deadline_ms);
        bool prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
        if (!prepared)
            tell_down(database,
                      result ? PQresultErrorMessage(result) : PQerrorMessage(database->connection));
        PQclear(result);
        if (!prepared)
            return false;
    }
    return true;
}

static bool takes_commits(struct database *database)
{
    if (!database->options.is_for_commits)
        return true;
    char limit_ms[12];
    snprintf(limit_ms, sizeof limit_ms, "%d", database->options.statement_ms_max);
    const char *values[] = {limit_ms};
    database->proven_ms = clock_ms();
    int64_t deadline_ms = database->proven_ms + database->options.statement_ms_max;
    PGresult *result = NULL;
    if (PQsendQueryParams(database->connection, commits_wait_sql, 1, NULL, values, NULL, NULL, 0))
        result = await_result(database->connection, deadline_ms);
    const char *what = NULL;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        what = result ? PQresultErrorMessage(result) : PQerrorMessage(database->connection);
    else if (PQntuples(result) > 0)
        what = "commits wait for a synchronous standby";
    if (what)
        tell_down(database, what);
    PQclear(result);
    return !what;
}

static bool connect_anew(struct database *database)
{
    char timeout_s[12], tcp_timeout_ms[12], server_options[128];
    snprintf(timeout_s, sizeof timeout_s, "%d", database->options.connect_ms_max / 1000);
    snprintf(tcp_timeout_ms, sizeof tcp_timeout_ms, "%d", database->options.statement_ms_max);
    snprintf(server_options, sizeof server_options, "-c statement_timeout=%d -c lock_timeout=%d",
             database->options.statement_ms_max, database->options.statement_ms_max);

    /* What stands behind "dbname" overrides what stands before it. */
    const char *keywords[] = {"application_name",
                              "connect_timeout",
                              "tcp_user_timeout",
                              "keepalives_idle",
                              "keepalives_interval",
                              "options",
                              "client_encoding",
                              "dbname",
                              NULL};
    const char *values[] = {database->options.name,
                            timeout_s,
                            tcp_timeout_ms,
                            KEEPALIVE_IDLE_S,
                            KEEPALIVE_INTERVAL_S,
                            server_options,
                            "UTF8",
                            database->options.conninfo,
                            NULL};
    database->connection = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(database->connection) != CONNECTION_OK) {
        tell_down(database, PQerrorMessage(database->connection));
        disconnect(database);
        return false;
    }
    PQsetNoticeReceiver(database->connection, hear, database);
    if (!prepare(database) || !takes_commits(database)) {
        disconnect(database);
        return false;
    }
    tell_up(database);
    return true;
}

/*
 * Whether the server closed an idle connection: then its end can be read, behind its last words.
 * What else it says by itself, such as a changed parameter, is read and does not matter.
 */
static bool is_closed_by_server(PGconn *connection)
{
    struct pollfd readable = {.fd = PQsocket(connection), .events = POLLIN};
    while (poll(&readable, 1, 0) != 0)
        if (!PQconsumeInput(connection) || PQstatus(connection) != CONNECTION_OK)
            return true;
    return false;
}

bool database_is_open(struct database *database)
{
    if (!database->connection)
        return false;
    if (is_closed_by_server(database->connection)) {
        tell_down(database, "the server closed the connection");
        disconnect(database);
    } else if (clock_ms() - database->proven_ms >= PROOF_MS && !takes_commits(database)) {
        disconnect(database);
    }
    return database->connection != NULL;
}

bool database_ensure(struct database *database)
{
    return database_is_open(database) || connect_anew(database);
}

enum database_result database_call(struct database *database, int statement,
                                   const struct database_parameter *parameters, int count,
                                   PGresult **result)
{
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
    for (int i = 0; i < count; i++) {
        values[i] = parameters[i].bytes;
        lengths[i] = parameters[i].length;
        formats[i] = 1;
    }
    char name[12];
    snprintf(name, sizeof name, "%d", statement);

    *result = NULL;
    database->is_warned = false;
    int64_t deadline_ms = clock_ms() + database->options.statement_ms_max + GRACE_MS;
    PGresult *answer = NULL;
    if (PQsendQueryPrepared(database->connection, name, count, values, lengths, formats, 1))
        answer = await_result(database->connection, deadline_ms);

    if (PQresultStatus(answer) == PGRES_TUPLES_OK && !database->is_warned) {
        *result = answer;
        database->proven_ms = clock_ms();
        return DATABASE_DONE;
    }
    if (answer && PQstatus(database->connection) == CONNECTION_OK && !database->is_warned) {
        log_error("%s: PostgreSQL: %s", database->options.name, PQresultErrorMessage(answer));
        PQclear(answer);
        return DATABASE_REFUSED;
    }
    tell_down(database, PQerrorMessage(database->connection));
    PQclear(answer);
    disconnect(database);
    return DATABASE_LOST;
}

bool database_is_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0;
}

int32_t database_int4(const PGresult *result, int row, int column)
{
    uint32_t bytes;
    if (PQgetlength(result, row, column) != sizeof bytes)
        return 0;
    memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
    return (int32_t)be32toh(bytes);
}

int64_t database_int8(const PGresult *result, int row, int column)
{
    uint64_t bytes;
    if (PQgetlength(result, row, column) != sizeof bytes)
        return 0;
    memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
    return (int64_t)be64toh(bytes);
}

bool database_bool(const PGresult *result, int row, int column)
{
    return PQgetlength(result, row, column) == 1 && *PQgetvalue(result, row, column) != 0;
}

void database_text(const PGresult *result, int row, int column, char *text, size_t size)
{
    const char *value = PQgetvalue(result, row, column);
    size_t length = (size_t)PQgetlength(result, row, column);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80)
            length--; /* within a character (RFC 3629, section 3) */
    }
    memcpy(text, value, length);
    text[length] = '\0';
}

int64_t database_time_us(const PGresult *result, int row, int column)
{
    if (database_is_null(result, row, column))
        return 0;
    return database_int8(result, row, column) + (int64_t)DATABASE_EPOCH_S * 1000000;
}
