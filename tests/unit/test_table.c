/* Rows as a table: aligned as a terminal shows them, and nothing in them that it would obey. */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "generator/table.h"

enum { COLUMNS = 4, TYPE_BOOL = 16, TYPE_INT4 = 23, TYPE_TEXT = 25 };

/* libpq makes results without a server too (PQmakeEmptyPGresult). */
static PGresult *begin(void)
{
    static PGresAttDesc columns[COLUMNS] = {{.name = "user", .typid = TYPE_TEXT},
                                            {.name = "n", .typid = TYPE_INT4},
                                            {.name = "good", .typid = TYPE_BOOL},
                                            {.name = "detail", .typid = TYPE_TEXT}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    assert_non_null(result);
    assert_int_equal(PQsetResultAttrs(result, COLUMNS, columns), 1);
    return result;
}

static void add(PGresult *result, char *const values[COLUMNS])
{
    int row = PQntuples(result);
    for (int i = 0; i < COLUMNS; i++) {
        int length = values[i] ? (int)strlen(values[i]) : -1;
        assert_int_equal(PQsetvalue(result, row, i, values[i], length), 1);
    }
}

#define ADD(result, ...) add(result, (char *const[COLUMNS]){__VA_ARGS__})

static void expect(PGresult *result, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    table_print(stream, result);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
    PQclear(result);
}

static void test_names_alone(void **state)
{
    (void)state;
    expect(begin(), "user  n  good  detail\n");
}

static void test_aligned(void **state)
{
    (void)state;
    PGresult *result = begin();
    ADD(result, "amy", "7", "t", "first");
    ADD(result, "bartholomew", "4711", "f", "second");
    expect(result, "user            n  good  detail\n"
                   "amy             7  yes   first\n"
                   "bartholomew  4711  no    second\n");
}

static void test_nulls_leave_no_blanks_behind(void **state)
{
    (void)state;
    PGresult *result = begin();
    ADD(result, NULL, NULL, NULL, "alone");
    ADD(result, "amy", NULL, NULL, NULL);
    ADD(result, "", "12", "t", "");
    expect(result, "user   n  good  detail\n"
                   "                alone\n"
                   "amy\n"
                   "      12  yes\n");
}

/* By what is seen: letters of two bytes take one place, Chinese ones two, accents none. */
static void test_utf8(void **state)
{
    (void)state;
    PGresult *result = begin();
    ADD(result, "äöüßé", "1", "t", "a");
    ADD(result, "小李", "2", "t", "b");
    ADD(result, "e\xcc\x81l", "3", "t", "c");
    expect(result, "user   n  good  detail\n"
                   "äöüßé  1  yes   a\n"
                   "小李   2  yes   b\n"
                   "e\xcc\x81l     3  yes   c\n");
}

static void test_nothing_to_obey(void **state)
{
    (void)state;
    PGresult *result = begin();
    ADD(result, "\x1b[31m", "1", "t", "a\nb\tc\rd\x7f");
    ADD(result, "\xc2\x9b[2J", "2", "t", "cut \xe5\xb0");
    expect(result, "user   n  good  detail\n"
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
