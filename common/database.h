/*
 * One connection to PostgreSQL that comes back after it was lost, and statements with a deadline:
 * calls of those that are prepared on every new connection, for a service; queries, for a program
 * that says each once or in a transaction of several.
 *
 * A connection belongs to the thread that uses it. Parameters and results are binary (libpq,
 * "Command Execution Functions").
 */
#ifndef COMMON_DATABASE_H
#define COMMON_DATABASE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database_values.h"

struct database;

/* A binary parameter; `bytes` is read during the call only. */
struct database_parameter {
    const char *bytes;
    int length;
};

struct database_options {
    const char *conninfo; /* libpq connection string */
    const char *name;     /* application_name, and the connection's name in log lines */
    int connect_ms_max;   /* for each host; libpq counts in whole seconds, and 2 at least */
    int statement_ms_max; /* the server gives a statement up then, and this end a little later */
    int lock_ms_max;      /* the server gives up waiting for a lock then, and a transaction in which
                             nothing is said; 0: statement_ms_max */
    int grace_ms;         /* how much later this end gives up; 0: 250 ms */
    const char *const *statements; /* prepared as "0", "1", ... */
    int statement_count;
    /* A server that takes no writes is passed over, unless target_session_attrs says otherwise. */
    bool is_for_writing;
    /* That too; and one whose commits wait for a standby that does not answer, or where the first
       statement fails when it is tried, is out of reach. */
    bool is_for_commits;
    /* What the statement is tried with: it shall change nothing then, and is rolled back. */
    const struct database_parameter *trial;
    int trial_count;
    /* A thread of its own connects, and whoever calls waits for it but a moment. */
    bool is_in_background;
};

enum database_result {
    DATABASE_DONE,    /* committed, and *result holds its rows */
    DATABASE_REFUSED, /* the server said no and rolled back; the connection is fine */
    DATABASE_LOST     /* the connection broke, the time ran out, or the server warned: the outcome
                         is unknown. Or it said no in a way that another connection may cure */
};

/* Makes the object without connecting. What the options point to, but the name, must stay for as
 * long as the process does. NULL: out of memory. */
struct database *database_new(const struct database_options *options);
void database_free(struct database *database);

/*
 * Makes sure there is a connection, a new one where need be. Logs when the database gets out of
 * reach and when it is back, once each. May block for connect_ms_max for each host, and for as long
 * as looking up its name takes. In the background that blocks nobody: this returns at once where
 * the last attempt has failed and the next one has not come to an end yet.
 *
 * A session has what the schema's functions rely on, whatever the database or the role is set to;
 * its time limits are those of the options. Only whether it may write is the server's to say.
 */
bool database_ensure(struct database *database) __attribute__((warn_unused_result));

/*
 * Whether there is a connection, as far as can be seen: false also where the server closed it. One
 * that is for commits, and has had no call done for a second, asks the server whether they go
 * through; that may block for statement_ms_max.
 */
bool database_is_open(struct database *database) __attribute__((warn_unused_result));

/*
 * Runs prepared statement number `statement` as a transaction of its own. Needs a connection.
 * *result is the caller's to PQclear when DATABASE_DONE, else NULL. Never blocks much longer
 * than statement_ms_max. After DATABASE_LOST the connection is closed.
 *
 * A WARNING is as good as a lost connection: a commit whose wait for its synchronous standby was
 * cancelled (pg_cancel_backend) succeeds with one, and a failover would undo it. No function of
 * the schema warns by itself.
 */
enum database_result database_call(struct database *database, int statement,
                                   const struct database_parameter *parameters, int count,
                                   PGresult **result) __attribute__((warn_unused_result));

/* Has a connection made in the background, so that it is there when it is asked for. */
void database_begin(struct database *database);

/* Whether the last attempt to connect in the background has failed, rather than goes on. */
bool database_is_failing(struct database *database);

/* Whether the server says no, to a session that is sound or to one after the other, and nothing was
 * done since. The connection's thread. */
bool database_was_refused(const struct database *database);

/* Why a query was not done: the server's words, or libpq's where the server said nothing. */
struct database_error {
    char state[6];     /* SQLSTATE (PostgreSQL's manual, appendix A); "": the server said nothing */
    char severity[16]; /* in the server's language; may be "" */
    char constraint[64]; /* the name of what the rows violate, or "" */
    char message[512];
    char detail[512]; /* may be "" */
};

/*
 * Runs one statement, in the transaction that is open, or else in one of its own. It is read to
 * its end, and *result is the caller's to PQclear when DATABASE_DONE, else NULL. Never blocks much
 * longer than statement_ms_max and grace_ms.
 *
 * DATABASE_REFUSED: the server said no, whatever the reason. The session goes on, and a transaction
 * that is open can only be rolled back. DATABASE_LOST: there is no answer, or no connection; it is
 * closed. Neither is logged: database_error() has the reason. A WARNING is logged, and is no error.
 */
enum database_result database_query(struct database *database, const char *sql,
                                    const struct database_parameter *parameters, int count,
                                    PGresult **result) __attribute__((warn_unused_result));

/* Writes the next bytes of what is copied, `size` of them at most, and returns how many; 0: that
 * was all. */
typedef size_t database_copy_next(void *context, char *buffer, size_t size);

enum { DATABASE_COPY_BYTES = 64 * 1024 }; /* the `size` of each */

/* The same with COPY ... FROM STDIN: sends what `next` writes. One deadline for all of it. */
enum database_result database_copy(struct database *database, const char *sql,
                                   database_copy_next *next, void *context)
    __attribute__((warn_unused_result));

/* Of the last query or copy that was not done. */
const struct database_error *database_error(const struct database *database);

#endif
