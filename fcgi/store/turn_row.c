#include "turn_row.h"

#include "reading.h"

const char turn_row_statement[] =
    "SELECT sale_id, starts_at, draw_s, opens_at, read_at FROM flashsale.read_turn($1)";

enum column { COLUMN_SALE_ID, COLUMN_STARTS_AT, COLUMN_DRAW_S, COLUMN_OPENS_AT, COLUMN_READ_AT };

bool turn_row_fetch(struct database *database, struct span user, struct turn_row *turn)
{
    const struct database_parameter parameters[] = {{user.bytes, (int)user.length}};
    PGresult *result;
    *turn = (struct turn_row){.sale_id = 0};
    if (!reading_call(database, READ_TURN, parameters, 1, &result))
        return false;
    if (PQntuples(result) > 0)
        *turn = (struct turn_row){.sale_id = database_int4(result, 0, COLUMN_SALE_ID),
                                  .starts_us = database_time_us(result, 0, COLUMN_STARTS_AT),
                                  .draw_s = database_int4(result, 0, COLUMN_DRAW_S),
                                  .opens_us = database_time_us(result, 0, COLUMN_OPENS_AT),
                                  .read_us = database_time_us(result, 0, COLUMN_READ_AT)};
    PQclear(result);
    return true;
}
