#include "database.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"

/*
 * How long until an idle connection notices that its server's host is gone, together with
 * tcp_user_timeout (tcp(7)). Its batcher can then reconnect before the next request.
 */
#define KEEPALIVE_IDLE_S     "2"
#define KEEPALIVE_INTERVAL_S "1"

enum {
    /* The server cancels a statement first; the client gives up this much later. */
    GRACE_MS = 250,
    /* Sent data that is not acknowledged by then breaks the connection (tcp(7),
       TCP_USER_TIMEOUT). */
    TCP_TIMEOUT_MS_MAX = 60000,
    /* How long a successful call proves that commits go through. */
    PROOF_MS = 1000,
    PARAMETERS_MAX = 16,
    /* One error may be the session's fault; the next session may be free of it. */
    ERRORS_MAX = 2,
    OPTIONS_BYTES_MAX = 1024,
    NAME_BYTES_MAX = 64, /* PostgreSQL's NAMEDATALEN */
    /* How long a caller waits for the background thread to connect. */
    BACKGROUND_WAIT_MS = 500,
    /* How long the thread waits after a failure before it tries again. */
    BACKGROUND_AGAIN_MS = 200
};

/*
 * What the schema's functions rely on, in every session. Time limits that could end a session
 * before session_sql sets them are in the startup packet, which overrides the settings of the
 * database and the role. A connection string's options go there too; session_sql overrides those
 * that it sets.
 */
static const char first_options[] =
    "-c statement_timeout=%d -c lock_timeout=%d"
    " -c idle_session_timeout=0 -c default_transaction_deferrable=off"
    " -c idle_in_transaction_session_timeout=%d";

/*
 * No reply may leave before its commit is durable: synchronous_commit may be stronger than on, not
 * weaker. The time limits, the time zone, jit and parallel workers are the service's choice; the
 * others are PostgreSQL's defaults. A parameter that the server's version lacks is skipped.
 * Parameters that only a superuser may set are left alone.
 */
static const char session_sql[] =
    "SELECT pg_catalog.set_config(name, value, false)"
    " FROM (VALUES ('statement_timeout', $1), ('lock_timeout', $2), ('transaction_timeout', '0'),"
    " ('idle_session_timeout', '0'), ('idle_in_transaction_session_timeout', $2),"
    " ('default_transaction_isolation', 'read committed'),"
    " ('default_transaction_deferrable', 'off'), ('row_security', 'on'), ('role', 'none'),"
    " ('search_path', 'pg_catalog, pg_temp'), ('client_min_messages', 'notice'),"
    " ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'),"
    " ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('xmloption', 'content'),"
    " ('standard_conforming_strings', 'on'), ('array_nulls', 'on'),"
    " ('transform_null_equals', 'off'), ('check_function_bodies', 'on'),"
    " ('plan_cache_mode', 'auto'), ('jit', 'off'), ('from_collapse_limit', '8'),"
    " ('join_collapse_limit', '8'), ('geqo', 'on'), ('constraint_exclusion', 'partition'),"
    " ('enable_indexscan', 'on'), ('enable_indexonlyscan', 'on'), ('enable_bitmapscan', 'on'),"
    " ('enable_seqscan', 'on'), ('enable_tidscan', 'on'), ('enable_sort', 'on'),"
    " ('enable_nestloop', 'on'), ('enable_hashjoin', 'on'), ('enable_mergejoin', 'on'),"
    " ('enable_hashagg', 'on'), ('enable_material', 'on'), ('enable_memoize', 'on'),"
    " ('enable_partition_pruning', 'on'), ('max_parallel_workers_per_gather', '0'),"
    " ('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')"
    "  WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END)) setting (name, value)"
    " WHERE pg_catalog.current_setting(name, true) IS NOT NULL";

/* The thread that connects, with is_in_background. */
struct background {
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    bool is_started;
    bool is_wanted;  /* the thread is to connect */
    bool has_failed; /* the last attempt */
    bool is_ending;
    bool is_orphan; /* nobody joins the thread: it frees the database itself */
};

struct database {
    struct database_options options;
    char name[NAME_BYTES_MAX];
    PGconn *connection;  /* NULL: none */
    bool is_down_logged; /* the log has said that the database is unreachable */
    bool is_warned;      /* the server has sent a WARNING since the call began */
    int errors;          /* from the server since the last successful call, up to ERRORS_MAX */
    int64_t proven_ms;   /* when commits were last known to go through, by clock_ms() */
    struct database_error error;
    struct background background;
};

/*
 * Why commits cannot go through on this server; null: they can. Either it is read-only: a session
 * survives when its server becomes so. Or a commit of this role has waited for the synchronous
 * standby for longer than a call may take. Such a backend goes on waiting after its client gave the
 * call up, as statement_timeout does not cover the commit. One that waits is enough to tell all
 * clients not to add another.
 */
static const char proof_sql[] =
    "SELECT CASE WHEN pg_catalog.current_setting('transaction_read_only') = 'on'"
    " THEN 'the server takes no writes (transaction_read_only is on)'"
    " WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity"
    " WHERE usename = session_user AND wait_event = 'SyncRep'"
    " AND pg_catalog.clock_timestamp() - state_change > $1::integer * interval '1 ms')"
    " THEN 'commits wait for a synchronous standby' END";

struct database *database_new(const struct database_options *options)
{
    struct database *database = calloc(1, sizeof *database);
    if (!database)
        return NULL;
    database->options = *options;
    snprintf(database->name, sizeof database->name, "%s", options->name);
    database->options.name = database->name;
    if (options->lock_ms_max == 0)
        database->options.lock_ms_max = options->statement_ms_max;
    if (options->grace_ms == 0)
        database->options.grace_ms = GRACE_MS;
    pthread_mutex_init(&database->background.mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&database->background.changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return database;
}

static void disconnect(struct database *database)
{
    PQfinish(database->connection);
    database->connection = NULL;
}

static void dispose(struct database *database)
{
    disconnect(database);
    pthread_cond_destroy(&database->background.changed);
    pthread_mutex_destroy(&database->background.mutex);
    free(database);
}

void database_free(struct database *database)
{
    if (!database)
        return;
    struct background *background = &database->background;
    pthread_mutex_lock(&background->mutex);
    background->is_ending = true;
    background->is_orphan = background->is_wanted; /* it may spend long on looking up a name */
    bool is_started = background->is_started, is_orphan = background->is_orphan;
    pthread_cond_broadcast(&background->changed);
    pthread_t thread = background->thread;
    pthread_mutex_unlock(&background->mutex);
    if (is_orphan) {
        pthread_detach(thread);
        return;
    }
    if (is_started)
        pthread_join(thread, NULL);
    dispose(database);
}

/* Logs the first failure of an outage only. `what` is empty when the deadline passed: libpq knows
   nothing of that. */
static void log_down(struct database *database, const char *what)
{
    if (!database->is_down_logged)
        log_error("%s: PostgreSQL: %s", database->options.name, *what ? what : "no answer in time");
    database->is_down_logged = true;
}

static void log_up(struct database *database)
{
    if (database->is_down_logged)
        log_warning("%s: PostgreSQL: connected again", database->options.name);
    database->is_down_logged = false;
}

/* libpq's notice receiver. */
static void on_notice(void *context, const PGresult *notice)
{
    struct database *database = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (!severity || strcmp(severity, "WARNING") != 0)
        return;
    log_down(database, PQresultErrorMessage(notice));
    database->is_warned = true;
}

/* When the client gives up a statement that begins now. */
static int64_t deadline_of_statement(const struct database *database)
{
    return clock_ms() + database->options.statement_ms_max + database->options.grace_ms;
}

/*
 * Waits for the answer to what was sent, until `deadline_ms`. Returns the last result; NULL: the
 * connection failed or the time ran out.
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
        if (PQresultStatus(last) == PGRES_COPY_IN)
            return last; /* more results come only after the data was sent */
    }
}

static const char *error_message(const struct database *database, const PGresult *result)
{
    return result ? PQresultErrorMessage(result) : PQerrorMessage(database->connection);
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
            log_down(database, error_message(database, result));
        PQclear(result);
        if (!prepared)
            return false;
    }
    return true;
}

/* Runs a query with the first `count` of two parameters: the time limits of a statement and of a
 * lock. NULL: it failed, and the log says why. */
static PGresult *query_with_limits(struct database *database, const char *sql, int count)
{
    char statement_ms[12], lock_ms[12];
    snprintf(statement_ms, sizeof statement_ms, "%d", database->options.statement_ms_max);
    snprintf(lock_ms, sizeof lock_ms, "%d", database->options.lock_ms_max);
    const char *values[] = {statement_ms, lock_ms};
    int64_t deadline_ms = deadline_of_statement(database);
    PGresult *result = NULL;
    if (PQsendQueryParams(database->connection, sql, count, NULL, values, NULL, NULL, 0))
        result = await_result(database->connection, deadline_ms);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    log_down(database, error_message(database, result));
    PQclear(result);
    return NULL;
}

static bool set_up_session(struct database *database)
{
    PGresult *result = query_with_limits(database, session_sql, 2);
    PQclear(result);
    return result != NULL;
}

static bool takes_commits(struct database *database)
{
    if (!database->options.is_for_commits)
        return true;
    database->proven_ms = clock_ms();
    PGresult *result = query_with_limits(database, proof_sql, 1);
    bool good = result && PQgetisnull(result, 0, 0);
    if (result && !good)
        log_down(database, PQgetvalue(result, 0, 0));
    PQclear(result);
    return good;
}

/* Runs a statement without parameters that returns no rows. */
static bool run(struct database *database, const char *sql)
{
    int64_t deadline_ms = deadline_of_statement(database);
    PGresult *result = NULL;
    if (PQsendQuery(database->connection, sql))
        result = await_result(database->connection, deadline_ms);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!good)
        log_down(database, error_message(database, result));
    PQclear(result);
    return good;
}

/* Parameters in libpq's form. */
struct binary {
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
};

static void fill_binary(struct binary *binary, const struct database_parameter *parameters,
                        int count)
{
    assert(count <= PARAMETERS_MAX);
    for (int i = 0; i < count; i++) {
        binary->values[i] = parameters[i].bytes;
        binary->lengths[i] = parameters[i].length;
        binary->formats[i] = 1;
    }
}

static PGresult *send_and_await(struct database *database, int statement,
                                const struct database_parameter *parameters, int count)
{
    struct binary binary;
    fill_binary(&binary, parameters, count);
    char name[12];
    snprintf(name, sizeof name, "%d", statement);
    int64_t deadline_ms = deadline_of_statement(database);
    if (!PQsendQueryPrepared(database->connection, name, count, binary.values, binary.lengths,
                             binary.formats, 1))
        return NULL;
    return await_result(database->connection, deadline_ms);
}

/* Whether statement 0 works on this server: the tables, functions and privileges are there. */
static bool passes_trial(struct database *database)
{
    if (!database->options.trial)
        return true;
    if (!run(database, "BEGIN"))
        return false;
    PGresult *result =
        send_and_await(database, 0, database->options.trial, database->options.trial_count);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good)
        log_down(database, error_message(database, result));
    PQclear(result);
    return good && run(database, "ROLLBACK");
}

/* Appends the startup options of the connection string, or else of the environment. */
static void add_options(char *options, size_t size, const char *conninfo)
{
    const char *given = getenv("PGOPTIONS");
    PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);
    for (const PQconninfoOption *one = parsed; one && one->keyword; one++)
        if (strcmp(one->keyword, "options") == 0 && one->val)
            given = one->val;
    size_t used = strlen(options);
    if (given && used + strlen(given) + 2 < size)
        snprintf(options + used, size - used, " %s", given);
    PQconninfoFree(parsed);
}

static PGconn *start_session(const struct database_options *options)
{
    char timeout_s[12], tcp_timeout_ms[12], first[OPTIONS_BYTES_MAX];
    int limit_ms = options->statement_ms_max, lock_ms = options->lock_ms_max;
    snprintf(timeout_s, sizeof timeout_s, "%d", options->connect_ms_max / 1000);
    snprintf(tcp_timeout_ms, sizeof tcp_timeout_ms, "%d",
             limit_ms < TCP_TIMEOUT_MS_MAX ? limit_ms : TCP_TIMEOUT_MS_MAX);
    snprintf(first, sizeof first, first_options, limit_ms, lock_ms, lock_ms);
    add_options(first, sizeof first, options->conninfo);
    bool is_for_writing = options->is_for_writing || options->is_for_commits;

    /* A later entry overrides an earlier one: the connection string (dbname) overrides those before
       it, and the last two override the connection string. */
    const char *const settings[][2] = {
        {"application_name", options->name},
        {"connect_timeout", timeout_s},
        {"tcp_user_timeout", tcp_timeout_ms},
        {"keepalives_idle", KEEPALIVE_IDLE_S},
        {"keepalives_interval", KEEPALIVE_INTERVAL_S},
        {"target_session_attrs", is_for_writing ? "read-write" : NULL},
        {"dbname", options->conninfo},
        {"options", first},
        {"client_encoding", "UTF8"}};
    enum { SETTINGS = sizeof settings / sizeof settings[0] };
    const char *keywords[SETTINGS + 1] = {NULL}, *values[SETTINGS + 1] = {NULL};
    for (int i = 0; i < SETTINGS; i++) {
        keywords[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    return PQconnectdbParams(keywords, values, 1);
}

static bool connect_anew(struct database *database)
{
    database->connection = start_session(&database->options);
    if (PQstatus(database->connection) != CONNECTION_OK) {
        log_down(database, PQerrorMessage(database->connection));
        disconnect(database);
        return false;
    }
    PQsetNoticeReceiver(database->connection, on_notice, database);
    if (!set_up_session(database) || !prepare(database) || !takes_commits(database) ||
        !passes_trial(database)) {
        disconnect(database);
        return false;
    }
    log_up(database);
    return true;
}

/*
 * Whether the server closed an idle connection: then the socket is readable up to its end. Other
 * messages, such as a changed parameter's, are read and ignored.
 */
static bool is_closed_by_server(PGconn *connection)
{
    struct pollfd readable = {.fd = PQsocket(connection), .events = POLLIN};
    while (poll(&readable, 1, 0) != 0)
        if (!PQconsumeInput(connection) || PQstatus(connection) != CONNECTION_OK)
            return true;
    return false;
}

static bool is_open(struct database *database)
{
    if (!database->connection)
        return false;
    if (is_closed_by_server(database->connection)) {
        log_down(database, "the server closed the connection");
        disconnect(database);
    } else if (clock_ms() - database->proven_ms >= PROOF_MS && !takes_commits(database)) {
        disconnect(database);
    }
    return database->connection != NULL;
}

/* ---- in the background ---- */

/* While is_wanted is set, the thread owns the database, except for its options. */
static void *background_main(void *argument)
{
    struct database *database = argument;
    struct background *background = &database->background;
    pthread_mutex_lock(&background->mutex);
    while (!background->is_ending) {
        if (!background->is_wanted) {
            pthread_cond_wait(&background->changed, &background->mutex);
            continue;
        }
        pthread_mutex_unlock(&background->mutex);
        bool good = connect_anew(database);
        pthread_mutex_lock(&background->mutex);
        background->has_failed = !good;
        background->is_wanted = !good;
        pthread_cond_broadcast(&background->changed);
        const struct timespec again = clock_timespec(clock_us() + BACKGROUND_AGAIN_MS * 1000);
        while (!good && !background->is_ending &&
               pthread_cond_timedwait(&background->changed, &background->mutex, &again) == 0)
            ;
    }
    bool is_orphan = background->is_orphan;
    pthread_mutex_unlock(&background->mutex);
    if (is_orphan)
        dispose(database);
    return NULL;
}

static bool start_background(struct database *database)
{
    struct background *background = &database->background;
    if (background->is_started)
        return true;
    background->is_started =
        pthread_create(&background->thread, NULL, background_main, database) == 0;
    return background->is_started;
}

/* The caller holds the lock. */
static void request_connection(struct database *database)
{
    struct background *background = &database->background;
    if (background->is_wanted || database->connection || !start_background(database))
        return;
    background->is_wanted = true;
    pthread_cond_broadcast(&background->changed);
}

void database_begin(struct database *database)
{
    pthread_mutex_lock(&database->background.mutex);
    request_connection(database);
    pthread_mutex_unlock(&database->background.mutex);
}

/* Waits for the background thread to connect, unless its last attempt failed. */
static bool await_connection(struct database *database)
{
    struct background *background = &database->background;
    const struct timespec due = clock_timespec(clock_us() + BACKGROUND_WAIT_MS * 1000);
    pthread_mutex_lock(&background->mutex);
    request_connection(database);
    while (background->is_wanted && !background->has_failed &&
           pthread_cond_timedwait(&background->changed, &background->mutex, &due) == 0)
        ;
    bool good = !background->is_wanted && database->connection;
    pthread_mutex_unlock(&background->mutex);
    return good;
}

static bool is_connecting(struct database *database)
{
    struct background *background = &database->background;
    if (!database->options.is_in_background)
        return false;
    pthread_mutex_lock(&background->mutex);
    bool is_wanted = background->is_wanted;
    pthread_mutex_unlock(&background->mutex);
    return is_wanted;
}

bool database_is_open(struct database *database)
{
    return !is_connecting(database) && is_open(database);
}

bool database_ensure(struct database *database)
{
    if (database_is_open(database))
        return true;
    return database->options.is_in_background ? await_connection(database) : connect_anew(database);
}

/* ---- calls ---- */

/*
 * Whether the connection can go on after this error. It can if the reason was the statement's data,
 * another transaction, a time limit or a full disk (SQLSTATE classes 22, 23, 40; 55P03, 57014,
 * 53100). Any other error may be this session's or this server's, and absent from a new connection:
 * the server became read-only (25006), a statement is no longer prepared (26000) or no longer fits
 * the schema (0A000, 42P01, 42883), the server shuts down (57P01). If every connection has the
 * error, the trial of the new one fails with it.
 */
static bool spares_connection(const PGresult *error)
{
    static const char *const sparing[] = {"22", "23", "40", "55P03", "57014", "53100"};
    const char *state = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    for (size_t i = 0; state && i < sizeof sparing / sizeof sparing[0]; i++)
        if (strncmp(state, sparing[i], strlen(sparing[i])) == 0)
            return true;
    return false;
}

enum database_result database_call(struct database *database, int statement,
                                   const struct database_parameter *parameters, int count,
                                   PGresult **result)
{
    *result = NULL;
    database->is_warned = false;
    PGresult *answer = send_and_await(database, statement, parameters, count);

    if (PQresultStatus(answer) == PGRES_TUPLES_OK && !database->is_warned) {
        *result = answer;
        database->errors = 0;
        database->proven_ms = clock_ms();
        return DATABASE_DONE;
    }
    if (answer && PQstatus(database->connection) == CONNECTION_OK && !database->is_warned &&
        spares_connection(answer)) {
        log_error("%s: PostgreSQL: %s", database->options.name, PQresultErrorMessage(answer));
        PQclear(answer);
        database->errors = ERRORS_MAX;
        return DATABASE_REFUSED;
    }
    if (answer && !database->is_warned && database->errors < ERRORS_MAX)
        database->errors++;
    log_down(database, error_message(database, answer));
    PQclear(answer);
    disconnect(database);
    return DATABASE_LOST;
}

bool database_is_failing(struct database *database)
{
    pthread_mutex_lock(&database->background.mutex);
    bool has_failed = database->background.has_failed;
    pthread_mutex_unlock(&database->background.mutex);
    return has_failed;
}

bool database_was_refused(const struct database *database)
{
    return database->errors >= ERRORS_MAX;
}

/* ---- queries ---- */

static void copy_field(char *text, size_t size, const PGresult *result, int field)
{
    const char *value = PQresultErrorField(result, field);
    snprintf(text, size, "%s", value ? value : "");
}

static void keep_error(struct database *database, const PGresult *result)
{
    struct database_error *error = &database->error;
    copy_field(error->state, sizeof error->state, result, PG_DIAG_SQLSTATE);
    copy_field(error->severity, sizeof error->severity, result, PG_DIAG_SEVERITY);
    copy_field(error->constraint, sizeof error->constraint, result, PG_DIAG_CONSTRAINT_NAME);
    copy_field(error->message, sizeof error->message, result, PG_DIAG_MESSAGE_PRIMARY);
    copy_field(error->detail, sizeof error->detail, result, PG_DIAG_MESSAGE_DETAIL);
    if (*error->message)
        return;
    const char *words = database->connection ? error_message(database, result) : "no connection";
    snprintf(error->message, sizeof error->message, "%s", *words ? words : "no answer in time");
}

/* Takes ownership of the answer: hands it on in *result, or keeps its error and frees it. */
static enum database_result conclude(struct database *database, PGresult *answer, PGresult **result)
{
    ExecStatusType status = PQresultStatus(answer);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        *result = answer;
        return DATABASE_DONE;
    }
    *result = NULL;
    bool is_answered = answer != NULL;
    keep_error(database, answer);
    PQclear(answer);
    if (is_answered && PQstatus(database->connection) == CONNECTION_OK)
        return DATABASE_REFUSED;
    disconnect(database);
    return DATABASE_LOST;
}

enum database_result database_query(struct database *database, const char *sql,
                                    const struct database_parameter *parameters, int count,
                                    PGresult **result)
{
    struct binary binary;
    fill_binary(&binary, parameters, count);
    int64_t deadline_ms = deadline_of_statement(database);
    PGresult *answer = NULL;
    if (PQsendQueryParams(database->connection, sql, count, NULL, binary.values, binary.lengths,
                          binary.formats, 1))
        answer = await_result(database->connection, deadline_ms);
    return conclude(database, answer, result);
}

/* Sends what libpq has not sent yet. Meanwhile it reads what the server sends, or each could wait
 * for the other. */
static bool flush(PGconn *connection, int64_t deadline_ms)
{
    int left;
    while ((left = PQflush(connection)) == 1) {
        int64_t left_ms = deadline_ms - clock_ms();
        struct pollfd ready = {.fd = PQsocket(connection), .events = POLLIN | POLLOUT};
        int count = left_ms > 0 ? poll(&ready, 1, (int)left_ms) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 || ((ready.revents & POLLIN) && !PQconsumeInput(connection)))
            return false;
    }
    return left == 0;
}

static bool send_copy(PGconn *connection, database_copy_next *next, void *context,
                      int64_t deadline_ms)
{
    char buffer[DATABASE_COPY_BYTES];
    for (size_t length; (length = next(context, buffer, sizeof buffer)) > 0;)
        if (PQputCopyData(connection, buffer, (int)length) != 1 || !flush(connection, deadline_ms))
            return false;
    return PQputCopyEnd(connection, NULL) == 1 && flush(connection, deadline_ms);
}

enum database_result database_copy(struct database *database, const char *sql,
                                   database_copy_next *next, void *context)
{
    PGconn *connection = database->connection;
    int64_t deadline_ms = deadline_of_statement(database);
    PGresult *result = NULL;
    if (PQsendQuery(connection, sql))
        result = await_result(connection, deadline_ms);
    if (PQresultStatus(result) == PGRES_COPY_IN) {
        PQclear(result);
        bool sent = PQsetnonblocking(connection, 1) == 0 &&
                    send_copy(connection, next, context, deadline_ms);
        result = sent ? await_result(connection, deadline_ms) : NULL;
        PQsetnonblocking(connection, 0);
    }
    enum database_result outcome = conclude(database, result, &result);
    PQclear(result);
    return outcome;
}

const struct database_error *database_error(const struct database *database)
{
    return &database->error;
}
