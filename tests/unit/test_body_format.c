/* The format of a body, by its Content-Type and Content-Encoding. */

#include "unit.h"

#include <string.h>

#include "fcgi/http/body_format.h"

static void expect(enum body_format format, const char *type, const char *coding)
{
    if (body_format(type, coding) != format)
        fail_msg("\"%s\" \"%s\" is not %d", type, coding, (int)format);
}

static void test_types(void **state)
{
    (void)state;
    expect(BODY_JSON, "application/json", "");
    expect(BODY_JSON, "APPLICATION/Json", "");
    expect(BODY_JSON, " application/json ", "");
    expect(BODY_FORM, "application/x-www-form-urlencoded", "");
    static const char *const others[] = {"",
                                         " ",
                                         ";",
                                         "application",
                                         "application/jso",
                                         "application/json5",
                                         "application/json x",
                                         "application/json, text/plain",
                                         "application/problem+json",
                                         "application/vnd.api+json",
                                         "application/octet-stream",
                                         "text/json",
                                         "text/plain",
                                         "multipart/form-data; boundary=x",
                                         "multipart/form-data; x=application/json"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        expect(BODY_UNSUPPORTED, others[i], "");
}

static void test_parameters(void **state)
{
    (void)state;
    static const char *const read[] = {"",
                                       ";",
                                       " ; ;",
                                       "; charset=utf-8",
                                       ";charset=UTF-8",
                                       " ;\tCharset=\"utf-8\" ",
                                       "; charset=\"utf\\-8\"",
                                       "; charset=us-ascii",
                                       "; x=\"; charset=utf-16\"; charset=utf-8",
                                       "; x=\"a\\\"; charset=utf-16\"",
                                       "; boundary=a-very-long-value-that-is-nothing-here"};
    static const char *const not_read[] = {"; charset=utf-16",
                                           "; charset=iso-8859-1",
                                           "; CHARSET=\"UTF-16\"",
                                           "; charset=utf-8; charset=utf-7",
                                           "; x=\"a\"; charset=latin1",
                                           "; charset=",
                                           "; charset",
                                           "; charset=\"utf-8",
                                           "; charset=utf-8 x",
                                           "; charset=utf-8-and-something-that-is-long"};
    char type[96];
    for (size_t i = 0; i < sizeof read / sizeof read[0]; i++) {
        snprintf(type, sizeof type, "application/json%s", read[i]);
        expect(BODY_JSON, type, "");
        snprintf(type, sizeof type, "application/x-www-form-urlencoded%s", read[i]);
        expect(BODY_FORM, type, "");
    }
    for (size_t i = 0; i < sizeof not_read / sizeof not_read[0]; i++) {
        snprintf(type, sizeof type, "application/json%s", not_read[i]);
        expect(BODY_UNSUPPORTED, type, "");
    }
}

static void test_codings(void **state)
{
    (void)state;
    static const char *const none[] = {"", " ", "identity", "Identity", "identity, identity", ","};
    static const char *const codings[] = {"gzip",           "deflate",       "br",       "x",
                                          "identity, gzip", "gzip,identity", "identityx"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect(BODY_JSON, "application/json", none[i]);
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++)
        expect(BODY_UNSUPPORTED, "application/json", codings[i]);
}

/* Other bodies that are sent as forms: their parameters would be dropped in silence. */
static void test_bodies_that_are_not_forms(void **state)
{
    (void)state;
    static const char *const forms[] = {"",         "id=1",      "&&=&id=1&",     "x",
                                        "%7B=1",    "a={\"b\"}", "a=b\n&id=1",    "{}",
                                        " {\r\n} ", "id=[1]",    "\xc3\xa4=\x01", "id=<1>"};
    static const char *const others[] = {
        "{\"id\":\"1501\"}",
        " \n{\"a\":\"b=c\"}",
        "{} {}",
        "{",
        "[]",
        "[{\"id\":1}]",
        "<id>1501</id>",
        "id: 1501\n",
        "a=1&b\x01=2",
        "a&\x7f",
        "\x1f\x8b\x08",
        "--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1501\r\n--x--\r\n"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (!body_can_be_form(forms[i], strlen(forms[i])))
            fail_msg("\"%s\" is refused", forms[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (body_can_be_form(others[i], strlen(others[i])))
            fail_msg("\"%s\" is accepted", others[i]);
    assert_false(body_can_be_form("\0i\0d\0=\0005", 8)); /* UTF-16 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types), cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_codings), cmocka_unit_test(test_bodies_that_are_not_forms)};
    return cmocka_run_group_tests_name("body format", tests, NULL, NULL);
}
