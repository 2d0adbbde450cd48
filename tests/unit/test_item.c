/* Names, prices and descriptions of items. */

#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/item.h"
#include "catalog/words.h"

static const uint64_t seeds[] = {0, 1, 4711, UINT64_C(0x0123456789abcdef), UINT64_MAX};
enum { SEED_COUNT = sizeof seeds / sizeof seeds[0] };

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* No word stands twice, in one list or in two, and each is a plain capitalised word. */
static void test_words(void **state)
{
    (void)state;
    const char *words[3 * WORDS_COUNT];
    memcpy(words, words_manner, sizeof words_manner);
    memcpy(words + WORDS_COUNT, words_material, sizeof words_material);
    memcpy(words + 2 * WORDS_COUNT, words_thing, sizeof words_thing);
    qsort(words, 3 * WORDS_COUNT, sizeof words[0], compare_texts);
    for (int i = 0; i < 3 * WORDS_COUNT; i++) {
        assert_non_null(words[i]);
        assert_in_range(words[i][0], 'A', 'Z');
        for (const char *letter = words[i] + 1; *letter; letter++)
            assert_in_range(*letter, 'a', 'z');
        if (i > 0)
            assert_string_not_equal(words[i - 1], words[i]);
    }
}

/* FNV-1a; 64 bits tell two million names apart. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void assert_names_differ(uint64_t seed, uint32_t count)
{
    uint64_t *hashes = malloc(count * sizeof *hashes);
    assert_non_null(hashes);
    for (uint32_t i = 0; i < count; i++) {
        struct item item;
        item_make(seed, i + 1, &item);
        hashes[i] = name_hash(item.name);
    }
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    uint32_t same = 0;
    for (uint32_t i = 1; i < count; i++)
        same += hashes[i - 1] == hashes[i];
    free(hashes);
    assert_int_equal(same, 0);
}

static void test_names_differ(void **state)
{
    (void)state;
    assert_true(item_names_count() >= 1000000); /* the largest sale.items_per_sale */
    for (int i = 0; i < SEED_COUNT; i++)
        assert_names_differ(seeds[i], 10000);
    assert_names_differ(seeds[0], 1000000);
    assert_names_differ(seeds[3], item_names_count());
}

static int shared_words(const char *left, const char *right)
{
    char one[ITEM_NAME_MAX], other[ITEM_NAME_MAX], *rest_one, *rest_other;
    strcpy(one, left);
    strcpy(other, right);
    int shared = 0;
    char *a = strtok_r(one, " ", &rest_one), *b = strtok_r(other, " ", &rest_other);
    for (; a && b; a = strtok_r(NULL, " ", &rest_one), b = strtok_r(NULL, " ", &rest_other))
        shared += strcmp(a, b) == 0;
    assert_true(!a && !b);
    return shared;
}

/* Neighbours share a word about as often as names drawn at random: three times in 128. */
static void test_neighbours_look_unrelated(void **state)
{
    (void)state;
    for (int i = 0; i < SEED_COUNT; i++) {
        int shared = 0;
        struct item before, item;
        item_make(seeds[i], 1, &before);
        for (uint32_t number = 2; number <= 10000; number++, before = item) {
            item_make(seeds[i], number, &item);
            shared += shared_words(before.name, item.name);
        }
        assert_in_range(shared, 10000 * 3 / 128 * 2 / 3, 10000 * 3 / 128 * 3 / 2);
    }
}

static void test_sales_differ(void **state)
{
    (void)state;
    int same = 0;
    for (uint32_t number = 1; number <= 1000; number++) {
        struct item one, other;
        item_make(1, number, &one);
        item_make(2, number, &other);
        same += strcmp(one.name, other.name) == 0 || one.picture_seed == other.picture_seed;
    }
    assert_true(same <= 2);
}

static void test_same_seed_same_item(void **state)
{
    (void)state;
    for (int i = 0; i < SEED_COUNT; i++) {
        struct item one, other;
        memset(&one, 0, sizeof one);
        memset(&other, 1, sizeof other);
        item_make(seeds[i], 4711, &one);
        item_make(seeds[i], 4711, &other);
        assert_string_equal(one.name, other.name);
        assert_int_equal(one.price_cents, other.price_cents);
        assert_true(one.picture_seed == other.picture_seed);
    }
}

static void test_prices(void **state)
{
    (void)state;
    int lowest = INT32_MAX, highest = 0, below_2000 = 0;
    for (uint32_t number = 1; number <= 100000; number++) {
        struct item item;
        item_make(seeds[3], number, &item);
        int cents = item.price_cents % 100;
        assert_in_range(item.price_cents, ITEM_PRICE_CENTS_MIN, ITEM_PRICE_CENTS_MAX);
        assert_true(cents == 99 || cents == 49 || cents == 0);
        assert_true(item.picture_seed >= 0);
        lowest = item.price_cents < lowest ? item.price_cents : lowest;
        highest = item.price_cents > highest ? item.price_cents : highest;
        below_2000 += item.price_cents < 2000;
    }
    assert_int_equal(lowest, 199);
    assert_true(highest > 49000);
    assert_in_range(below_2000, 40000, 60000);
}

static void test_description(void **state)
{
    (void)state;
    char text[ITEM_DESCRIPTION_MAX], again[ITEM_DESCRIPTION_MAX];
    item_describe("Amber Walnut Lantern", 4711, text, sizeof text);
    item_describe("Amber Walnut Lantern", 4711, again, sizeof again);
    assert_string_equal(text, again);
    assert_non_null(strstr(text, " amber walnut lantern "));
    assert_true(isupper((unsigned char)text[0]));
    assert_int_equal(text[strlen(text) - 1], '.');

    item_describe("Amber Walnut Lantern", 4712, again, sizeof again);
    assert_string_not_equal(text, again);
    for (int64_t seed = 0; seed < 10000; seed++) {
        item_describe("Amber Walnut Lantern", seed, text, sizeof text);
        assert_true(strlen(text) < ITEM_DESCRIPTION_MAX - 32);
        for (const char *byte = text; *byte; byte++)
            assert_in_range(*byte, ' ', '~');
    }
}

/* A name from elsewhere, and too little room: cut, never written past. */
static void test_description_is_cut(void **state)
{
    (void)state;
    char name[1000], text[ITEM_DESCRIPTION_MAX + 1];
    memset(name, 'N', sizeof name - 1);
    name[sizeof name - 1] = 0;
    text[ITEM_DESCRIPTION_MAX] = '#';
    item_describe(name, INT64_MAX, text, ITEM_DESCRIPTION_MAX);
    assert_true(strlen(text) < ITEM_DESCRIPTION_MAX);
    assert_int_equal(text[ITEM_DESCRIPTION_MAX], '#');

    text[8] = '#';
    item_describe("Amber Walnut Lantern", 1, text, 8);
    assert_int_equal(strlen(text), 7);
    assert_int_equal(text[8], '#');
    item_describe("", 1, text, sizeof text);
    assert_true(strlen(text) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_names_differ),
                                       cmocka_unit_test(test_neighbours_look_unrelated),
                                       cmocka_unit_test(test_sales_differ),
                                       cmocka_unit_test(test_same_seed_same_item),
                                       cmocka_unit_test(test_prices),
                                       cmocka_unit_test(test_description),
                                       cmocka_unit_test(test_description_is_cut)};
    return cmocka_run_group_tests_name("item", tests, NULL, NULL);
}
