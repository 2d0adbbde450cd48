/* Text and JSON in a fixed buffer. */

#include "unit.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

static char buffer[256];
static struct text text;

static int begin(void **state)
{
    (void)state;
    memset(buffer, 0, sizeof buffer);
    text_begin(&text, buffer, sizeof buffer - 1);
    return 0;
}

static void test_integers(void **state)
{
    (void)state;
    text_add_integer(&text, 0);
    text_add(&text, " ");
    text_add_integer(&text, INT64_MAX);
    text_add(&text, " ");
    text_add_integer(&text, INT64_MIN);
    assert_string_equal(buffer, "0 9223372036854775807 -9223372036854775808");
}

static void test_money(void **state)
{
    (void)state;
    text_add_money(&text, 9999);
    text_add(&text, " ");
    text_add_money(&text, 5);
    text_add(&text, " ");
    text_add_money(&text, 50000);
    assert_string_equal(buffer, "99.99 0.05 500.00");
}

static void test_json(void **state)
{
    (void)state;
    text_add_json(&text, "a\"b\\c\n\x1f\x7f\xc3\xa9</", 12);
    assert_string_equal(buffer, "\"a\\\"b\\\\c\\u000a\\u001f\\u007f\xc3\xa9</\"");
}

/* Whatever bytes below 128 a string has: a parser reads back the same. */
static void test_json_is_read_back(void **state)
{
    (void)state;
    char all[127], large[1024];
    for (int i = 0; i < 127; i++)
        all[i] = (char)(i + 1);
    text_begin(&text, large, sizeof large - 1);
    text_add_json(&text, all, sizeof all);
    large[text.used] = '\0';
    struct json_object *object = json_tokener_parse(large);
    assert_non_null(object);
    assert_int_equal(json_object_get_string_len(object), sizeof all);
    assert_memory_equal(json_object_get_string(object), all, sizeof all);
    json_object_put(object);
}

static void assert_time(int64_t time_us, const char *expected)
{
    begin(NULL);
    text_add_time(&text, time_us);
    assert_string_equal(buffer, expected);
}

static void test_times(void **state)
{
    (void)state;
    assert_time(0, "\"1970-01-01T00:00:00.000Z\"");
    assert_time(-1, "\"1969-12-31T23:59:59.999Z\"");
    assert_time(-62135596800000000, "\"0001-01-01T00:00:00.000Z\"");
    assert_time(253402300799999999, "\"9999-12-31T23:59:59.999Z\"");
    assert_time(951782400000000, "\"2000-02-29T00:00:00.000Z\"");
    assert_time(1795227584123999, "\"2026-11-21T02:19:44.123Z\"");
    assert_time(4107542399999999, "\"2100-02-28T23:59:59.999Z\"");
    assert_time(4107542400000000, "\"2100-03-01T00:00:00.000Z\"");
}

/* Against the C library, a day and some in steps over four centuries. */
static void test_times_like_gmtime(void **state)
{
    (void)state;
    for (time_t at = 0; at < 400LL * 366 * 86400; at += 86400 + 3661) {
        struct tm parts;
        char expected[64];
        assert_non_null(gmtime_r(&at, &parts));
        strftime(expected, sizeof expected, "\"%Y-%m-%dT%H:%M:%S.000Z\"", &parts);
        assert_time((int64_t)at * 1000000, expected);
    }
}

static void test_cut(void **state)
{
    (void)state;
    text_begin(&text, buffer, 4);
    text_add(&text, "abc");
    assert_false(text.is_cut);
    text_add(&text, "de");
    assert_true(text.is_cut);
    assert_int_equal(text.used, 3);
    text_add(&text, "f");
    assert_true(text.is_cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_integers, begin),
                                       cmocka_unit_test_setup(test_money, begin),
                                       cmocka_unit_test_setup(test_json, begin),
                                       cmocka_unit_test_setup(test_json_is_read_back, begin),
                                       cmocka_unit_test_setup(test_times, begin),
                                       cmocka_unit_test_setup(test_times_like_gmtime, begin),
                                       cmocka_unit_test_setup(test_cut, begin)};
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
