/*
 * What the statements of batches have in common: elements are added, the server is asked, and its
 * rows, each about one element, are read in any order. For this room only; one thread at a time.
 */
#ifndef FCGI_STORE_BATCH_STATEMENT_H
#define FCGI_STORE_BATCH_STATEMENT_H

#include <stdbool.h>

#include "common/database.h"

struct batch_statement {
    int count; /* elements in the batch */
    int added; /* elements so far */
    PGresult *result;
    int row; /* the next one to read */
};

void batch_statement_begin(struct batch_statement *statement, int count);

/* Counts one more element, which the caller then adds. False: the batch has all (a bug, check.h).
 */
bool batch_statement_add(struct batch_statement *statement) __attribute__((warn_unused_result));

/* False: the server did not answer, or reported an error; or an element is missing (a bug,
   check.h). After true the rows are to be read, and batch_statement_end() called. */
bool batch_statement_call(struct batch_statement *statement, struct database *database,
                          const struct database_parameter *parameters, int count)
    __attribute__((warn_unused_result));

/* The element of the next row, from 0, and the row's number; `column` has the element's ordinal.
   -1: there is no other row. */
int batch_statement_next(struct batch_statement *statement, int column, int *row);

void batch_statement_end(struct batch_statement *statement);

#endif
