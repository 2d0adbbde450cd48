/*
 * Values of a result in PostgreSQL's binary format, by row and column from 0. The column must not
 * be null where that is not said.
 */
#ifndef COMMON_DATABASE_VALUES_H
#define COMMON_DATABASE_VALUES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

bool database_is_null(const PGresult *result, int row, int column);
int32_t database_int4(const PGresult *result, int row, int column); /* 0 where null */
int64_t database_int8(const PGresult *result, int row, int column); /* 0 where null */
bool database_bool(const PGresult *result, int row, int column);    /* false where null */

/* A text where the result has it, until that is cleared; beyond `bytes_max` bytes it is cut, before
   a character of UTF-8. {NULL, 0} where null. */
struct span database_span(const PGresult *result, int row, int column, size_t bytes_max);

/* Copies a text and ends it with a zero; what does not fit in `size` bytes is cut likewise. */
void database_text(const PGresult *result, int row, int column, char *text, size_t size);

/* A text where the result has it, ended with a zero, for as long as the result lives; NULL where
 * null. */
const char *database_string(const PGresult *result, int row, int column);

/* A timestamptz as microseconds since 1970, UTC; 0 where null. What is beyond the years that RFC
 * 3339 can write, such as infinity, is the first or last moment of them. */
int64_t database_time_us(const PGresult *result, int row, int column);

/* Microseconds since 1970 to those since 2000, as timestamptz counts (binary protocol). */
enum { DATABASE_EPOCH_S = 946684800 };

#endif
