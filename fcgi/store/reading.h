/* The statements of a reader's connection (reader.h), each of the file that reads its rows. Of this
   room alone. */
#ifndef FCGI_STORE_READING_H
#define FCGI_STORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/database.h"

enum reading { READ_SALES, READ_ITEMS, READ_ITEM, READ_USER, READ_STATEMENTS };

extern const char sales_page_statement[], items_page_statement[], item_row_statement[],
    user_page_statement[];

/* As database_call(), connecting where need be. False: PostgreSQL could not be asked. */
bool reading_call(struct database *database, enum reading statement,
                  const struct database_parameter *parameters, int count, PGresult **result)
    __attribute__((warn_unused_result));

/* An integer as a parameter, which is written to `room`. */
struct database_parameter reading_int4(int32_t value, char room[4]);
struct database_parameter reading_int8(int64_t value, char room[8]);

#endif
