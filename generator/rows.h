/* What a query answers, written as a table for people or as a JSON array for programs. */
#ifndef GENERATOR_ROWS_H
#define GENERATOR_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>

#include "query.h"

struct rows {
    PGresult *result;
    int count;
    bool is_json;
};

/* False: it failed, which is logged; nothing needs to be freed then. */
bool rows_read(struct rows *rows, PGconn *connection, const struct query *query, bool is_json)
    __attribute__((warn_unused_result));

/* A table with its columns' names, or an array of objects whose members are the columns. */
void rows_print(const struct rows *rows, FILE *stream);

void rows_free(struct rows *rows);

#endif
