#include "row.h"

#include "common/check.h"
#include "limits.h"

int row_element(const PGresult *result, int row, int column, int count)
{
    int ordinal = database_int4(result, row, column);
    return CHECK(ordinal >= 1 && ordinal <= count) ? ordinal - 1 : -1;
}

enum outcome row_outcome(const PGresult *result, int row, int column)
{
    struct span name = database_span(result, row, column, SIZE_MAX);
    enum outcome outcome = outcome_named(name.bytes, name.length);
    return outcome == OUTCOME_COUNT ? OUTCOME_UNAVAILABLE : outcome;
}

const uint8_t *row_secret(const PGresult *result, int row, int column)
{
    static const uint8_t none[SECRET_BYTES];
    if (PQgetlength(result, row, column) != SECRET_BYTES)
        return none;
    return (const uint8_t *)PQgetvalue(result, row, column);
}
