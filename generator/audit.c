#include "query.h"
#include "rows.h"
#include "table.h"

static const struct column columns[] = {{"violation", COLUMN_TEXT},
                                        {"number", COLUMN_INTEGER},
                                        {"user_id", COLUMN_TEXT},
                                        {"detail", COLUMN_TEXT}};

struct report {
    int32_t sale_id;
    bool log_is_kept;
    struct rows violations;
};

static void read_violation(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    const struct store_violation violation = store_violation(context, row);
    cells[0].text = violation.violation;
    cells[1].integer = violation.number;
    cells[1].is_null = !violation.has_number;
    cells[2].text = violation.user_id;
    cells[3].text = violation.detail;
}

static void print_text(const struct report *report, FILE *stream)
{
    int sale_id = (int)report->sale_id, count = report->violations.count;
    if (count == 0) {
        fprintf(stream, "sale %d is sound\n", sale_id);
    } else {
        table_print(stream, &report->violations);
        fprintf(stream, "sale %d: %d violation%s\n", sale_id, count, count == 1 ? "" : "s");
    }
    if (!report->log_is_kept)
        fputs("its attempts are past retention: only the stock, the buyers and the purchases were "
              "looked at\n",
              stream);
}

static void write_json(struct json_writer *json, const void *context)
{
    const struct report *report = context;
    json_open_object(json);
    json_integer(json_key(json, "sale_id"), report->sale_id);
    json_boolean(json_key(json, "log_is_kept"), report->log_is_kept);
    rows_write_json(&report->violations, json_key(json, "violations"));
    json_close(json);
}

enum query_result query_audit(const struct query *query)
{
    struct store_rows violations;
    struct report report = {.sale_id = query->task->sale_id};
    if (!store_read_log_is_kept(query->store, report.sale_id, &report.log_is_kept) ||
        !store_read_violations(query->store, report.sale_id, &violations))
        return QUERY_FAILED;
    report.violations = (struct rows){columns, sizeof columns / sizeof columns[0], violations.count,
                                      read_violation, &violations};
    bool good = true;
    if (query->task->is_json)
        good = query_print_json(query, write_json, &report);
    else
        print_text(&report, query->stream);
    store_rows_free(&violations);
    if (!good)
        return QUERY_FAILED;
    return report.violations.count == 0 ? QUERY_ANSWERED : QUERY_VIOLATED;
}
