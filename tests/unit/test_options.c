/* The command line: what all programs have, and what one has beyond it. */

#include "unit.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static const char *colour, *loud;

static const struct options_own own[] = {
    {"colour", "NAME", "paint it", &colour}, {"loud", NULL, "say it", &loud}, {.name = NULL}};

static const struct options_program program = {
    .name = "painter", .purpose = "Paints.", .own = own, .notes = "Notes.\n\n"};

static struct settings settings;
static struct capture told;

/* Of up to six arguments; /dev/null is a file without settings. */
static enum options_result read_line(const struct options_program *of, char *const words[6])
{
    char *arguments[10] = {"painter", "-c", "/dev/null"};
    int count = 3;
    for (int i = 0; i < 6 && words[i]; i++)
        arguments[count++] = words[i];
    optind = 0; /* anew, getopt(3) */
    colour = loud = NULL;
    capture_begin(&told);
    enum options_result result = options_read(count, arguments, of, &settings);
    capture_end(&told);
    return result;
}

#define READ(...) read_line(&program, (char *const[6]){__VA_ARGS__})

static void test_none_given(void **state)
{
    (void)state;
    assert_int_equal(READ(NULL), OPTIONS_RUN);
    assert_null(colour);
    assert_null(loud);
}

static void test_own_options(void **state)
{
    (void)state;
    assert_int_equal(READ("--colour", "red", "-o", "sale.hold_s=7", "--loud"), OPTIONS_RUN);
    assert_string_equal(colour, "red");
    assert_string_equal(loud, "loud");
    assert_int_equal(settings.sale.hold_s, 7);
    assert_int_equal(READ("--colour=blue"), OPTIONS_RUN);
    assert_string_equal(colour, "blue");
    assert_null(loud);
}

/* Below -o and above the file. */
static void test_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("FLASHSALE_SALE_HOLD_S", "8", 1), 0);
    assert_int_equal(READ(NULL), OPTIONS_RUN);
    assert_int_equal(settings.sale.hold_s, 8);
    assert_int_equal(READ("-o", "sale.hold_s=7"), OPTIONS_RUN);
    assert_int_equal(settings.sale.hold_s, 7);
    assert_int_equal(setenv("FLASHSALE_SALE_HOLD_S", "0", 1), 0);
    assert_int_equal(READ("-o", "sale.hold_s=7"), OPTIONS_REFUSED);
    assert_non_null(strstr(told.text, "FLASHSALE_SALE_HOLD_S: sale.hold_s = 0"));
    assert_int_equal(READ("--help"), OPTIONS_DONE);
    assert_int_equal(unsetenv("FLASHSALE_SALE_HOLD_S"), 0);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("--colour"), OPTIONS_REFUSED);
    assert_non_null(strstr(told.text, "--colour"));
    assert_int_equal(READ("--loud=very"), OPTIONS_REFUSED);
    assert_int_equal(READ("--unknown"), OPTIONS_REFUSED);
    assert_int_equal(READ("--loud", "word"), OPTIONS_REFUSED);
    assert_non_null(strstr(told.text, "painter: word"));
    assert_int_equal(READ("-o", "sale.hold_s=0"), OPTIONS_REFUSED);
}

static void test_another_program_lacks_them(void **state)
{
    (void)state;
    static const struct options_program plain = {.name = "plain", .purpose = "Nothing."};
    char *const words[6] = {"--loud"};
    assert_int_equal(read_line(&plain, words), OPTIONS_REFUSED);
    assert_null(loud);
}

static void test_overrides_have_a_limit(void **state)
{
    (void)state;
    enum { OVER = 65 };
    char *arguments[1 + 2 * OVER] = {"painter"};
    for (int i = 0; i < OVER; i++) {
        arguments[1 + 2 * i] = "-o";
        arguments[2 + 2 * i] = "sale.hold_s=7";
    }
    optind = 0;
    capture_begin(&told);
    enum options_result result = options_read(1 + 2 * OVER, arguments, &program, &settings);
    capture_end(&told);
    assert_int_equal(result, OPTIONS_REFUSED);
    assert_non_null(strstr(told.text, "no more than 64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none_given),
                                       cmocka_unit_test(test_own_options),
                                       cmocka_unit_test(test_environment),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_another_program_lacks_them),
                                       cmocka_unit_test(test_overrides_have_a_limit)};
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
