/* The statements of a reader's connection (reader.h); each is in the file that reads its rows. For
   this room only. */
#ifndef FCGI_STORE_READING_H
#define FCGI_STORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/database.h"

enum reading { READ_SALES, READ_ITEMS, READ_ITEM, READ_USER, READ_TURN, READ_STATEMENTS };

extern const char sales_page_statement[], items_page_statement[], item_row_statement[],
    user_page_statement[], turn_row_statement[];

/* database_call() after database_ensure(). *result is the caller's to PQclear after true. False:
   PostgreSQL did not answer, or reported an error. */
bool reading_call(struct database *database, enum reading statement,
                  const struct database_parameter *parameters, int count, PGresult **result)
    __attribute__((warn_unused_result));

#endif
