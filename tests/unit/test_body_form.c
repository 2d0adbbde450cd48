/* In which form a body is, by its Content-Type and Content-Encoding. */

#include "unit.h"

#include "fcgi/body_form.h"

static void expect(enum body_form form, const char *type, const char *coding)
{
    if (body_form(type, coding) != form)
        fail_msg("\"%s\" \"%s\" is not %d", type, coding, (int)form);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_parameters),
                                       cmocka_unit_test(test_codings)};
    return cmocka_run_group_tests_name("body form", tests, NULL, NULL);
}
