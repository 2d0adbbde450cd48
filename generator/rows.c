#include "rows.h"

#include <stdlib.h>

#include "common/log.h"
#include "table.h"

enum { SQL_MAX = 4096 };

/* Only the server knows how all its types are written as JSON. */
static const char json_sql[] =
    "SELECT count(*), coalesce(json_agg(row_to_json(r)), '[]') FROM (%s) r";

bool rows_read(struct rows *rows, PGconn *connection, const struct query *query, bool is_json)
{
    char sql[SQL_MAX];
    struct query asked = *query;
    if (is_json) {
        int length = snprintf(sql, sizeof sql, json_sql, query->sql);
        if (length < 0 || (size_t)length >= sizeof sql) {
            log_error("%s: the statement is too long", query->trying);
            return false;
        }
        asked.sql = sql;
    }
    rows->is_json = is_json;
    rows->result = query_rows(connection, &asked);
    rows->count =
        is_json && rows->result ? atoi(PQgetvalue(rows->result, 0, 0)) : PQntuples(rows->result);
    return rows->result != NULL;
}

void rows_print(const struct rows *rows, FILE *stream)
{
    if (rows->is_json)
        fputs(PQgetvalue(rows->result, 0, 1), stream);
    else
        table_print(stream, rows->result);
}

void rows_free(struct rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
}
