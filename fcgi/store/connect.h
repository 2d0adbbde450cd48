/* Makes the worker's connections to PostgreSQL. For this room only. */
#ifndef FCGI_STORE_CONNECT_H
#define FCGI_STORE_CONNECT_H

#include "common/database.h"
#include "common/settings.h"

/* The statements that are prepared on a connection. */
struct statements {
    const char *const *texts; /* numbered from 0 */
    int count;
    /* The trial's parameters (struct database_options), for a connection that commits; NULL: the
       connection only reads. */
    const struct database_parameter *trial;
    int trial_count;
};

/*
 * A connection for one thread, with the worker's settings; it connects in the background
 * (database.h). `settings` and `statements` must live as long as the process; `name` is copied.
 * NULL: out of memory.
 */
struct database *statements_connect(const struct settings *settings, const char *name,
                                    const struct statements *statements);

#endif
