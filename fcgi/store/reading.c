#include "reading.h"

#include <endian.h>
#include <string.h>

bool reading_call(struct database *database, enum reading statement,
                  const struct database_parameter *parameters, int count, PGresult **result)
{
    *result = NULL;
    return database_ensure(database) &&
           database_call(database, (int)statement, parameters, count, result) == DATABASE_DONE;
}

struct database_parameter reading_int4(int32_t value, char room[4])
{
    uint32_t bytes = htobe32((uint32_t)value);
    memcpy(room, &bytes, sizeof bytes);
    return (struct database_parameter){room, sizeof bytes};
}

struct database_parameter reading_int8(int64_t value, char room[8])
{
    uint64_t bytes = htobe64((uint64_t)value);
    memcpy(room, &bytes, sizeof bytes);
    return (struct database_parameter){room, sizeof bytes};
}
