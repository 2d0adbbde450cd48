/*
 * A connection to PostgreSQL that reconnects after it was lost, and statements with a deadline.
 * A service calls statements that are prepared on every new connection; a program that runs each
 * statement once, or several in a transaction, runs queries.
 *
 * One thread at a time uses a connection. Parameters and results are binary (libpq, "Command
 * Execution Functions").
 */
#ifndef COMMON_DATABASE_H
#define COMMON_DATABASE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database_values.h"

struct database;

struct database_options {
    const char *conninfo; /* libpq connection string */
    const char *name;     /* application_name, and the connection's name in log lines */
    int connect_ms_max;   /* for each host; libpq counts whole seconds, and at least 2 */
    int statement_ms_max; /* after this the server cancels a statement */
    int lock_ms_max;      /* after this the server gives up waiting for a lock, and ends a session
                             that is idle in a transaction; 0: statement_ms_max */
    int grace_ms;         /* how much later than the server the client gives up; 0: 250 ms */
    const char *const *statements; /* prepared as "0", "1", ... */
    int statement_count;
    /* Skips a server that accepts no writes, unless target_session_attrs says otherwise. */
    bool is_for_writing;
    /* As is_for_writing; and a server counts as unreachable if its commits wait for a standby that
       does not answer, or if the trial fails. */
    bool is_for_commits;
    /* Parameters of the trial: each new connection runs statement 0 with them, and rolls it back.
       The statement should change nothing then. NULL: no trial. */
    const struct database_parameter *trial;
    int trial_count;
    /* A background thread connects; callers wait for it at most half a second. */
    bool is_in_background;
};

enum database_result {
    DATABASE_DONE,    /* *result has its rows; unless a transaction is open, it is committed */
    DATABASE_REFUSED, /* the server reported an error and rolled back; the connection is usable */
    DATABASE_LOST     /* the connection broke, the time ran out, or the server warned: the outcome
                         is unknown; or the server reported an error that a new connection may not
                         have */
};

/* Makes the object without connecting. What the options point to must live as long as the process;
 * only the name is copied. NULL: out of memory. */
struct database *database_new(const struct database_options *options);
void database_free(struct database *database);

/*
 * Makes sure there is a connection; connects if there is none. Logs once when the database becomes
 * unreachable, and once when it is back. May block for connect_ms_max for each host, and for the
 * lookup of its name. With is_in_background the thread does that instead: the call waits at most
 * half a second, and not at all while the attempts after a failed one go on.
 *
 * The session sets what the schema's functions rely on, whatever the database or the role is set
 * to, and the options' time limits. Only whether it may write is left to the server.
 */
bool database_ensure(struct database *database) __attribute__((warn_unused_result));

/*
 * Whether there is a connection; false also if the server closed it. With is_for_commits, and after
 * a second without a successful call, it asks the server whether commits go through; that may block
 * for statement_ms_max.
 */
bool database_is_open(struct database *database) __attribute__((warn_unused_result));

/*
 * Runs prepared statement number `statement` as a transaction of its own. Needs a connection.
 * *result is the caller's to PQclear after DATABASE_DONE, else NULL. Blocks for statement_ms_max
 * and grace_ms at most. After DATABASE_LOST the connection is closed.
 *
 * A WARNING counts as a lost connection: a commit whose wait for its synchronous standby was
 * cancelled (pg_cancel_backend) succeeds with a warning, and a failover would undo it. No function
 * of the schema itself warns.
 */
enum database_result database_call(struct database *database, int statement,
                                   const struct database_parameter *parameters, int count,
                                   PGresult **result) __attribute__((warn_unused_result));

/* Starts connecting in the background, so that the connection is there when it is needed. */
void database_begin(struct database *database);

/* Whether the last finished attempt to connect in the background failed. Any thread. */
bool database_is_failing(struct database *database);

/* Whether the server refuses calls: since the last successful one it reported an error that spared
 * the connection, or errors on two connections in a row. The connection's thread. */
bool database_was_refused(const struct database *database);

/* Why a query failed: the server's message, or libpq's if the server sent none. */
struct database_error {
    char state[6];       /* SQLSTATE (PostgreSQL's manual, appendix A); "": the server sent none */
    char severity[16];   /* in the server's language; may be "" */
    char constraint[64]; /* the name of the violated constraint, or "" */
    char message[512];
    char detail[512]; /* may be "" */
};

/*
 * Runs one statement, in the open transaction or else in one of its own. *result is the caller's
 * to PQclear after DATABASE_DONE, else NULL. Blocks for statement_ms_max and grace_ms at most.
 *
 * DATABASE_REFUSED: the server reported an error. The session goes on; an open transaction can only
 * be rolled back. DATABASE_LOST: no answer came, or there is no connection; it is closed. Neither
 * is logged: database_error() has the reason. The first WARNING is logged; it is not an error.
 */
enum database_result database_query(struct database *database, const char *sql,
                                    const struct database_parameter *parameters, int count,
                                    PGresult **result) __attribute__((warn_unused_result));

/* Writes the next bytes of the COPY data, at most `size`, and returns how many; 0: there are no
 * more. */
typedef size_t database_copy_next(void *context, char *buffer, size_t size);

enum { DATABASE_COPY_BYTES = 64 * 1024 }; /* `size` in each of these calls */

/* As database_query(), for COPY ... FROM STDIN: sends what `next` writes, until it returns 0. One
 * deadline covers all of it. */
enum database_result database_copy(struct database *database, const char *sql,
                                   database_copy_next *next, void *context)
    __attribute__((warn_unused_result));

/* Why the last query or copy failed. Valid until the next one. */
const struct database_error *database_error(const struct database *database);

#endif
