#include "query.h"
#include "rows.h"
#include "table.h"

static const struct column columns[] = {
    {"sale_id", COLUMN_INTEGER},        {"status", COLUMN_TEXT},
    {"starts_at", COLUMN_TIME},         {"ends_at", COLUMN_TIME},
    {"items_total", COLUMN_INTEGER},    {"items_sold", COLUMN_INTEGER},
    {"purchase_limit", COLUMN_INTEGER}, {"hold_s", COLUMN_INTEGER},
    {"holds_max", COLUMN_INTEGER},      {"draw_s", COLUMN_INTEGER}};

static void read_sale(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    const struct store_sale sale = store_sale(context, row);
    cells[0].integer = sale.sale_id;
    cells[1].text = sale.status;
    cells[2].text = sale.starts_at;
    cells[3].text = sale.ends_at;
    cells[4].integer = sale.items_total;
    cells[5].integer = sale.items_sold;
    cells[5].is_null = !sale.has_items_sold;
    cells[6].integer = sale.purchase_limit;
    cells[7].integer = sale.hold_s;
    cells[8].integer = sale.holds_max;
    cells[8].is_null = sale.holds_max == 0;
    cells[9].integer = sale.draw_s;
}

static void write_json(struct json_writer *json, const void *context)
{
    json_open_object(json);
    rows_write_json(context, json_key(json, "sales"));
    json_close(json);
}

enum query_result query_list(const struct query *query)
{
    struct store_rows sales;
    if (!store_read_sales(query->store, &sales))
        return QUERY_FAILED;
    const struct rows rows = {columns, sizeof columns / sizeof columns[0], sales.count, read_sale,
                              &sales};
    bool good = true;
    if (query->task->is_json)
        good = query_print_json(query, write_json, &rows);
    else if (rows.count > 0)
        table_print(query->stream, &rows);
    else
        fputs("there is no sale\n", query->stream);
    store_rows_free(&sales);
    return good ? QUERY_ANSWERED : QUERY_FAILED;
}
