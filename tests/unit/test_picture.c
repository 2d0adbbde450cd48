/* Pictures: small, the same for the same item, different for others, and safe. */
#include <string.h>

#include "fcgi/picture.h"
#include "unit.h"

static char bytes[PICTURE_BYTES_MAX];

static const char *draw(const char *name, int64_t seed)
{
    struct text text;
    text_begin(&text, bytes, sizeof bytes - 1);
    picture_draw(&text, name, seed);
    assert_false(text.is_cut);
    bytes[text.used] = '\0';
    return bytes;
}

static void test_same_and_different(void **state)
{
    (void)state;
    char first[PICTURE_BYTES_MAX];
    strcpy(first, draw("Amber Walnut Lantern", 7));
    assert_string_equal(draw("Amber Walnut Lantern", 7), first);
    assert_string_not_equal(draw("Amber Walnut Lantern", 8), first);
    assert_non_null(strstr(first, "<title>Amber Walnut Lantern</title>"));
    assert_ptr_equal(strstr(first, "<svg "), first);
    assert_string_equal(first + strlen(first) - 6, "</svg>");
}

static void test_small_whatever_the_seed(void **state)
{
    (void)state;
    for (int64_t seed = 0; seed < 200000; seed++)
        assert_true(strlen(draw("Extraordinarily Long-Winded Alabaster Candelabra", seed * 7919)) <
                    PICTURE_BYTES_MAX);
    draw("", INT64_MAX);
}

static void test_names_are_escaped(void **state)
{
    (void)state;
    assert_non_null(
        strstr(draw("A <script> & \"more\"", 1), "<title>A &lt;script&gt; &amp; \"more\"</title>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_and_different),
                                       cmocka_unit_test(test_small_whatever_the_seed),
                                       cmocka_unit_test(test_names_are_escaped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
