#include "ask.h"
#include "plan.h"
#include "rows.h"

static void print_text(const struct rows *sales, const struct rows *partitions, FILE *stream)
{
    if (sales->count == 0)
        fputs("sales: all exist\n", stream);
    else
        fputs("sales that a run would make:\n", stream);
    if (sales->count > 0)
        rows_print(sales, stream);
    if (partitions->count == 0)
        fputs("partitions of the log: all are as they should be\n", stream);
    else
        fputs("partitions of the log that a run would make or drop:\n", stream);
    if (partitions->count > 0)
        rows_print(partitions, stream);
}

static void print_json(const struct rows *sales, const struct rows *partitions, FILE *stream)
{
    fputs("{\"sales\":", stream);
    rows_print(sales, stream);
    fputs(",\"partitions\":", stream);
    rows_print(partitions, stream);
    fputs("}\n", stream);
}

enum ask_result ask_dry_run(const struct ask *ask)
{
    struct query query;
    struct rows sales, partitions;
    plan_sales(&query, ask->settings);
    if (!rows_read(&sales, ask->connection, &query, ask->task->is_json))
        return ASK_FAILED;
    plan_partitions(&query, ask->settings);
    bool good = rows_read(&partitions, ask->connection, &query, ask->task->is_json);
    if (good) {
        (ask->task->is_json ? print_json : print_text)(&sales, &partitions, ask->stream);
        rows_free(&partitions);
    }
    rows_free(&sales);
    return good ? ASK_ANSWERED : ASK_FAILED;
}
