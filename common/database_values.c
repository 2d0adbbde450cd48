#include "database_values.h"

#include <endian.h>
#include <string.h>

/* From the year 1 to the end of 9999, as RFC 3339 can write. */
static const int64_t TIME_US_MIN = INT64_C(-62135596800000000),
                     TIME_US_MAX = INT64_C(253402300799999999);

bool database_is_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0;
}

int32_t database_int4(const PGresult *result, int row, int column)
{
    uint32_t bytes;
    if (PQgetlength(result, row, column) != sizeof bytes)
        return 0;
    memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
    return (int32_t)be32toh(bytes);
}

int64_t database_int8(const PGresult *result, int row, int column)
{
    uint64_t bytes;
    if (PQgetlength(result, row, column) != sizeof bytes)
        return 0;
    memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
    return (int64_t)be64toh(bytes);
}

bool database_bool(const PGresult *result, int row, int column)
{
    return PQgetlength(result, row, column) == 1 && *PQgetvalue(result, row, column) != 0;
}

struct span database_span(const PGresult *result, int row, int column, size_t bytes_max)
{
    if (database_is_null(result, row, column))
        return (struct span){NULL, 0};
    const char *value = PQgetvalue(result, row, column);
    size_t length = (size_t)PQgetlength(result, row, column);
    if (length > bytes_max) {
        length = bytes_max;
        while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80)
            length--; /* inside a character (RFC 3629, section 3) */
    }
    return (struct span){value, length};
}

void database_text(const PGresult *result, int row, int column, char *text, size_t size)
{
    span_copy(database_span(result, row, column, size - 1), text, size);
}

const char *database_string(const PGresult *result, int row, int column)
{
    /* libpq ends every value with a zero, binary ones too (pqRowProcessor() in fe-exec.c). */
    return database_is_null(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

int64_t database_time_us(const PGresult *result, int row, int column)
{
    if (database_is_null(result, row, column))
        return 0;
    int64_t epoch_us = (int64_t)DATABASE_EPOCH_S * 1000000;
    int64_t time_us = database_int8(result, row, column);
    if (time_us < TIME_US_MIN - epoch_us)
        return TIME_US_MIN;
    return time_us > TIME_US_MAX - epoch_us ? TIME_US_MAX : time_us + epoch_us;
}

struct database_parameter database_int4_parameter(int32_t value, char room[4])
{
    uint32_t bytes = htobe32((uint32_t)value);
    memcpy(room, &bytes, sizeof bytes);
    return (struct database_parameter){room, sizeof bytes};
}

struct database_parameter database_int8_parameter(int64_t value, char room[8])
{
    uint64_t bytes = htobe64((uint64_t)value);
    memcpy(room, &bytes, sizeof bytes);
    return (struct database_parameter){room, sizeof bytes};
}
