/* Rows as JSON, and times as RFC 3339 has them. */

#include "unit.h"

#include <string.h>

#include "generator/rows.h"

static const struct column columns[] = {{"text", COLUMN_TEXT},
                                        {"time", COLUMN_TIME},
                                        {"integer", COLUMN_INTEGER},
                                        {"boolean", COLUMN_BOOLEAN}};

/* Row 0 has values, row 1 nulls, row 2 what is no null. */
static void read_cells(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    assert_ptr_equal(context, columns);
    cells[0].text = row == 0 ? "a\"b\\\x1b\xc3\xa9" : row == 1 ? NULL : "";
    cells[1].text = row == 0 ? "2026-11-21 10:00:00+00" : row == 1 ? NULL : "infinity";
    cells[2].integer = row == 0 ? INT64_MIN : 0;
    cells[3].integer = row == 0;
    cells[2].is_null = cells[3].is_null = row == 1;
}

static void expect(int count, const char *expected)
{
    char bytes[1024] = "";
    struct text text;
    struct json_writer json;
    text_begin(&text, bytes, sizeof bytes - 1);
    json_writer_begin(&json, &text);
    const struct rows rows = {columns, 4, count, read_cells, columns};
    rows_write_json(&rows, &json);
    json_writer_end(&json);
    assert_string_equal(bytes, expected);
}

static void test_json(void **state)
{
    (void)state;
    expect(0, "[]");
    expect(3, "[{\"text\":\"a\\\"b\\\\\\u001b\xc3\xa9\",\"time\":\"2026-11-21T10:00:00+00:00\","
              "\"integer\":-9223372036854775808,\"boolean\":true},"
              "{\"text\":null,\"time\":null,\"integer\":null,\"boolean\":null},"
              "{\"text\":\"\",\"time\":\"infinity\",\"integer\":0,\"boolean\":false}]");
}

/* As PostgreSQL's to_json() has them of what it writes itself. */
static void test_times(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-11-21 10:00:00+00", "2026-11-21T10:00:00+00:00"},
        {"2026-11-21 10:00:00.5+00", "2026-11-21T10:00:00.5+00:00"},
        {"2026-11-21 10:00:00.123456+00", "2026-11-21T10:00:00.123456+00:00"},
        {"294276-12-31 23:59:59.999999+00", "294276-12-31T23:59:59.999999+00:00"},
        {"0044-03-15 12:00:00+00 BC", "0044-03-15T12:00:00+00:00 BC"},
        {"infinity", "infinity"},
        {"-infinity", "-infinity"},
        {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char time[ROWS_TIME_BYTES_MAX];
        rows_time(cases[i][0], time);
        assert_string_equal(time, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_times)};
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
