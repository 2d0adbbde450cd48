/* Arrays in PostgreSQL's binary format, byte for byte as array_recv() wants them. */

#include "unit.h"

#include "common/array.h"

/* One dimension, no nulls, type, count, lower bound 1. */
#define HEADER(type, count) 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, type, 0, 0, 0, count, 0, 0, 0, 1

static void assert_bytes(const struct array *array, const unsigned char *expected, size_t length)
{
    struct database_parameter parameter = array_parameter(array);
    assert_int_equal(parameter.length, length);
    assert_memory_equal(parameter.bytes, expected, length);
}

static void test_int4(void **state)
{
    (void)state;
    static const unsigned char expected[] = {
        HEADER(23, 3), 0,    0,    0,    4, 0, 0, 0x12, 0x67, 0, 0, 0, 4,
        0xff,          0xff, 0xff, 0xff, 0, 0, 0, 4,    0x80, 0, 0, 0};
    struct array array;
    assert_true(array_new(&array, 3, 4));
    array_begin(&array, ARRAY_INT4, 3);
    array_add_int4(&array, 4711);
    array_add_int4(&array, -1);
    array_add_int4(&array, INT32_MIN);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

static void test_int2(void **state)
{
    (void)state;
    static const unsigned char expected[] = {HEADER(21, 2), 0,   0, 0, 2, 0x01, 0x02, 0, 0, 0, 2,
                                             0xff,          0xfe};
    struct array array;
    assert_true(array_new(&array, 2, 2));
    array_begin(&array, ARRAY_INT2, 2);
    array_add_int2(&array, 0x0102);
    array_add_int2(&array, -2);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

/* What text arrays would have to escape goes through as it is. */
static void test_bytes(void **state)
{
    (void)state;
    static const unsigned char expected[] = {HEADER(25, 3), 0,   0,   0,  5, '"', '\\', '{', ',',
                                             '\'',          0,   0,   0,  0, 0,   0,    0,   4,
                                             'N',           'U', 'L', 'L'};
    struct array array;
    assert_true(array_new(&array, 3, 5));
    array_begin(&array, ARRAY_TEXT, 3);
    array_add_bytes(&array, "\"\\{,'", 5);
    array_add_bytes(&array, "", 0);
    array_add_bytes(&array, "NULL", 4);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

static void test_uuid(void **state)
{
    (void)state;
    static const unsigned char expected[] = {0, 0, 0, 1, 0, 0, 0,  0,  0,  0,  0x0b, 0x86, 0, 0,
                                             0, 1, 0, 0, 0, 1, 0,  0,  0,  16, 0,    1,    2, 3,
                                             4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,   15};
    struct array array;
    assert_true(array_new(&array, 1, 16));
    array_begin(&array, ARRAY_UUID, 1);
    array_add_bytes(&array, expected + 24, 16);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

/* Microseconds since 2000; infinity is the largest. */
static void test_time(void **state)
{
    (void)state;
    static const unsigned char expected[] = {
        0,    0, 0, 1, 0, 0, 0,    0,    0,    0,    0x04, 0xa0, 0,    0,
        0,    3, 0, 0, 0, 1, 0,    0,    0,    8,    0,    0,    0,    0,
        0,    0, 0, 1, 0, 0, 0,    8,    0xff, 0xfc, 0xa2, 0xfe, 0xc4, 0xc8,
        0x20, 0, 0, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct array array;
    assert_true(array_new(&array, 3, 8));
    array_begin(&array, ARRAY_TIMESTAMPTZ, 3);
    array_add_time_us(&array, INT64_C(946684800000001)); /* 2000-01-01 00:00:00.000001 */
    array_add_time_us(&array, 0);                        /* 1970-01-01 */
    array_add_time_us(&array, INT64_MAX);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

static void test_filled_anew(void **state)
{
    (void)state;
    static const unsigned char expected[] = {HEADER(23, 1), 0, 0, 0, 4, 0, 0, 0, 7};
    struct array array;
    assert_true(array_new(&array, 4, 4));
    array_begin(&array, ARRAY_INT4, 2);
    array_add_int4(&array, 1);
    array_add_int4(&array, 2);
    array_begin(&array, ARRAY_INT4, 0);
    assert_int_equal(array_parameter(&array).length, 20);
    array_begin(&array, ARRAY_INT4, 1);
    array_add_int4(&array, 7);
    assert_bytes(&array, expected, sizeof expected);
    array_free(&array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int4),  cmocka_unit_test(test_int2),
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_time),  cmocka_unit_test(test_filled_anew)};
    return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
