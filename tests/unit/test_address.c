/* Addresses of other programs: what each part of one is, and what is none. */

#include "unit.h"

#include <string.h>

#include "common/address.h"

enum { DEFAULT_PORT = 6379 };

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        int port;
    } cases[] = {{"redis", "redis", DEFAULT_PORT},
                 {"redis.example:1", "redis.example", 1},
                 {"redis_1-a.example.:65535", "redis_1-a.example.", 65535},
                 {"127.0.0.1:06379", "127.0.0.1", 6379},
                 {"[::1]:6380", "::1", 6380},
                 {"[2001:db8::1:2]", "2001:db8::1:2", DEFAULT_PORT},
                 {"[::ffff:127.0.0.1]:7", "::ffff:127.0.0.1", 7},
                 {"127.1", "127.1", DEFAULT_PORT},
                 {"1a.2b", "1a.2b", DEFAULT_PORT},
                 {"unix", "unix", DEFAULT_PORT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address;
        if (!address_read(&address, cases[i].text, DEFAULT_PORT))
            fail_msg("%s is refused", cases[i].text);
        assert_false(address.is_unix);
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
    }
}

static void test_paths(void **state)
{
    (void)state;
    struct address address;
    char text[128] = "unix:/run/redis.sock";
    assert_true(address_read(&address, text, DEFAULT_PORT));
    assert_true(address.is_unix);
    assert_string_equal(address.path, "/run/redis.sock");

    /* To the last byte that connect(2) takes, and one more. */
    memset(text + 6, 'a', sizeof text - 6);
    text[5 + ADDRESS_PATH_MAX - 1] = '\0';
    assert_true(address_read(&address, text, DEFAULT_PORT));
    assert_int_equal(strlen(address.path), ADDRESS_PATH_MAX - 1);
    text[5 + ADDRESS_PATH_MAX - 1] = 'a';
    text[5 + ADDRESS_PATH_MAX] = '\0';
    assert_false(address_read(&address, text, DEFAULT_PORT));
}

static void test_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        ":",
                                        ":6379",
                                        "h:",
                                        "h:0",
                                        "h:65536",
                                        "h:99999999999999999999",
                                        "h:-1",
                                        "h:+1",
                                        "h: 1",
                                        "h:1 ",
                                        "h:1:2",
                                        "h h",
                                        "h/0",
                                        "::1",
                                        "::1:6379",
                                        "[]",
                                        "[::1",
                                        "[::1]6379",
                                        "[::1]:",
                                        "[h]:1",
                                        "[127.0.0.1]:1",
                                        "[::1%lo]:1",
                                        "unix:",
                                        "unix:a",
                                        "unix:/",
                                        "unix:/a/",
                                        "unix://",
                                        "redis://h:6379",
                                        "rediss://h",
                                        "tcp://h:1",
                                        "h:6379/0",
                                        "u:p@h:1",
                                        "256.256.256.256:1",
                                        "1.2.3.4.5",
                                        "redis.1",
                                        "127.0.0.1.",
                                        ".",
                                        "..:1",
                                        ".redis",
                                        "a..b",
                                        "-:1",
                                        "a.-b:1",
                                        "h\n:1",
                                        "h\xc3\xa4:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address address;
        if (address_read(&address, texts[i], DEFAULT_PORT))
            fail_msg("\"%s\" is taken", texts[i]);
    }
    struct address address;
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[ADDRESS_HOST_MAX - 1] = '\0';
    assert_true(address_read(&address, longest, DEFAULT_PORT));
    longest[ADDRESS_HOST_MAX - 1] = 'a';
    longest[ADDRESS_HOST_MAX] = '\0';
    assert_false(address_read(&address, longest, DEFAULT_PORT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts), cmocka_unit_test(test_paths),
                                       cmocka_unit_test(test_none)};
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
