/*
 * Values in PostgreSQL's binary format: parameters of a statement, and fields of a result, whose
 * rows and columns count from 0.
 */
#ifndef COMMON_DATABASE_VALUES_H
#define COMMON_DATABASE_VALUES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

/* A binary parameter. `bytes` is read during the call only; NULL: null. */
struct database_parameter {
    const char *bytes;
    int length;
};

/* An integer as a parameter; its bytes are written to `room`, which must live until the call. */
struct database_parameter database_int4_parameter(int32_t value, char room[4]);
struct database_parameter database_int8_parameter(int64_t value, char room[8]);

bool database_is_null(const PGresult *result, int row, int column);
int32_t database_int4(const PGresult *result, int row, int column); /* 0 where null */
int64_t database_int8(const PGresult *result, int row, int column); /* 0 where null */
bool database_bool(const PGresult *result, int row, int column);    /* false where null */

/* A text inside the result, valid until that is cleared; one longer than `bytes_max` bytes is cut
   at the end of a UTF-8 character. {NULL, 0} where null. */
struct span database_span(const PGresult *result, int row, int column, size_t bytes_max);

/* Copies a text and terminates it; one that does not fit in `size` bytes is cut likewise. Empty
 * where null. */
void database_text(const PGresult *result, int row, int column, char *text, size_t size);

/* A terminated text inside the result, valid until that is cleared; NULL where null. */
const char *database_string(const PGresult *result, int row, int column);

/* A timestamptz as microseconds since 1970, UTC; 0 where null. A time outside the years that RFC
 * 3339 can write, such as infinity, becomes the first or last moment of those years. */
int64_t database_time_us(const PGresult *result, int row, int column);

/* Seconds from 1970 to 2000, where timestamptz starts to count (binary protocol). */
enum { DATABASE_EPOCH_S = 946684800 };

#endif
