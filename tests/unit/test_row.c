/* Values that several statements read alike, from results that are made without a server. */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/store/limits.h"
#include "fcgi/store/row.h"

/* A result of one column and one row; NULL: the value is null. */
static PGresult *result_of(const void *bytes, int length)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "value", value[32] = "";
    PGresAttDesc column = {.name = name, .format = 1};
    assert_true(PQsetResultAttrs(result, 1, &column));
    if (bytes)
        memcpy(value, bytes, (size_t)length);
    assert_true(PQsetvalue(result, 0, 0, bytes ? value : NULL, bytes ? length : -1));
    return result;
}

static int element_of(const void *ordinal, int count)
{
    PGresult *result = result_of(ordinal, 4);
    int element = row_element(result, 0, 0, count);
    PQclear(result);
    return element;
}

static void test_elements(void **state)
{
    (void)state;
    assert_int_equal(element_of("\0\0\0\x01", 3), 0);
    assert_int_equal(element_of("\0\0\0\x03", 3), 2);
}

static const char *outside;

static void ask_outside(void)
{
    if (element_of(outside, 3) != -1)
        abort();
}

/* What would be another's, or nobody's, is nobody's: a fault of the program. */
static void test_elements_outside_the_batch(void **state)
{
    (void)state;
    static const char *const ordinals[] = {"\0\0\0\0",         "\0\0\0\x04", "\xff\xff\xff\xff",
                                           "\x7f\xff\xff\xff", "\x80\0\0\0", NULL};
    for (size_t i = 0; i < sizeof ordinals / sizeof ordinals[0]; i++) {
        outside = ordinals[i];
        assert_true(check_says(ask_outside, "ordinal <= count"));
        assert_true(check_stops(ask_outside));
    }
}

static enum outcome outcome_of(const char *name)
{
    PGresult *result = result_of(name, name ? (int)strlen(name) : 0);
    enum outcome outcome = row_outcome(result, 0, 0);
    PQclear(result);
    return outcome;
}

static void test_outcomes(void **state)
{
    (void)state;
    assert_int_equal(outcome_of("sold_out"), OUTCOME_SOLD_OUT);
    assert_int_equal(outcome_of("accepted"), OUTCOME_ACCEPTED);
    assert_int_equal(outcome_of("of_a_later_release"), OUTCOME_UNAVAILABLE);
    assert_int_equal(outcome_of("sold_ou"), OUTCOME_UNAVAILABLE);
    assert_int_equal(outcome_of(NULL), OUTCOME_UNAVAILABLE);
}

static void test_secrets(void **state)
{
    (void)state;
    static const char bytes[] = "0123456789abcdef", zeros[SECRET_BYTES];
    PGresult *result = result_of(bytes, SECRET_BYTES);
    assert_memory_equal(row_secret(result, 0, 0), bytes, SECRET_BYTES);
    PQclear(result);
    result = result_of(NULL, 0);
    assert_memory_equal(row_secret(result, 0, 0), zeros, SECRET_BYTES);
    PQclear(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_elements_outside_the_batch),
        cmocka_unit_test(test_outcomes), cmocka_unit_test(test_secrets)};
    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
