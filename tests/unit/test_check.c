/* What cannot be is told, and ends the program where that is asked for. */

#include "unit.h"

#include "common/check.h"

static int number = 2;
static bool held, did_not_hold;

static void check(void)
{
    held = CHECK(number == 2);
    did_not_hold = !CHECK(number == 3);
}

static void test_it_says_what_and_where(void **state)
{
    (void)state;
    assert_true(check_says(check, "tests/unit/test_check.c:"));
    assert_true(held && did_not_hold);
    assert_true(check_says(check, "number == 3 does not hold"));
}

static void test_what_holds_is_not_told(void **state)
{
    (void)state;
    static struct capture capture;
    capture_begin(&capture);
    assert_true(CHECK(number == 2));
    capture_end(&capture);
    assert_string_equal(capture.text, "");
}

static void test_it_ends_the_program_in_tests(void **state)
{
    (void)state;
    assert_true(check_stops(check));
    number = 3;
    assert_true(check_stops(check)); /* the other one */
    number = 2;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_it_says_what_and_where),
                                       cmocka_unit_test(test_what_holds_is_not_told),
                                       cmocka_unit_test(test_it_ends_the_program_in_tests)};
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
