/* The binary COPY stream of items, byte for byte as PostgreSQL's manual has it. */

#include "unit.h"

#include <string.h>

#include "generator/item_copy.h"

static void test_header(void **state)
{
    (void)state;
    static const unsigned char expected[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                             0,   0,   0,   0,   0,   0,   0,    0,    0};
    char bytes[ITEM_COPY_HEADER_BYTES];
    assert_int_equal(item_copy_header(bytes), sizeof bytes);
    assert_int_equal(sizeof expected, sizeof bytes);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void test_row(void **state)
{
    (void)state;
    static const unsigned char expected[] = {
        0, 5,                                                       /* fields */
        0, 0, 0, 4, 0,    0,    0,    17,                           /* sale_id */
        0, 0, 0, 4, 0,    0,    0x12, 0x67,                         /* number */
        0, 0, 0, 8, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, /* picture_seed */
        0, 0, 0, 4, 0,    0,    0xc3, 0x4f,                         /* price_cents */
        0, 0, 0, 8, 'T',  'i',  'n',  ' ',  'D',  'r',  'u',  'm'}; /* name */
    const struct item item = {"Tin Drum", 49999, INT64_C(0x0123456789abcdef)};
    char bytes[ITEM_COPY_ROW_BYTES_MAX];
    assert_int_equal(item_copy_row(bytes, 17, 4711, &item), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void test_longest_row_fits(void **state)
{
    (void)state;
    struct item item = {.price_cents = ITEM_PRICE_CENTS_MAX, .picture_seed = INT64_MAX};
    memset(item.name, 'n', ITEM_NAME_MAX - 1);
    char bytes[ITEM_COPY_ROW_BYTES_MAX];
    assert_true(item_copy_row(bytes, INT32_MAX, INT32_MAX, &item) <= sizeof bytes);
}

static void test_trailer(void **state)
{
    (void)state;
    char bytes[ITEM_COPY_TRAILER_BYTES];
    assert_int_equal(item_copy_trailer(bytes), sizeof bytes);
    assert_memory_equal(bytes, "\xff\xff", 2);
}

/* The whole stream, in pieces of `size` bytes at most; its length. */
static size_t copy_whole(char *bytes, size_t room, size_t size, int items_total)
{
    struct item_copy copy;
    size_t used = 0;
    item_copy_begin(&copy, 17, items_total, 4711);
    for (size_t length; (length = item_copy_next(&copy, bytes + used, size)) > 0;) {
        assert_true(length <= size);
        used += length;
        assert_true(used + size <= room);
    }
    assert_int_equal(item_copy_next(&copy, bytes + used, size), 0);
    item_copy_end(&copy);
    return used;
}

/* Wherever a piece ends: the header once, each item once, the trailer once. */
static void test_pieces(void **state)
{
    (void)state;
    enum { ITEMS = 40, ROOM = 3 * (ITEM_COPY_PIECE_MIN + ITEMS * ITEM_COPY_ROW_BYTES_MAX) };
    static char whole[ROOM], pieces[ROOM];
    struct item item = {0};
    size_t length = item_copy_header(whole);
    for (int number = 1; number <= ITEMS; number++) {
        item_make(4711, (uint32_t)number, &item);
        length += item_copy_row(whole + length, 17, number, &item);
    }
    length += item_copy_trailer(whole + length);
    for (size_t size = ITEM_COPY_PIECE_MIN; size <= length + ITEM_COPY_ROW_BYTES_MAX; size++) {
        assert_int_equal(copy_whole(pieces, sizeof pieces, size, ITEMS), length);
        assert_memory_equal(pieces, whole, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_header), cmocka_unit_test(test_row),
                                       cmocka_unit_test(test_longest_row_fits),
                                       cmocka_unit_test(test_trailer),
                                       cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests_name("item_copy", tests, NULL, NULL);
}
