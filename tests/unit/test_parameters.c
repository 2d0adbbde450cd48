/* Parameters: decoded, validated, refused. */

#include "unit.h"

#include <string.h>

#include "fcgi/api/parameter_names.h"
#include "fcgi/http/json_reader.h"

enum { BODY_MAX = 16384 };

static struct parameters parameters;
static struct json_reader *reader;
static struct parameter_fault fault;

static bool form(const char *text)
{
    parameters_begin(&parameters, parameter_names, ~0U);
    fault = (struct parameter_fault){NULL, NULL, false};
    return parameters_from_form(&parameters, text, strlen(text), &fault);
}

static bool from_json_bytes(const char *text, size_t length)
{
    parameters_begin(&parameters, parameter_names, ~0U);
    fault = (struct parameter_fault){NULL, NULL, false};
    return parameters_from_json(&parameters, reader, text, length, &fault);
}

static bool json(const char *text)
{
    return from_json_bytes(text, strlen(text));
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
    assert_true(form("other=%zz&user_id=amy")); /* unknown names are ignored */
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

/* A body, its length if it contains a zero byte, and the expected result: READ, MALFORMED, or the
   name of the parameter at fault. "now" and "before" mark the results that changed when json-c
   replaced the earlier parser. */
#define READ       ""
#define MALFORMED  NULL
#define ZERO(text) (text), sizeof(text) - 1

static const struct {
    const char *text;
    size_t length;
    const char *fault;
} bodies[] = {
    /* cut short */
    {"{", 0, MALFORMED},
    {"{\"id\"", 0, MALFORMED},
    {"{\"id\":", 0, MALFORMED},
    {"{\"id\":1", 0, MALFORMED},
    {"{\"id\":1,", 0, MALFORMED},
    {"{\"id\":\"1", 0, MALFORMED},
    {"{\"id\":\"1\\", 0, MALFORMED},
    {"{\"id\":\"1\\u", 0, MALFORMED},
    {"{\"id\":\"1\\u00", 0, MALFORMED},
    {"{\"id\":\"\\ud83d", 0, MALFORMED},
    {"{\"id\":tru", 0, MALFORMED},
    {"{\"x\":[1", 0, MALFORMED},
    {"{\"x\":{\"y\":1}", 0, MALFORMED},
    {" ", 0, MALFORMED},
    /* no object, or more than one text */
    {"[]", 0, MALFORMED},
    {"1", 0, MALFORMED},
    {"null", 0, MALFORMED},
    {"true", 0, MALFORMED},
    {"\"user_id\"", 0, MALFORMED},
    {"\"\\ud83d\\ude00\"", 0, MALFORMED},
    {"{}x", 0, MALFORMED},
    {"{} {}", 0, MALFORMED},
    {"{}{\"id\":1}", 0, MALFORMED},
    {"{\"id\":1}{\"id\":2}", 0, MALFORMED},
    {"{}}", 0, MALFORMED},
    {"}{", 0, MALFORMED},
    {"\xef\xbb\xbf{}", 0, MALFORMED},
    {"{}\xef\xbb\xbf", 0, MALFORMED},
    {ZERO("{}\0"), MALFORMED},
    {ZERO("\0{}"), MALFORMED},
    {ZERO("{\"id\":\0"
          "1}"),
     MALFORMED},
    {ZERO("{\"id\":\"\0\"}"), MALFORMED},
    /* structural characters */
    {"{,}", 0, MALFORMED},
    {"{\"id\":1,}", 0, MALFORMED},
    {"{\"id\":1 , }", 0, MALFORMED},
    {"{,\"id\":1}", 0, MALFORMED},
    {"{\"id\":1,,\"x\":1}", 0, MALFORMED},
    {"{\"id\":1 \"x\":1}", 0, MALFORMED},
    {"{\"id\" 1}", 0, MALFORMED},
    {"{\"id\"::1}", 0, MALFORMED},
    {"{\"id\":}", 0, MALFORMED},
    {"{\"id\"}", 0, MALFORMED},
    {"{:1}", 0, MALFORMED},
    {"{id:1}", 0, MALFORMED},
    {"{1:1}", 0, MALFORMED},
    {"{'id':1}", 0, MALFORMED},
    {"{\"id\":'1'}", 0, MALFORMED},
    {"{\"id\"=1}", 0, MALFORMED},
    {"{\"id\":1;\"x\":1}", 0, MALFORMED},
    {"{\"x\":[1}", 0, MALFORMED},
    {"{\"x\":[1,]}", 0, MALFORMED},
    {"{\"x\":[,1]}", 0, MALFORMED},
    {"{\"x\":[1 2]}", 0, MALFORMED},
    {"{\"x\":{]}", 0, MALFORMED},
    {"{\"x\":[1,{]}]}", 0, MALFORMED},
    {"{\"x\":[\"a\":1]}", 0, MALFORMED},
    {"{\"id\":\"1\"\"2\"}", 0, MALFORMED},
    /* comments, and bytes that are not whitespace in JSON */
    {"{/**/}", 0, MALFORMED},
    {"{\"id\":1/**/}", 0, MALFORMED},
    {"{\"id\":1}//", 0, MALFORMED},
    {"//\n{}", 0, MALFORMED},
    {"{#\n}", 0, MALFORMED},
    {"{\v}", 0, MALFORMED},
    {"{\f}", 0, MALFORMED},
    {"{\xc2\xa0}", 0, MALFORMED},
    {"\t\r\n {\t\r\n \"id\"\t:\r1\n}\t\r\n ", 0, READ},
    /* literals */
    {"{\"x\":nul}", 0, MALFORMED},
    {"{\"x\":Null}", 0, MALFORMED},
    {"{\"x\":TRUE}", 0, MALFORMED},
    {"{\"x\":False}", 0, MALFORMED},
    {"{\"x\":nullnull}", 0, MALFORMED},
    {"{\"x\":truefalse}", 0, MALFORMED},
    {"{\"x\":undefined}", 0, MALFORMED},
    {"{\"x\":[true,false,null]}", 0, READ},
    /* numbers */
    {"{\"x\":NaN}", 0, MALFORMED},
    {"{\"id\":NaN}", 0, MALFORMED},
    {"{\"x\":nan}", 0, MALFORMED},
    {"{\"x\":Infinity}", 0, MALFORMED},
    {"{\"x\":-Infinity}", 0, MALFORMED},
    {"{\"x\":inf}", 0, MALFORMED},
    {"{\"id\":01}", 0, MALFORMED},
    {"{\"id\":00}", 0, MALFORMED},
    {"{\"x\":-01}", 0, MALFORMED},
    {"{\"x\":1.}", 0, MALFORMED},
    {"{\"x\":.5}", 0, MALFORMED},
    {"{\"x\":1.e5}", 0, MALFORMED},
    {"{\"x\":1.+5}", 0, MALFORMED},
    {"{\"x\":1e}", 0, MALFORMED},
    {"{\"x\":1e+}", 0, MALFORMED},
    {"{\"x\":1e5.5}", 0, MALFORMED},
    {"{\"x\":1.5.5}", 0, MALFORMED},
    {"{\"x\":-}", 0, MALFORMED},
    {"{\"x\":+1}", 0, MALFORMED},
    {"{\"x\":--1}", 0, MALFORMED},
    {"{\"x\":1-1}", 0, MALFORMED},
    {"{\"x\":0x10}", 0, MALFORMED},
    {"{\"x\":1_000}", 0, MALFORMED},
    {"{\"x\":1true}", 0, MALFORMED},
    {"{\"x\":[0,-0,1e5,1E-5,1.5e+5,-0.0,1e400,1e-400]}", 0, READ},
    {"{\"x\":123456789012345678901234567890123456789012345678901234567890}", 0, READ},
    {"{\"id\":1.5}", 0, "id"},
    {"{\"id\":1e400}", 0, "id"},
    {"{\"id\":1e-400}", 0, READ},               /* now: json-c has 0 for it; before: "id" */
    {"{\"id\":1601.0}", 0, READ},               /* now; before: "id" */
    {"{\"id\":18446744073709551616}", 0, "id"}, /* now; before: read */
    /* strings */
    {"{\"x\":\"\t\"}", 0, MALFORMED},
    {"{\"x\":\"\n\"}", 0, MALFORMED},
    {"{\"x\":\"\x1f\"}", 0, MALFORMED},
    {"{\"\x01\":1}", 0, MALFORMED},
    {"{\"x\":\"\x7f\"}", 0, READ},
    {"{\"x\":\"\\x41\"}", 0, MALFORMED},
    {"{\"x\":\"\\'\"}", 0, MALFORMED},
    {"{\"x\":\"\\0\"}", 0, MALFORMED},
    {"{\"x\":\"\\\n\"}", 0, MALFORMED},
    {"{\"x\":\"\\U0041\"}", 0, MALFORMED},
    {"{\"x\":\"\\u00g0\"}", 0, MALFORMED},
    {"{\"x\":\"\\u 041\"}", 0, MALFORMED},
    {"{\"x\":\"\\u{41}\"}", 0, MALFORMED},
    {"{\"x\":\"\\u0000\"}", 0, READ},
    {"{\"\\u0000\":1}", 0, MALFORMED},           /* now; before: read */
    {"{\"id\\u0000x\":1}", 0, MALFORMED},        /* now; before: read */
    {"{\"x\":{\"\\u0000\" : 1}}", 0, MALFORMED}, /* now; before: read */
    {"{\"id\":\"\\u0000\"}", 0, "id"},
    {"{\"id\":\"a\\nb\"}", 0, "id"},
    {"{\"id\":\"\x7f\"}", 0, "id"},
    /* UTF-8 */
    {"{\"x\":\"\xff\"}", 0, MALFORMED},
    {"{\"id\":\"\xff\"}", 0, MALFORMED},
    {"{\"x\":\"\x80\"}", 0, MALFORMED},
    {"{\"x\":\"\xc3\"}", 0, MALFORMED},
    {"{\"x\":\"\xc0\xaf\"}", 0, MALFORMED},
    {"{\"x\":\"\xe0\x80\xaf\"}", 0, MALFORMED},
    {"{\"x\":\"\xed\xa0\x80\"}", 0, MALFORMED},
    {"{\"x\":\"\xf0\x80\x80\xaf\"}", 0, MALFORMED},
    {"{\"x\":\"\xf4\x90\x80\x80\"}", 0, MALFORMED},
    {"{\"\xff\":1}", 0, MALFORMED},
    {"{\"x\":\xc3\xa9}", 0, MALFORMED},
    {"{\"\xc3\xa9\":\"\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\"}", 0, READ},
    /* values of parameters */
    {"{\"id\":true}", 0, "id"},
    {"{\"id\":{\"a\":1}}", 0, "id"},
    {"{\"id\":[1]}", 0, "id"},
    {"{\"id\":null}", 0, READ},
    {"{\"id\":true,", 0, MALFORMED}, /* now; before: "id", which came first */
    {"{\"id\":\"1\",\"item_id\":\"2\"}", 0, "item_id"},
    {"{\"item_id\":\"2\",\"id\":\"1\"}", 0, "item_id"}, /* now; before: "id" */
};

static void test_json_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        size_t length = bodies[i].length > 0 ? bodies[i].length : strlen(bodies[i].text);
        bool good = from_json_bytes(bodies[i].text, length);
        const char *name = good ? READ : fault.name;
        if (bodies[i].fault ? !name || strcmp(name, bodies[i].fault) != 0 : name != NULL)
            fail_msg("%s: %s", bodies[i].text, good ? "read" : fault.what);
        assert_false(fault.is_memory_short);
        assert_true(good || fault.name || strstr(fault.what, "JSON"));
    }
}

/* Two numbers must not become one: a number that json-c cannot represent is refused. */
static void test_json_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *is; /* NULL: refused */
    } numbers[] = {
        {"0", "0"},
        {"-0", "0"},
        {"-1", "-1"},
        {"9007199254740993", "9007199254740993"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9223372036854775808"},
        {"18446744073709551614", "18446744073709551614"},
        {"18446744073709551615", NULL},
        {"18446744073709551616", NULL},
        {"99999999999999999999999", NULL},
        {"-9223372036854775807", "-9223372036854775807"},
        {"-9223372036854775808", NULL},
        {"-9223372036854775809", NULL},
        {"-99999999999999999999999", NULL},
        {"1601.0", "1601"},
        {"1e3", "1000"},
        {"1E+3", "1000"},
        {"1.25e2", "125"},
        {"-1601.00", "-1601"},
        {"10e-1", "1"},
        {"-0.0", "0"},
        {"0e9", "0"},
        {"9007199254740991.0", "9007199254740991"},
        {"9007199254740992.0", NULL},
        {"-9007199254740992.0", NULL},
        {"1e300", NULL},
        {"1e400", NULL},
        {"-1e400", NULL},
        {"1.5", NULL},
        {"1e-3", NULL},
        {"1601.001", NULL},
    };
    char body[128];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(body, sizeof body, "{\"user_id\":%s}", numbers[i].written);
        if (numbers[i].is) {
            assert_true(json(body));
            assert_is(PARAMETER_USER, numbers[i].is);
        } else {
            assert_refused(json(body), "user_id", "64 bits");
        }
    }
}

/* Of two members with one name the last counts, whatever the first is. */
static void test_json_given_twice(void **state)
{
    (void)state;
    assert_true(json("{\"user_id\":\"amy\",\"user_id\":\"bob\"}"));
    assert_is(PARAMETER_USER, "bob");
    assert_true(json("{\"id\":1,\"\\u0069d\":2,\"x\":1,\"x\":2}"));
    assert_is(PARAMETER_ITEM, "2");
    assert_true(json("{\"id\":true,\"id\":\"a\\nb\",\"id\":3}"));
    assert_is(PARAMETER_ITEM, "3");
    assert_true(json("{\"id\":\"1\",\"id\":null}"));
    assert_is(PARAMETER_ITEM, "");
    assert_refused(json("{\"id\":\"1\",\"id\":false}"), "id", "string");
    /* But two names of one parameter must not differ, as in a form. */
    assert_refused(json("{\"id\":1,\"item_id\":2}"), "item_id", "twice");
    assert_true(json("{\"id\":1,\"item_id\":\"1\"}"));
    assert_is(PARAMETER_ITEM, "1");
}

/* Whatever a reader has read before, it reads the next body as if it were the first. */
static void test_json_reader_is_used_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        size_t length = bodies[i].length > 0 ? bodies[i].length : strlen(bodies[i].text);
        (void)from_json_bytes(bodies[i].text, length);
        assert_true(json("{\"user_id\":\"\\ud83d\\ude00 amy\",\"id\":47}"));
        assert_is(PARAMETER_USER, "\xf0\x9f\x98\x80 amy");
        assert_is(PARAMETER_ITEM, "47");
    }
}

/* The largest bodies, of the tokens that cost json-c most. */
static void test_json_large(void **state)
{
    (void)state;
    static const char *const units[] = {"[],", "{},", "\"\":1,", "1,", "\"\\ud83d\\ude00\","};
    static char text[BODY_MAX + 1];
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        bool is_object = strchr(units[i], ':') != NULL;
        size_t used = (size_t)sprintf(text, "{\"x\":%c", is_object ? '{' : '[');
        while (used + strlen(units[i]) + 32 < sizeof text)
            used += (size_t)sprintf(text + used, "%s", units[i]);
        sprintf(text + used - 1, "%c,\"user_id\":\"amy\"}", is_object ? '}' : ']');
        assert_true(json(text));
        assert_is(PARAMETER_USER, "amy");
    }
    size_t used = (size_t)sprintf(text, "{\"user_id\":\"");
    memset(text + used, 'u', BODY_MAX - used - 2);
    strcpy(text + BODY_MAX - 2, "\"}");
    assert_true(from_json_bytes(text, BODY_MAX));
    assert_true(parameters.by_name[PARAMETER_USER].is_too_long);
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

/* json-c makes U+FFFD of some of these pairs: each must stay its own character. */
static void test_json_surrogates(void **state)
{
    (void)state;
    char body[64], expected[8];
    for (uint32_t point = 0x10000; point < 0x110000; point += 0x101) {
        uint32_t beyond = point - 0x10000;
        snprintf(body, sizeof body, "{\"item_id\":\"<\\u%04x\\u%04X>\"}", 0xd800 | beyond >> 10,
                 0xdc00 | (beyond & 0x3ff));
        snprintf(expected, sizeof expected, "<%c%c%c%c>", (int)(0xf0 | point >> 18),
                 (int)(0x80 | (point >> 12 & 0x3f)), (int)(0x80 | (point >> 6 & 0x3f)),
                 (int)(0x80 | (point & 0x3f)));
        assert_true(json(body));
        assert_is(PARAMETER_ITEM, expected);
    }
    assert_true(json("{\"item_id\":\"\\uD83D\\ude00\\ud837\\uDE00\\udbff\\udfff\"}"));
    assert_is(PARAMETER_ITEM, "\xf0\x9f\x98\x80\xf0\x9d\xb8\x80\xf4\x8f\xbf\xbf");
    assert_true(json("{\"item_id\":\"\\\\ud800\"}")); /* a backslash and "ud800" */
    assert_is(PARAMETER_ITEM, "\\ud800");
    assert_true(json("{\"\\ud83d\\ude00\":1,\"item_id\":\"amy\"}"));
    static const char *const bad[] = {
        "\\ud800",        "\\udc00",        "\\ud800x",  "\\ud800\\ud800\\udc00",
        "\\ud800\\u0041", "\\udc00\\ud800", "\\uDBFF\\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(body, sizeof body, "{\"item_id\":\"%s\"}", bad[i]);
        assert_refused(json(body), NULL, "JSON");
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
    for (int depth = 1; depth <= JSON_DEPTH_MAX + 2; depth++) {
        snprintf(text, sizeof text, "{\"x\":%.*s1%.*s,\"user_id\":\"amy\"}", depth - 1,
                 "[[[[[[[[[[", depth - 1, "]]]]]]]]]]");
        assert_int_equal(json(text), depth <= JSON_DEPTH_MAX);
        snprintf(text, sizeof text, "{\"x\":%.*s%.*s,\"user_id\":\"amy\"}", depth - 1, "[[[[[[[[[[",
                 depth - 1, "]]]]]]]]]]");
        if (depth > 1)
            assert_int_equal(json(text), depth <= JSON_DEPTH_MAX);
    }
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

/* ---- users' names ---- */

/* A name is what user_name_read() makes of it, wherever it comes from; other values stay as sent.
 */
static void test_names_in_any_spelling(void **state)
{
    (void)state;
    static const char *const forms[] = {"user_id=Zo%C3%A9", "user_id=Zoe%CC%81",
                                        "user_id=+Zoe%CC%81+", "user_id=%E3%80%80Zo%C3%A9%C2%A0",
                                        "user_id=Zoe%CC%81&user_id=Zo%C3%A9&user_id=%20"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_true(form(forms[i]));
        assert_is(PARAMETER_USER, "Zo\xc3\xa9");
    }
    assert_true(json("{\"user_id\":\" Zoe\\u0301\\u3000\"}"));
    assert_is(PARAMETER_USER, "Zo\xc3\xa9");
    assert_true(json("{\"user_id\":7.0}"));
    assert_is(PARAMETER_USER, "7");
    assert_true(form("user_id=+%E2%80%83&id=+Zoe%CC%81+"));
    assert_is(PARAMETER_USER, "");
    assert_is(PARAMETER_ITEM, " Zoe\xcc\x81 ");
    assert_refused(form("user_id=Zoe&user_id=Zoe%CC%81"), "user_id", "twice");
}

/* 126 bytes, which Form C makes 252. */
static void test_a_name_that_becomes_too_long(void **state)
{
    (void)state;
    char text[512] = "user_id=";
    for (int i = 0; i < 42; i++)
        strcat(text, "%E0%A5%98");
    assert_true(form(text));
    assert_true(parameters.by_name[PARAMETER_USER].is_too_long);
    assert_int_equal(parameters.by_name[PARAMETER_USER].length, PARAMETER_BYTES_MAX);
}

/* ---- misuse ---- */

static bool is_read;

/* A table with a parameter whose number is too high. */
static void read_beyond(void)
{
    static const struct parameter_alias names[] = {{"beyond", PARAMETERS_MAX, false},
                                                   {NULL, 0, false}};
    static const char query[] = "beyond=1";
    parameters_begin(&parameters, names, ~0U);
    is_read = parameters_from_form(&parameters, query, strlen(query), &fault);
}

static void test_misuse(void **state)
{
    (void)state;
    assert_true(check_stops(read_beyond));
    assert_true(check_says(read_beyond, "alias->parameter < PARAMETERS_MAX"));
    assert_false(is_read);
    assert_string_equal(fault.name, "beyond");
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
        cmocka_unit_test(test_json_bodies),
        cmocka_unit_test(test_json_numbers),
        cmocka_unit_test(test_json_given_twice),
        cmocka_unit_test(test_json_lengths),
        cmocka_unit_test(test_json_depth),
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_json_surrogates),
        cmocka_unit_test(test_json_reader_is_used_again),
        cmocka_unit_test(test_names_in_any_spelling),
        cmocka_unit_test(test_a_name_that_becomes_too_long),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_json_large),
    };
    reader = json_reader_new(BODY_MAX);
    int failed = reader ? cmocka_run_group_tests_name("parameters", tests, NULL, NULL) : -1;
    json_reader_free(reader);
    return failed;
}
