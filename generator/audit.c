#include <string.h>

#include "ask.h"
#include "rows.h"

static const char audit_sql[] =
    "SELECT violation, number, user_id, detail FROM flashsale.sale_audit($1::integer)"
    " ORDER BY violation, number, user_id";

/* Of a sale that is none nothing is gone either. */
static const char log_is_kept_sql[] =
    "SELECT coalesce(flashsale.sale_log_is_kept($1::integer), true)";

static bool ask_log_is_kept(const struct ask *ask, bool *is_kept)
{
    struct query query;
    query_begin(&query, "looking for the log of the sale", log_is_kept_sql);
    query_integer(&query, ask->task->sale_id);
    PGresult *result = query_rows(ask->connection, &query);
    if (!result)
        return false;
    *is_kept = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    return true;
}

static void print_text(const struct ask *ask, const struct rows *rows, bool log_is_kept)
{
    int sale_id = ask->task->sale_id;
    if (rows->count == 0) {
        fprintf(ask->stream, "sale %d is sound\n", sale_id);
    } else {
        rows_print(rows, ask->stream);
        fprintf(ask->stream, "sale %d: %d violation%s\n", sale_id, rows->count,
                rows->count == 1 ? "" : "s");
    }
    if (!log_is_kept)
        fputs("its attempts are past retention: only the stock, the buyers and the purchases were "
              "looked at\n",
              ask->stream);
}

static void print_json(const struct ask *ask, const struct rows *rows, bool log_is_kept)
{
    fprintf(ask->stream,
            "{\"sale_id\":%d,\"log_is_kept\":%s,\"violations\":", (int)ask->task->sale_id,
            log_is_kept ? "true" : "false");
    rows_print(rows, ask->stream);
    fputs("}\n", ask->stream);
}

enum ask_result ask_audit(const struct ask *ask)
{
    struct query query;
    query_begin(&query, "auditing the sale", audit_sql);
    query_integer(&query, ask->task->sale_id);
    struct rows rows;
    bool log_is_kept;
    if (!ask_log_is_kept(ask, &log_is_kept) ||
        !rows_read(&rows, ask->connection, &query, ask->task->is_json))
        return ASK_FAILED;
    (ask->task->is_json ? print_json : print_text)(ask, &rows, log_is_kept);
    enum ask_result result = rows.count == 0 ? ASK_ANSWERED : ASK_VIOLATED;
    rows_free(&rows);
    return result;
}
