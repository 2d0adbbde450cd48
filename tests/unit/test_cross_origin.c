/* Origins, and which requests come from another one. */

#include "unit.h"

#include "common/origin.h"
#include "fcgi/http/cross_origin.h"

static void test_form_of_origins(void **state)
{
    (void)state;
    static const char *const good[] = {"https://shop.example",
                                       "http://shop.example",
                                       "https://shop.example:8443",
                                       "http://localhost:8080",
                                       "http://127.0.0.1",
                                       "https://[2001:db8::1]",
                                       "https://[::1]:8443",
                                       "http://a",
                                       "https://xn--bcher-kva.example",
                                       "http://shop.example:443",
                                       "https://a_b.example:65535"};
    static const char *const bad[] = {"",
                                      "null",
                                      "*",
                                      "shop.example",
                                      "//shop.example",
                                      "https:",
                                      "https://",
                                      "ftp://shop.example",
                                      "https://shop.example/",
                                      "https://shop.example/x",
                                      "https://Shop.example",
                                      "HTTPS://a",
                                      "https://shop.example:443",
                                      "http://shop.example:80",
                                      "https://shop.example:",
                                      "https://shop.example:0",
                                      "https://shop.example:08443",
                                      "https://shop.example:65536",
                                      "https://shop.example:123456",
                                      "https://shop.example:x",
                                      "https://a:1:2",
                                      "https://user@a",
                                      "https://a?b",
                                      "https://a#b",
                                      "https://[::1",
                                      "https://[]",
                                      "https://[::1]x",
                                      "https://:1",
                                      "https://b\xc3\xbc"
                                      "cher.example",
                                      "https://a,https://b",
                                      "https://*.a"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!origin_is_valid((struct span){good[i], strlen(good[i])}))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (origin_is_valid((struct span){bad[i], strlen(bad[i])}))
            fail_msg("%s is taken", bad[i]);
}

static void test_list_of_origins(void **state)
{
    (void)state;
    const char *at = "  http://a   http://b ";
    struct span word = origin_next(&at);
    assert_int_equal(word.length, 8);
    assert_memory_equal(word.bytes, "http://a", 8);
    word = origin_next(&at);
    assert_memory_equal(word.bytes, "http://b", 8);
    assert_int_equal(origin_next(&at).length, 0);
    assert_int_equal(origin_next(&at).length, 0);
}

#define ALLOWED "https://friend.example http://friend.example:8080"

static void test_where_requests_come_from(void **state)
{
    (void)state;
    static const struct {
        const char *fetch_site, *origin, *host;
        bool is_https, is_cross;
    } cases[] = {
        /* neither header: no browser, or an old one at home */
        {"", "", "shop.example", true, false},
        {"", "", "", false, false},
        /* Sec-Fetch-Site decides, whatever scheme and host a proxy lets through */
        {"same-origin", "https://shop.example", "shop.example", true, false},
        {"same-origin", "https://shop.example", "10.0.0.1:8080", false, false},
        {"same-origin", "", "shop.example", true, false},
        {"none", "", "shop.example", true, false},
        {"none", "null", "shop.example", true, false},
        {"cross-site", "https://evil.example", "shop.example", true, true},
        {"cross-site", "https://shop.example", "shop.example", true, true},
        {"cross-site", "null", "shop.example", true, true},
        {"cross-site", "", "shop.example", true, true},
        {"same-site", "https://www.shop.example", "shop.example", true, true},
        {"same-site", "https://shop.example:8443", "shop.example", true, true},
        /* unless the origin is allowed */
        {"cross-site", "https://friend.example", "shop.example", true, false},
        {"same-site", "http://friend.example:8080", "shop.example", true, false},
        {"cross-site", "https://friend.example:8443", "shop.example", true, true},
        {"cross-site", "https://friend.exampl", "shop.example", true, true},
        {"cross-site", "https://friend.example http://friend.example:8080", "a", true, true},
        /* an unknown value is none */
        {"somewhere", "https://evil.example", "shop.example", true, true},
        {"somewhere", "https://shop.example", "shop.example", true, false},
        {"Cross-Site", "", "shop.example", true, false},
        /* without Sec-Fetch-Site, the origin */
        {"", "https://shop.example", "shop.example", true, false},
        {"", "https://shop.example", "shop.example:443", true, false},
        {"", "http://shop.example", "shop.example:80", false, false},
        {"", "https://shop.example", "Shop.Example", true, false},
        {"", "http://127.0.0.1:8080", "127.0.0.1:8080", false, false},
        {"", "http://[::1]:8080", "[::1]:8080", false, false},
        {"", "http://shop.example", "shop.example", true, true},
        {"", "https://shop.example", "shop.example", false, true},
        {"", "https://shop.example:8443", "shop.example", true, true},
        {"", "https://shop.example", "shop.example:8443", true, true},
        {"", "https://shop.example", "shop.example:80", true, true},
        {"", "https://shop.example.evil.example", "shop.example", true, true},
        {"", "https://shop.exampl", "shop.example", true, true},
        {"", "https://evil.example", "shop.example", true, true},
        {"", "https://friend.example", "shop.example", true, false},
        {"", "null", "shop.example", true, true},
        {"", "null", "null", true, true},
        {"", "https://", "", true, true},
        {"", "https://shop.example", "", true, true},
        {"", "https://", ":443", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct claims claims = {cases[i].fetch_site, cases[i].origin, cases[i].host,
                                      cases[i].is_https};
        if (claims_are_cross_origin(&claims, ALLOWED) != cases[i].is_cross)
            fail_msg("case %zu: \"%s\", \"%s\" to \"%s\"", i, claims.fetch_site, claims.origin,
                     claims.host);
    }
    const struct claims friendly = {"cross-site", "https://friend.example", "shop.example", true};
    assert_true(claims_are_cross_origin(&friendly, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_form_of_origins),
                                       cmocka_unit_test(test_list_of_origins),
                                       cmocka_unit_test(test_where_requests_come_from)};
    return cmocka_run_group_tests_name("cross_origin", tests, NULL, NULL);
}
