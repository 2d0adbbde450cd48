/* Connections to PostgreSQL, as all of the worker's are. Of this room alone. */
#ifndef FCGI_STORE_CONNECT_H
#define FCGI_STORE_CONNECT_H

#include "common/database.h"
#include "common/settings.h"

/* What is prepared on a connection. */
struct statements {
    const char *const *texts; /* numbered from 0 */
    int count;
    /* What the first is tried with, and rolled back, before the connection is for commits; NULL: it
       is for reading. */
    const struct database_parameter *trial;
    int trial_count;
};

/*
 * A connection for one thread, made by a thread of its own (database.h) with the worker's settings.
 * `statements` must stay for as long as the process does, `name` for as long as the connection.
 * NULL: out of memory.
 */
struct database *statements_connect(const struct settings *settings, const char *name,
                                    const struct statements *statements);

#endif
