#include "reading.h"

bool reading_call(struct database *database, enum reading statement,
                  const struct database_parameter *parameters, int count, PGresult **result)
{
    *result = NULL;
    return database_ensure(database) &&
           database_call(database, (int)statement, parameters, count, result) == DATABASE_DONE;
}
