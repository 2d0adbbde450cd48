/*
 * What viewers read from PostgreSQL: the statements, on a connection that is one thread's own.
 */
#ifndef FCGI_STORE_READER_H
#define FCGI_STORE_READER_H

#include "common/database.h"
#include "common/json_writer.h"
#include "common/settings.h"

/* The functions of sql/deploy/reading.sql; their rows have the columns in that order. */
enum reader_statement { READ_SALES, READ_ITEMS, READ_ITEM, READ_USER, READ_STATEMENTS };

/* NULL: out of memory. Connects in the background. */
struct database *reader_new(const struct settings *settings);

/* As database_call(), connecting where need be. NULL: PostgreSQL could not be asked. */
PGresult *reader_call(struct database *database, enum reader_statement statement,
                      const struct database_parameter *parameters, int count);

/* Writes one row as a JSON value. */
typedef void reader_write_row(struct json_writer *json, const PGresult *result, int row);

/*
 * Writes a page of rows, and how many there are in all: column `total` of the first row. An empty
 * page is one row in which column `key`, an integer of 32 bits from 1, is null or 0.
 */
void reader_write_page(struct text *body, const PGresult *result, int key, int total,
                       reader_write_row *write);

#endif
