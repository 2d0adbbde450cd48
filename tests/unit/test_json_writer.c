/* JSON that is written value by value: its text, its bounds, and misuse. */

#include "unit.h"

#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/json_writer.h"

static char buffer[1024];
static struct text text;
static struct json_writer json;

static void begin(size_t size)
{
    memset(buffer, 0, sizeof buffer);
    text_begin(&text, buffer, size);
    json_writer_begin(&json, &text);
}

static void end_is(const char *expected)
{
    json_writer_end(&json);
    assert_false(text.is_cut);
    assert_string_equal(buffer, expected);
}

static void test_scalars(void **state)
{
    (void)state;
    begin(sizeof buffer - 1);
    json_open_array(&json);
    json_integer(&json, INT64_MIN);
    json_integer(&json, 0);
    json_boolean(&json, true);
    json_boolean(&json, false);
    json_null(&json);
    json_integer_or_null(&json, 7);
    json_integer_or_null(&json, 0);
    json_money(&json, 4449);
    json_time(&json, 1795227584123999);
    json_time_or_null(&json, 1795227584123999);
    json_time_or_null(&json, 0);
    json_string(&json, "");
    json_bytes(&json, "a\"b\\c\n\x7f\xc3\xa9", 9);
    json_close(&json);
    end_is("[-9223372036854775808,0,true,false,null,7,null,44.49,\"2026-11-21T02:19:44.123Z\","
           "\"2026-11-21T02:19:44.123Z\",null,\"\","
           "\"a\\\"b\\\\c\\u000a\\u007f\xc3\xa9\"]");
}

static void test_one_value_alone(void **state)
{
    (void)state;
    begin(sizeof buffer - 1);
    json_integer(&json, 7);
    end_is("7");
}

static void test_nesting(void **state)
{
    (void)state;
    begin(sizeof buffer - 1);
    json_open_object(&json);
    json_open_array(json_key(&json, "empty"));
    json_close(&json);
    json_open_object(json_key(&json, "none"));
    json_close(&json);
    json_open_array(json_key(&json, "page"));
    for (int i = 1; i <= 2; i++) {
        json_open_object(&json);
        json_integer(json_key(&json, "id"), i);
        json_null(json_key(&json, "until"));
        json_close(&json);
    }
    json_open_array(&json);
    json_close(&json);
    json_close(&json);
    json_integer(json_key(&json, "total"), 2);
    json_close(&json);
    end_is("{\"empty\":[],\"none\":{},\"page\":[{\"id\":1,\"until\":null},{\"id\":2,"
           "\"until\":null},[]],\"total\":2}");
}

static void test_it_continues_after_other_text(void **state)
{
    (void)state;
    begin(sizeof buffer - 1);
    text_add(&text, "x");
    json_writer_begin(&json, &text);
    json_open_array(&json);
    json_close(&json);
    end_is("x[]");
}

static void write_some(void)
{
    json_open_object(&json);
    json_string(json_key(&json, "name"), "\n\xc3\xa9\"");
    json_open_array(json_key(&json, "list"));
    json_money(&json, 5);
    json_time(&json, 0);
    json_boolean(&json, true);
    json_null(&json);
    json_integer(&json, 42);
    json_close(&json);
    json_close(&json);
    json_writer_end(&json);
}

/* With a buffer of any size: nothing is written past its end, and the text counts as cut. */
static void test_every_size(void **state)
{
    (void)state;
    begin(sizeof buffer - 1);
    write_some();
    assert_false(text.is_cut);
    const size_t whole = text.used;
    struct json_object *object = json_tokener_parse(buffer);
    assert_non_null(object);
    json_object_put(object);
    for (size_t size = 0; size < whole; size++) {
        begin(size);
        memset(buffer + size, '#', sizeof buffer - size);
        write_some();
        assert_true(text.is_cut);
        assert_true(text.used <= size);
        for (size_t i = size; i < sizeof buffer; i++)
            assert_int_equal(buffer[i], '#');
    }
    begin(whole);
    write_some();
    assert_false(text.is_cut);
}

static void nest(int levels)
{
    begin(sizeof buffer - 1);
    for (int i = 0; i < levels; i++)
        json_open_array(&json);
    for (int i = 0; i < levels; i++)
        json_close(&json);
    json_writer_end(&json);
}

static void test_deepest(void **state)
{
    (void)state;
    nest(JSON_WRITER_DEPTH_MAX);
    assert_string_equal(buffer, "[[[[[[[[]]]]]]]]");
}

/* ---- misuse ---- */

static void too_deep(void)
{
    nest(JSON_WRITER_DEPTH_MAX + 1);
}

static void member_without_key(void)
{
    json_open_object(&json);
    json_integer(&json, 1);
}

static void key_without_value(void)
{
    json_open_object(&json);
    json_key(&json, "a");
    json_close(&json);
}

static void two_keys(void)
{
    json_open_object(&json);
    json_key(&json, "a");
    json_key(&json, "b");
}

static void key_in_array(void)
{
    json_open_array(&json);
    json_key(&json, "a");
}

static void key_alone(void)
{
    json_key(&json, "a");
}

static void two_texts(void)
{
    json_null(&json);
    json_null(&json);
}

static void not_closed(void)
{
    json_open_array(&json);
    json_writer_end(&json);
}

static void closed_twice(void)
{
    json_open_array(&json);
    json_close(&json);
    json_close(&json);
}

static void nothing(void)
{
    json_writer_end(&json);
}

/* Also in a buffer in which nothing fits: misuse does not depend on what was written. */
static void cut_and_not_closed(void)
{
    begin(0);
    json_open_object(&json);
    json_writer_end(&json);
}

static void (*misused)(void);

static void misuse(void)
{
    begin(sizeof buffer - 1);
    misused();
    json_writer_end(&json);
}

/* With CHECKS=stop misuse ends the program. Otherwise it is logged, and the text counts as cut. */
static void test_misuse(void **state)
{
    (void)state;
    static void (*const misuses[])(void) = {
        too_deep,  member_without_key, key_without_value, two_keys, key_in_array,      key_alone,
        two_texts, not_closed,         closed_twice,      nothing,  cut_and_not_closed};
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        misused = misuses[i];
        if (!check_stops(misuse))
            fail_msg("misuse %zu was let through", i);
        if (!check_says(misuse, "json->"))
            fail_msg("misuse %zu was not told", i);
        assert_true(text.is_cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),    cmocka_unit_test(test_one_value_alone),
        cmocka_unit_test(test_nesting),    cmocka_unit_test(test_it_continues_after_other_text),
        cmocka_unit_test(test_every_size), cmocka_unit_test(test_deepest),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
