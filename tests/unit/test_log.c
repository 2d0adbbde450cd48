/* Log lines: one write, one line, whatever is in it. */

#include "unit.h"

#include <string.h>

#include "common/log.h"

enum { LINE_MAX_BYTES = 1024 };

static void test_priority_and_program(void **state)
{
    (void)state;
    struct capture capture;
    log_open("test", LOG_LEVEL_INFO);
    capture_begin(&capture);
    log_error("lost %s %d", "it", 3);
    log_warning("odd");
    log_info("well");
    capture_end(&capture);
    assert_string_equal(capture.text, "<3>test: lost it 3\n<4>test: odd\n<6>test: well\n");
}

static void test_level(void **state)
{
    (void)state;
    struct capture capture;
    log_open("test", LOG_LEVEL_WARNING);
    assert_true(log_enabled(LOG_LEVEL_ERROR));
    assert_true(log_enabled(LOG_LEVEL_WARNING));
    assert_false(log_enabled(LOG_LEVEL_INFO));
    assert_false(log_enabled(LOG_LEVEL_DEBUG));
    capture_begin(&capture);
    log_info("not this");
    log_debug("nor this");
    log_warning("this");
    capture_end(&capture);
    assert_string_equal(capture.text, "<4>test: this\n");
}

static void test_line_breaks(void **state)
{
    (void)state;
    struct capture capture;
    log_open("test", LOG_LEVEL_DEBUG);
    capture_begin(&capture);
    log_debug("ERROR:  no\nDETAIL:  really\r\n<0>forged\n\n");
    log_debug("%s", "");
    capture_end(&capture);
    assert_string_equal(capture.text, "<7>test: ERROR:  no DETAIL:  really  <0>forged\n<7>test:\n");
}

static void test_cut(void **state)
{
    (void)state;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    struct capture capture;
    log_open("test", LOG_LEVEL_INFO);
    capture_begin(&capture);
    log_info("%s", text);
    log_info("next");
    capture_end(&capture);

    const char *end = strchr(capture.text, '\n');
    assert_non_null(end);
    assert_in_range(end - capture.text, 1000, LINE_MAX_BYTES - 1);
    assert_memory_equal(capture.text, "<6>test: xxx", 12);
    assert_string_equal(end, "\n<6>test: next\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_priority_and_program), cmocka_unit_test(test_level),
        cmocka_unit_test(test_line_breaks), cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
