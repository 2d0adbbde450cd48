/* What clients send by name: decoded, validated, refused. */

#include "unit.h"

#include <string.h>

#include "fcgi/parameters.h"

static struct parameters parameters;
static struct parameter_fault fault;

static bool form(const char *text)
{
    parameters_begin(&parameters, ~0U);
    fault = (struct parameter_fault){NULL, NULL};
    return parameters_from_form(&parameters, text, strlen(text), &fault);
}

static bool json_bytes(const char *text, size_t length)
{
    parameters_begin(&parameters, ~0U);
    fault = (struct parameter_fault){NULL, NULL};
    return parameters_from_json(&parameters, text, length, &fault);
}

static bool json(const char *text)
{
    return json_bytes(text, strlen(text));
}

static void assert_is(enum parameter_name name, const char *expected)
{
    const struct parameter *parameter = &parameters.by_name[name];
    assert_int_equal(parameter->length, strlen(expected));
    assert_memory_equal(parameter->bytes, expected, strlen(expected));
    assert_false(parameter->is_too_long);
}

static void assert_refused(bool good, const char *name, const char *what)
{
    assert_false(good);
    if (name)
        assert_string_equal(fault.name, name);
    else
        assert_null(fault.name);
    assert_non_null(strstr(fault.what, what));
}

static void test_names_and_aliases(void **state)
{
    (void)state;
    assert_true(form("user_id=amy&id=17-4711&code=abc"));
    assert_is(PARAMETER_USER, "amy");
    assert_is(PARAMETER_ITEM, "17-4711");
    assert_is(PARAMETER_CODE, "abc");
    assert_true(form("item_id=item5&checkout_code=xyz"));
    assert_is(PARAMETER_ITEM, "item5");
    assert_is(PARAMETER_CODE, "xyz");
    assert_is(PARAMETER_USER, "");
    assert_true(form("%75ser_id=amy"));
    assert_is(PARAMETER_USER, "amy");
}

static void test_decoding(void **state)
{
    (void)state;
    assert_true(form("user_id=a+b%20c%2B%26%3d"));
    assert_is(PARAMETER_USER, "a b c+&=");
    assert_true(form("user_id=a=b"));
    assert_is(PARAMETER_USER, "a=b");
    assert_true(form("user_id=%C3%A9%e2%82%ac%F0%9F%98%80"));
    assert_is(PARAMETER_USER, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_true(form("&&=&user_id=amy&"));
    assert_is(PARAMETER_USER, "amy");
    assert_true(form(""));
    assert_true(form("user_id"));
    assert_is(PARAMETER_USER, "");
}

static void test_malformed_escapes(void **state)
{
    (void)state;
    assert_refused(form("user_id=%zz"), "user_id", "escape");
    assert_refused(form("user_id=%"), "user_id", "escape");
    assert_refused(form("user_id=%4"), "user_id", "escape");
    assert_refused(form("id=1&user_id=a%4&code=x"), "user_id", "escape");
    assert_true(form("other=%zz&user_id=amy")); /* unknown names are nobody's business */
    assert_is(PARAMETER_USER, "amy");
}

static void test_control_characters(void **state)
{
    (void)state;
    assert_refused(form("user_id=a%00b"), "user_id", "control");
    assert_refused(form("item_id=%0a"), "item_id", "control");
    assert_refused(form("code=%7F"), "code", "control");
    assert_refused(form("user_id=%1f"), "user_id", "control");
}

static void test_utf8(void **state)
{
    (void)state;
    /* Lone and missing continuations, overlong forms, surrogates, beyond U+10FFFF. */
    static const char *const bad[] = {"%80",          "%C3",          "%C0%AF",    "%C1%81",
                                      "%E0%80%AF",    "%ED%A0%80",    "%ED%BF%BF", "%F0%80%80%AF",
                                      "%F4%90%80%80", "%F5%80%80%80", "%FF",       "%E2%82",
                                      "%C3%28",       "%E2%28%A1",    "%F0%9F%98"};
    char text[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "user_id=%s", bad[i]);
        assert_refused(form(text), "user_id", "UTF-8");
    }
    assert_true(form("user_id=%ED%9F%BF%EE%80%80%F4%8F%BF%BF"));
}

static void test_lengths(void **state)
{
    (void)state;
    char text[1024] = "user_id=";
    memset(text + 8, 'u', 128);
    assert_true(form(text));
    assert_int_equal(parameters.by_name[PARAMETER_USER].length, 128);
    assert_false(parameters.by_name[PARAMETER_USER].is_too_long);
    text[8 + 128] = 'u';
    assert_true(form(text));
    assert_true(parameters.by_name[PARAMETER_USER].is_too_long);
}

static void test_given_twice(void **state)
{
    (void)state;
    assert_true(form("user_id=amy&user_id=amy"));
    assert_is(PARAMETER_USER, "amy");
    assert_refused(form("user_id=amy&user_id=bob"), "user_id", "twice");
    assert_refused(form("id=1&item_id=2"), "item_id", "twice");
    assert_true(form("id=1&item_id=1"));
    assert_true(form("user_id=&user_id=amy"));
    assert_is(PARAMETER_USER, "amy");
}

static void test_json(void **state)
{
    (void)state;
    assert_true(json("{\"user_id\":\"amy\",\"id\":4711,\"checkout_code\":\"abc\",\"x\":[1,{}]}"));
    assert_is(PARAMETER_USER, "amy");
    assert_is(PARAMETER_ITEM, "4711");
    assert_is(PARAMETER_CODE, "abc");
    assert_true(json("{}"));
    assert_true(json(""));
    assert_true(json(" {\"user_id\":null} "));
    assert_is(PARAMETER_USER, "");
    assert_true(json("{\"user_id\":\"\\u00e9\\\"\"}"));
    assert_is(PARAMETER_USER, "\xc3\xa9\"");
}

static void test_json_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{",
                                      "[]",
                                      "\"user_id\"",
                                      "{}x",
                                      "{} {}",
                                      "{\"id\":1,}",
                                      "nul",
                                      "{\"id\":01}",
                                      "{id:1}",
                                      "{\"id\":NaN}",
                                      "{\"id\":1.}",
                                      "{\"id\":-}",
                                      "{\"id\":1e}",
                                      "{\"x\":[1}",
                                      "{\"x\":[1,]}",
                                      "{\"x\":{]}",
                                      "{\"x\":\"\\x41\"}",
                                      "{\"x\":\"\t\"}",
                                      "{\"x\":tru}",
                                      "{\"x\" 1}",
                                      "{,}",
                                      "{\"x\":\"\\u00g0\"}",
                                      "{\"x\":\"",
                                      "{\"x\":\"\\",
                                      "{\"x\":\"\\u",
                                      "{/**/}",
                                      "{\"x\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(json(bad[i]), NULL, "JSON");
    assert_false(json("{\"id\":\"\xff\"}")); /* by the parser or by the value's check */
    assert_refused(json("{\"user_id\":true}"), "user_id", "string");
    assert_refused(json("{\"user_id\":1.5}"), "user_id", "string");
    assert_refused(json("{\"user_id\":{\"a\":1}}"), "user_id", "string");
    assert_refused(json("{\"user_id\":\"a\\u0000b\"}"), "user_id", "control");
    assert_refused(json("{\"user_id\":\"a\\nb\"}"), "user_id", "control");
    assert_refused(json("{\"id\":\"1\",\"item_id\":\"2\"}"), "item_id", "twice");
    assert_refused(json_bytes("{}\0", 3), NULL, "JSON");
}

/* A number is read as it is written, however large: two must not become one. */
static void test_json_numbers(void **state)
{
    (void)state;
    assert_true(json("{\"user_id\":9223372036854775808}"));
    assert_is(PARAMETER_USER, "9223372036854775808");
    assert_true(json("{\"user_id\":99999999999999999999999}"));
    assert_is(PARAMETER_USER, "99999999999999999999999");
    assert_true(json("{\"id\":-1,\"x\":-0.5e+10,\"y\":0,\"z\":1E2}"));
    assert_is(PARAMETER_ITEM, "-1");
}

static void test_json_given_twice(void **state)
{
    (void)state;
    assert_refused(json("{\"user_id\":\"amy\",\"user_id\":\"bob\"}"), "user_id", "twice");
    assert_refused(json("{\"id\":1,\"\\u0069d\":2}"), "id", "twice");
    assert_true(json("{\"id\":1,\"id\":\"1\",\"id\\u0000\":2,\"x\":1,\"x\":2}"));
    assert_is(PARAMETER_ITEM, "1");
}

static void test_json_lengths(void **state)
{
    (void)state;
    char text[1024] = "{\"user_id\":\"";
    size_t used = strlen(text);
    memset(text + used, 'u', PARAMETER_BYTES_MAX);
    strcpy(text + used + PARAMETER_BYTES_MAX, "\"}");
    assert_true(json(text));
    assert_int_equal(parameters.by_name[PARAMETER_USER].length, PARAMETER_BYTES_MAX);
    assert_false(parameters.by_name[PARAMETER_USER].is_too_long);
    strcpy(text + used + PARAMETER_BYTES_MAX, "\\u20ac\"}");
    assert_true(json(text));
    assert_true(parameters.by_name[PARAMETER_USER].is_too_long);
}

static void test_json_surrogates(void **state)
{
    (void)state;
    assert_true(json("{\"user_id\":\"\\ud83d\\ude00\"}"));
    assert_is(PARAMETER_USER, "\xf0\x9f\x98\x80");
    assert_true(json("{\"user_id\":\"\\uD83D\\ude00\\ud837\\uDE00\\udbff\\udfff\"}"));
    assert_is(PARAMETER_USER, "\xf0\x9f\x98\x80\xf0\x9d\xb8\x80\xf4\x8f\xbf\xbf");
    assert_true(json("{\"user_id\":\"\\\\ud800\"}")); /* a backslash and "ud800" */
    assert_is(PARAMETER_USER, "\\ud800");
    static const char *const bad[] = {
        "\\ud800",        "\\udc00",        "\\ud800x",  "\\ud800\\ud800\\udc00",
        "\\ud800\\u0041", "\\udc00\\ud800", "\\uDBFF\\n"};
    char text[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "{\"user_id\":\"%s\"}", bad[i]);
        assert_refused(json(text), NULL, "JSON");
    }
}

static void test_json_depth(void **state)
{
    (void)state;
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"x\":");
    memset(text + used, '[', 1000);
    memset(text + used + 1000, ']', 1000);
    strcpy(text + used + 2000, "}");
    assert_refused(json(text), NULL, "JSON");
    assert_refused(json("{\"x\":[[1,{]}]}"), NULL, "JSON");
    assert_true(json("{\"x\":[[[[{\"y\":[1,{}]}]]],{}],\"user_id\":\"amy\"}"));
    assert_is(PARAMETER_USER, "amy");
}

static void test_complete(void **state)
{
    (void)state;
    assert_true(json("{\"user_id\":\"body\",\"code\":\"c\"}"));
    struct parameters body = parameters;
    assert_true(form("user_id=query"));
    parameters_complete(&parameters, &body);
    assert_is(PARAMETER_USER, "query");
    assert_is(PARAMETER_CODE, "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_aliases),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_malformed_escapes),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_given_twice),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_json_numbers),
        cmocka_unit_test(test_json_given_twice),
        cmocka_unit_test(test_json_lengths),
        cmocka_unit_test(test_json_depth),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_json_surrogates),
    };
    return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
