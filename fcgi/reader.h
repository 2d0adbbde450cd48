/*
 * What viewers read from PostgreSQL: the statements, on a connection that is one thread's own.
 */
#ifndef FCGI_READER_H
#define FCGI_READER_H

#include "common/database.h"
#include "common/settings.h"

/* The functions of sql/deploy/reading.sql; their rows have the columns in that order. */
enum reader_statement { READ_SALES, READ_ITEMS, READ_ITEM, READ_USER, READ_STATEMENTS };

/* NULL: out of memory. Connects in the background. */
struct database *reader_new(const struct settings *settings);

/* As database_call(), connecting where need be. NULL: PostgreSQL could not be asked. */
PGresult *reader_call(struct database *database, enum reader_statement statement,
                      const struct database_parameter *parameters, int count);

#endif
