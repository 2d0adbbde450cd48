/* The ids by which clients name items. */

#include "unit.h"

#include <string.h>

#include "fcgi/sale/item_id.h"

static void assert_id(const char *text, int32_t sale_id, int32_t number)
{
    struct item_id id = item_id_parse(text, strlen(text));
    assert_int_equal(id.sale_id, sale_id);
    assert_int_equal(id.number, number);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_id("4711", ITEM_ID_OPEN_SALE, 4711);
    assert_id("item4711", ITEM_ID_OPEN_SALE, 4711);
    assert_id("item_4711", ITEM_ID_OPEN_SALE, 4711);
    assert_id("item-4711", ITEM_ID_OPEN_SALE, 4711);
    assert_id("17-4711", 17, 4711);
    assert_id("17_item_4711", 17, 4711);
    assert_id("0004711", ITEM_ID_OPEN_SALE, 4711);
    assert_id("2147483647", ITEM_ID_OPEN_SALE, INT32_MAX);
}

static void test_any(void **state)
{
    (void)state;
    assert_id("any", ITEM_ID_OPEN_SALE, ITEM_ID_ANY);
    assert_id("", ITEM_ID_OPEN_SALE, ITEM_ID_ANY);
}

static void test_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "item0",
                                        "-1",
                                        "_1",
                                        "item",
                                        "item-",
                                        "item-abc",
                                        "anyone",
                                        "1-",
                                        "-",
                                        "1-2-3",
                                        "1-0",
                                        "0-1",
                                        "item-1-2",
                                        "17_item_",
                                        "17_item_0",
                                        "0_item_1",
                                        "17_items_1",
                                        "17_4711",
                                        "17_item-4711",
                                        "item_17_item_1",
                                        "17_item_1_item_1",
                                        "1x",
                                        "item1x",
                                        "1 ",
                                        " 1",
                                        "+1",
                                        "1.0",
                                        "1e3",
                                        "item--1",
                                        "item__1",
                                        "Any",
                                        "\xc3\xa9"
                                        "1",
                                        "2147483648",
                                        "9223372036854775808",
                                        "99999999999999999999999999",
                                        "17-9223372036854775808",
                                        "NULL",
                                        "{1}",
                                        "'1'"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_id(texts[i], ITEM_ID_OPEN_SALE, ITEM_ID_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_any),
                                       cmocka_unit_test(test_none)};
    return cmocka_run_group_tests_name("item_id", tests, NULL, NULL);
}
