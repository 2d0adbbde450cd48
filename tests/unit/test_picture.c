/* Pictures: every thing has its own drawing, whole and well-formed, whatever the name and the seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/picture.h"
#include "catalog/picture_shapes.h"
#include "catalog/words.h"

static char bytes[PICTURE_BYTES_MAX];

static const char *draw(const char *name, int64_t seed)
{
    struct text text;
    text_begin(&text, bytes, sizeof bytes);
    picture_draw(&text, name, seed);
    assert_false(text.is_cut);
    assert_true(text.used < sizeof bytes);
    bytes[text.used] = '\0';
    return bytes;
}

static const char *of_thing(size_t thing, int64_t seed)
{
    char name[64];
    snprintf(name, sizeof name, "Quiet Oak %s", words_thing[thing]);
    return draw(name, seed);
}

/* What is drawn, without what the name says in words. */
static const char *behind_title(const char *picture)
{
    const char *end = strstr(picture, "</title>");
    assert_non_null(end);
    return end;
}

static void test_every_thing_has_its_own_drawing(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORDS_COUNT; i++) {
        const struct picture_shape *shape = picture_shape_of(words_thing[i]);
        if (strcmp(shape->thing, words_thing[i]) != 0)
            fail_msg("%s is drawn as \"%s\"", words_thing[i], shape->thing);
        assert_non_null(shape->body);
        for (size_t j = 0; j < i; j++)
            if (strcmp(shape->body, picture_shape_of(words_thing[j])->body) == 0)
                fail_msg("%s has the body of %s", words_thing[i], words_thing[j]);
    }
}

static void test_the_picture_is_of_the_last_word(void **state)
{
    (void)state;
    char hat[PICTURE_BYTES_MAX], other[PICTURE_BYTES_MAX];
    snprintf(hat, sizeof hat, "%s", behind_title(draw("Quiet Oak Hat", 7)));
    snprintf(other, sizeof other, "%s", behind_title(draw("Eager Felt Hat", 7)));
    assert_string_equal(hat, other);
    assert_string_not_equal(hat, behind_title(draw("Quiet Oak Jug", 7)));
    assert_string_not_equal(hat, behind_title(draw("Quiet Oak Hat", 8)));
}

static void test_what_nobody_has_drawn_is_a_parcel(void **state)
{
    (void)state;
    char parcel[PICTURE_BYTES_MAX];
    snprintf(parcel, sizeof parcel, "%s", behind_title(draw("Quiet Oak Submarine", 7)));
    assert_string_equal(parcel, behind_title(draw("", 7)));
    assert_string_not_equal(parcel, behind_title(draw("Quiet Oak Jug", 7)));
    assert_string_equal(picture_shape_of("Hat ")->thing, "");
}

static void test_a_named_colour_is_the_colour(void **state)
{
    (void)state;
    for (int64_t seed = 0; seed < 50; seed++) {
        assert_non_null(strstr(draw("Scarlet Oak Hat", seed), "stop-color=\"hsl(5 55% 66%)\""));
        assert_non_null(strstr(draw("Cobalt Oak Jug", seed), "stop-color=\"hsl(220 55% 66%)\""));
    }
}

/* Tags are closed in turn, and quotes too. */
static void assert_well_formed(const char *picture)
{
    char open[16][16];
    size_t depth = 0;
    for (const char *at = strchr(picture, '<'); at; at = strchr(at, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        size_t quotes = 0;
        for (const char *c = at; c < end; c++)
            quotes += *c == '"';
        assert_int_equal(quotes % 2, 0);
        size_t length = strcspn(at + 1, " />");
        if (at[1] == '/') {
            length = strcspn(at + 2, ">");
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strlen(open[depth]), length);
            assert_memory_equal(open[depth], at + 2, length);
        } else if (end[-1] != '/') {
            assert_true(depth < 16 && length < sizeof open[0]);
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, at + 1);
        }
        at = end;
    }
    assert_int_equal(depth, 0);
}

/* Path data has commands and numbers alone (SVG 2, section 9.3.9): no shorthand is left over. */
static void assert_data(const char *picture)
{
    for (const char *at = picture; (at = strstr(at, " d=\"")) != NULL; at++) {
        size_t length = strcspn(at + 4, "\"");
        assert_true(length > 0);
        assert_int_equal(strspn(at + 4, "MmLlHhVvQqTtCcSsAaZz0123456789.,- "), length);
    }
}

static void test_all_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORDS_COUNT; i++)
        for (int64_t seed = 0; seed < 40; seed++) {
            const char *picture = of_thing(i, seed * INT64_C(0x123456789abcdef));
            assert_well_formed(picture);
            assert_data(picture);
            assert_ptr_equal(strstr(picture, "<svg "), picture);
        }
    assert_well_formed(draw("a<b>&c", INT64_MAX));
    assert_non_null(strstr(bytes, "<title>a&lt;b&gt;&amp;c</title>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_thing_has_its_own_drawing),
        cmocka_unit_test(test_the_picture_is_of_the_last_word),
        cmocka_unit_test(test_what_nobody_has_drawn_is_a_parcel),
        cmocka_unit_test(test_a_named_colour_is_the_colour),
        cmocka_unit_test(test_all_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
