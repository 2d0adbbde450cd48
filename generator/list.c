#include "ask.h"
#include "rows.h"

/* Where there is none, read_sales still answers with a row. */
static const char list_sql[] =
    "SELECT sale_id, sale_status AS status, starts_at, ends_at, items_total, items_sold,"
    "       purchase_limit, hold_s"
    " FROM flashsale.read_sales(0, 2147483647) WHERE sale_id IS NOT NULL ORDER BY starts_at DESC";

enum ask_result ask_list(const struct ask *ask)
{
    struct query query;
    query_begin(&query, "listing sales", list_sql);
    struct rows rows;
    if (!rows_read(&rows, ask->connection, &query, ask->task->is_json))
        return ASK_FAILED;
    if (ask->task->is_json)
        fputs("{\"sales\":", ask->stream);
    if (ask->task->is_json || rows.count > 0)
        rows_print(&rows, ask->stream);
    else
        fputs("there is no sale\n", ask->stream);
    if (ask->task->is_json)
        fputs("}\n", ask->stream);
    rows_free(&rows);
    return ASK_ANSWERED;
}
