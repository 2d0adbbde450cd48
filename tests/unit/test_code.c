/* A checkout's code. */

#include "unit.h"

#include <string.h>

#include "fcgi/sale/code.h"

static void test_round_trip(void **state)
{
    (void)state;
    struct code code = {.sale_id = 17, .number = 4711};
    for (int i = 0; i < CODE_SECRET_BYTES; i++)
        code.secret[i] = (uint8_t)(i * 17);
    char text[CODE_LENGTH + 1];
    code_format(&code, text);
    assert_int_equal(strlen(text), CODE_LENGTH);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        CODE_LENGTH);

    struct code read;
    assert_true(code_parse(text, CODE_LENGTH, &read));
    assert_int_equal(read.sale_id, 17);
    assert_int_equal(read.number, 4711);
    assert_memory_equal(read.secret, code.secret, CODE_SECRET_BYTES);
}

/* The test vectors of RFC 4648, section 10, as far as they reach: "foobar" is "Zm9vYmFy". */
static void test_alphabet(void **state)
{
    (void)state;
    struct code code = {.sale_id = 0x666f6f62, .number = 0x61726162};
    memset(code.secret, 0xff, sizeof code.secret);
    char text[CODE_LENGTH + 1];
    code_format(&code, text);
    assert_memory_equal(text, "Zm9vYmFy", 8);
    assert_string_equal(text + CODE_LENGTH - 4, "____");
}

static void test_refused(void **state)
{
    (void)state;
    struct code code;
    assert_false(code_parse("", 0, &code));
    assert_false(code_parse("AAAAAQAAAAWyUJpObQn3LCdxnGKTKpz", 31, &code));
    assert_false(code_parse("AAAAAQAAAAWyUJpObQn3LCdxnGKTKpztA", 33, &code));
    assert_false(code_parse("AAAAAQAAAAWyUJpObQn3LCdxnGKTKpz=", 32, &code));
    assert_false(code_parse("AAAAAQAAAAWyUJpObQn3LCdxnGKTKp+/", 32, &code));
    assert_false(code_parse("AAAAAAAAAAWyUJpObQn3LCdxnGKTKpzt", 32, &code)); /* sale 0 */
    assert_false(code_parse("AAAAAQAAAACyUJpObQn3LCdxnGKTKpzt", 32, &code)); /* item 0 */
    assert_false(code_parse("_____wAAAAWyUJpObQn3LCdxnGKTKpzt", 32, &code)); /* sale -1 */
    assert_true(code_parse("AAAAAQAAAAWyUJpObQn3LCdxnGKTKpzt", 32, &code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_alphabet),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
