/* Rows as a table: aligned as a terminal shows them, and nothing in them that it would obey. */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "generator/table.h"

enum { COLUMNS = 4 };

static const struct column columns[COLUMNS] = {{"user", COLUMN_TEXT},
                                               {"n", COLUMN_INTEGER},
                                               {"good", COLUMN_BOOLEAN},
                                               {"detail", COLUMN_TEXT}};

#define NOTHING                                                                                    \
    {                                                                                              \
        .is_null = true                                                                            \
    }
#define NUMBER(value)                                                                              \
    {                                                                                              \
        .integer = (value)                                                                         \
    }
#define TEXT(value)                                                                                \
    {                                                                                              \
        .text = (value)                                                                            \
    }

static void read_cells(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    const struct cell(*table)[COLUMNS] = context;
    memcpy(cells, table[row], sizeof table[row]);
}

static void expect(const struct cell (*table)[COLUMNS], int count, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    const struct rows rows = {columns, COLUMNS, count, read_cells, table};
    table_print(stream, &rows);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
}

static void test_names_alone(void **state)
{
    (void)state;
    expect(NULL, 0, "user  n  good  detail\n");
}

static void test_aligned(void **state)
{
    (void)state;
    static const struct cell table[][COLUMNS] = {
        {TEXT("amy"), NUMBER(7), NUMBER(true), TEXT("first")},
        {TEXT("bartholomew"), NUMBER(4711), NUMBER(false), TEXT("second")}};
    expect(table, 2,
           "user            n  good  detail\n"
           "amy             7  yes   first\n"
           "bartholomew  4711  no    second\n");
}

static void test_nulls_leave_no_blanks_behind(void **state)
{
    (void)state;
    static const struct cell table[][COLUMNS] = {{NOTHING, NOTHING, NOTHING, TEXT("alone")},
                                                 {TEXT("amy"), NOTHING, NOTHING, NOTHING},
                                                 {TEXT(""), NUMBER(12), NUMBER(true), TEXT("")}};
    expect(table, 3,
           "user   n  good  detail\n"
           "                alone\n"
           "amy\n"
           "      12  yes\n");
}

/* By what is seen: letters of two bytes take one place, Chinese ones two, accents none. */
static void test_utf8(void **state)
{
    (void)state;
    static const struct cell table[][COLUMNS] = {
        {TEXT("äöüßé"), NUMBER(1), NUMBER(true), TEXT("a")},
        {TEXT("小李"), NUMBER(2), NUMBER(true), TEXT("b")},
        {TEXT("e\xcc\x81l"), NUMBER(3), NUMBER(true), TEXT("c")}};
    expect(table, 3,
           "user   n  good  detail\n"
           "äöüßé  1  yes   a\n"
           "小李   2  yes   b\n"
           "e\xcc\x81l     3  yes   c\n");
}

static void test_nothing_to_obey(void **state)
{
    (void)state;
    static const struct cell table[][COLUMNS] = {
        {TEXT("\x1b[31m"), NUMBER(1), NUMBER(true), TEXT("a\nb\tc\rd\x7f")},
        {TEXT("\xc2\x9b[2J"), NUMBER(2), NUMBER(true), TEXT("cut \xe5\xb0")}};
    expect(table, 2,
           "user   n  good  detail\n"
           "?[31m  1  yes   a?b?c?d?\n"
           "?[2J   2  yes   cut ?\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_alone), cmocka_unit_test(test_aligned),
        cmocka_unit_test(test_nulls_leave_no_blanks_behind), cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_nothing_to_obey)};
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
