/* Values of binary results, and a database that is not there. */

#include "unit.h"

#include <string.h>
#include <time.h>

#include "common/database.h"
#include "common/log.h"

enum { COLUMNS = 1 };

/* A result of one column and one row; NULL: the value is null. */
static PGresult *result_of(const void *bytes, int length)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "value";
    PGresAttDesc column = {.name = name, .format = 1};
    assert_true(PQsetResultAttrs(result, COLUMNS, &column));
    char value[16];
    if (bytes)
        memcpy(value, bytes, (size_t)length);
    assert_true(PQsetvalue(result, 0, 0, bytes ? value : NULL, bytes ? length : -1));
    return result;
}

static void test_integers(void **state)
{
    (void)state;
    PGresult *result = result_of("\xff\xff\xff\xfe", 4);
    assert_int_equal(database_int4(result, 0, 0), -2);
    PQclear(result);
    result = result_of("\x80\0\0\0\0\0\0\x01", 8);
    assert_true(database_int8(result, 0, 0) == INT64_MIN + 1);
    PQclear(result);
}

static void test_texts_are_cut_before_a_character(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t size;
        const char *text;
    } cases[] = {{"abc", 4, "abc"},
                 {"abc", 3, "ab"},
                 {"a\xc3\xa4", 4, "a\xc3\xa4"},
                 {"a\xc3\xa4", 3, "a"},
                 {"\xe2\x82\xac\xe2\x82\xac", 6, "\xe2\x82\xac"},
                 {"\xf0\x9f\x98\x80", 4, ""},
                 {"x\xf0\x9f\x98\x80", 3, "x"},
                 {"abc", 1, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[8];
        PGresult *result = result_of(cases[i].value, (int)strlen(cases[i].value));
        database_text(result, 0, 0, text, cases[i].size);
        assert_string_equal(text, cases[i].text);
        struct span span = database_span(result, 0, 0, cases[i].size - 1);
        assert_int_equal(span.length, strlen(cases[i].text));
        assert_ptr_equal(span.bytes, PQgetvalue(result, 0, 0));
        PQclear(result);
    }
}

static void test_strings_in_place(void **state)
{
    (void)state;
    PGresult *result = result_of("abc", 3);
    assert_string_equal(database_string(result, 0, 0), "abc");
    PQclear(result);
    result = result_of("", 0);
    assert_string_equal(database_string(result, 0, 0), "");
    PQclear(result);
    result = result_of(NULL, 0);
    assert_null(database_string(result, 0, 0));
    PQclear(result);
}

static void test_booleans(void **state)
{
    (void)state;
    PGresult *result = result_of("\x01", 1);
    assert_true(database_bool(result, 0, 0));
    PQclear(result);
    result = result_of("\0", 1);
    assert_false(database_bool(result, 0, 0));
    assert_false(database_is_null(result, 0, 0));
    PQclear(result);
}

static void test_times(void **state)
{
    (void)state;
    PGresult *result = result_of("\0\0\0\0\0\0\0\x01", 8);
    assert_true(database_time_us(result, 0, 0) == INT64_C(946684800000001));
    PQclear(result);
    /* Infinity, and what is near it (timestamptz_recv): the last and first moments of RFC 3339. */
    result = result_of("\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_true(database_time_us(result, 0, 0) == INT64_C(253402300799999999));
    PQclear(result);
    result = result_of("\x7f\xff\xff\xff\x00\x00\x00\x00", 8);
    assert_true(database_time_us(result, 0, 0) == INT64_C(253402300799999999));
    PQclear(result);
    result = result_of("\x80\0\0\0\0\0\0\0", 8);
    assert_true(database_time_us(result, 0, 0) == INT64_C(-62135596800000000));
    PQclear(result);
}

static void test_null(void **state)
{
    (void)state;
    PGresult *result = result_of(NULL, 0);
    assert_true(database_is_null(result, 0, 0));
    assert_int_equal(database_int4(result, 0, 0), 0);
    assert_true(database_int8(result, 0, 0) == 0);
    assert_true(database_time_us(result, 0, 0) == 0);
    assert_false(database_bool(result, 0, 0));
    assert_null(database_span(result, 0, 0, 8).bytes);
    assert_int_equal(database_span(result, 0, 0, 8).length, 0);
    char text[8] = "before";
    database_text(result, 0, 0, text, sizeof text);
    assert_string_equal(text, "");
    PQclear(result);
    result = result_of("", 0);
    assert_non_null(database_span(result, 0, 0, 8).bytes);
    PQclear(result);
}

static size_t copy_nothing(void *context, char *buffer, size_t size)
{
    (void)context;
    (void)buffer;
    (void)size;
    fail_msg("nothing is copied to nowhere");
    return 0;
}

/* Told once, however often it is tried, and never slow where nobody listens. */
static void test_out_of_reach(void **state)
{
    (void)state;
    const struct database_options options = {.conninfo = "host=/nonexistent dbname=none",
                                             .name = "test",
                                             .connect_ms_max = 2000,
                                             .statement_ms_max = 1000};
    struct database *database = database_new(&options);
    assert_non_null(database);
    log_open("unit", LOG_LEVEL_INFO);

    struct capture capture;
    capture_begin(&capture);
    time_t began = time(NULL);
    bool reached = false;
    for (int i = 0; i < 3; i++)
        reached = database_ensure(database) || reached;
    time_t ended = time(NULL);
    PGresult *result;
    enum database_result queried = database_query(database, "SELECT 1", NULL, 0, &result);
    enum database_result copied =
        database_copy(database, "COPY none FROM STDIN", copy_nothing, NULL);
    capture_end(&capture);

    assert_false(reached);
    assert_false(database_is_open(database));
    assert_true(ended - began <= 3);
    assert_int_equal(queried, DATABASE_LOST);
    assert_null(result);
    assert_int_equal(copied, DATABASE_LOST);
    assert_string_equal(database_error(database)->message, "no connection");
    assert_string_equal(database_error(database)->state, "");
    assert_ptr_equal(strstr(capture.text, "<3>unit: test: PostgreSQL: "), capture.text);
    assert_int_equal(strcspn(capture.text, "\n"), strlen(capture.text) - 1);
    database_free(database);
    database_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_integers),
                                       cmocka_unit_test(test_texts_are_cut_before_a_character),
                                       cmocka_unit_test(test_strings_in_place),
                                       cmocka_unit_test(test_booleans),
                                       cmocka_unit_test(test_times),
                                       cmocka_unit_test(test_null),
                                       cmocka_unit_test(test_out_of_reach)};
    return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
