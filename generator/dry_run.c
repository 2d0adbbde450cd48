#include "query.h"
#include "rows.h"
#include "table.h"

static const struct column sale_columns[] = {
    {"starts_at", COLUMN_TIME},         {"ends_at", COLUMN_TIME},   {"items_total", COLUMN_INTEGER},
    {"purchase_limit", COLUMN_INTEGER}, {"hold_s", COLUMN_INTEGER}, {"stays_open", COLUMN_BOOLEAN},
    {"holds_max", COLUMN_INTEGER},      {"draw_s", COLUMN_INTEGER}};

static const struct column partition_columns[] = {
    {"action", COLUMN_TEXT}, {"partition", COLUMN_TEXT}, {"day", COLUMN_TEXT}};

struct missing {
    const struct settings *settings;
    struct store_rows windows;
};

struct plan {
    struct rows sales;
    struct rows partitions;
};

static void read_sale(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    const struct missing *missing = context;
    const struct store_window window = store_missing(&missing->windows, row);
    cells[0].text = window.starts_at;
    cells[1].text = window.ends_at;
    cells[2].integer = missing->settings->sale.items_per_sale;
    cells[3].integer = missing->settings->sale.purchase_limit;
    cells[4].integer = missing->settings->sale.hold_s;
    cells[5].integer = missing->settings->sale.stays_open_until_sold_out;
    cells[6].integer = settings_holds_max(missing->settings);
    cells[6].is_null = cells[6].integer == 0;
    cells[7].integer = missing->settings->sale.draw_s;
}

static void read_partition(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    const struct store_partition partition = store_partition(context, row);
    cells[0].text = partition.action;
    cells[1].text = partition.name;
    cells[2].text = partition.day;
}

static void print_text(const struct plan *plan, FILE *stream)
{
    if (plan->sales.count == 0) {
        fputs("sales: all exist\n", stream);
    } else {
        fputs("sales that a run would make:\n", stream);
        table_print(stream, &plan->sales);
    }
    if (plan->partitions.count == 0) {
        fputs("partitions of the log: all are as they should be\n", stream);
    } else {
        fputs("partitions of the log that a run would make or drop:\n", stream);
        table_print(stream, &plan->partitions);
    }
}

static void write_json(struct json_writer *json, const void *context)
{
    const struct plan *plan = context;
    json_open_object(json);
    rows_write_json(&plan->sales, json_key(json, "sales"));
    rows_write_json(&plan->partitions, json_key(json, "partitions"));
    json_close(json);
}

static bool print(const struct query *query, const struct missing *missing,
                  const struct store_rows *partitions)
{
    const struct plan plan = {{sale_columns, sizeof sale_columns / sizeof sale_columns[0],
                               missing->windows.count, read_sale, missing},
                              {partition_columns,
                               sizeof partition_columns / sizeof partition_columns[0],
                               partitions->count, read_partition, partitions}};
    if (query->task->is_json)
        return query_print_json(query, write_json, &plan);
    print_text(&plan, query->stream);
    return true;
}

enum query_result query_dry_run(const struct query *query)
{
    struct missing missing = {.settings = query->settings};
    struct store_rows partitions;
    if (!store_read_missing(query->store, &missing.windows))
        return QUERY_FAILED;
    bool good = store_read_partitions(query->store, &partitions);
    if (good) {
        good = print(query, &missing, &partitions);
        store_rows_free(&partitions);
    }
    store_rows_free(&missing.windows);
    return good ? QUERY_ANSWERED : QUERY_FAILED;
}
