/* Users' names, compared with Perl's Unicode::Normalize, which has tables of its own. */

#include "unit.h"

#include "fcgi/http/user_name.h"

enum { LINE_MAX_BYTES = 4096 };

/* The blanks that names have around them here. */
#define BLANKS_BEFORE "\xe3\x80\x80 "         /* U+3000, U+0020 */
#define BLANKS_AFTER  " \xc2\xa0\xe2\x80\x8a" /* U+0020, U+00A0, U+200A */

static bool read_name(const char *text, char *room, struct span *name)
{
    return user_name_read((struct span){text, strlen(text)}, room, name);
}

static void expect_name(const char *text, const char *expected)
{
    char room[USER_NAME_BYTES_MAX];
    struct span name;
    assert_true(read_name(text, room, &name));
    if (name.length != strlen(expected) || memcmp(name.bytes, expected, name.length) != 0)
        fail_msg("\"%s\" is \"%.*s\", not \"%s\"", text, (int)name.length, name.bytes, expected);
}

/* Each line that the script prints has two texts: one, and its name. Returns how many lines. */
static int expect_as_perl(const char *script)
{
    char command[2048], line[LINE_MAX_BYTES], within[2 * LINE_MAX_BYTES];
    snprintf(command, sizeof command,
             "perl -CSD -MUnicode::Normalize=NFC,NFD -e '%s' 2>&1 || echo failed", script);
    FILE *perl = popen(command, "r"); /* NOLINT(cert-env33-c) */
    int lines = 0;
    assert_non_null(perl);
    while (fgets(line, sizeof line, perl)) {
        line[strcspn(line, "\n")] = '\0';
        char *expected = strchr(line, '\t');
        if (!expected) {
            fail_msg("perl: %s", line);
            break;
        }
        *expected++ = '\0';
        expect_name(line, expected);
        expect_name(expected, expected);
        snprintf(within, sizeof within, BLANKS_BEFORE "%s" BLANKS_AFTER, line);
        if (strlen(within) <= USER_NAME_BYTES_MAX)
            expect_name(within, expected);
        lines++;
    }
    pclose(perl);
    return lines;
}

/* Composed, decomposed, and as it stands: one name. Half of Hangul's syllables are left out. */
static void test_every_character_that_decomposes(void **state)
{
    (void)state;
    int lines = expect_as_perl(
        "for my $c (0xa1 .. 0x10ffff) {"
        "    next if $c >= 0xd800 && $c <= 0xdfff || $c >= 0xac00 && $c <= 0xd7a3 && $c % 2;"
        "    my $d = NFD(chr $c);"
        "    next if $d eq chr $c || chr($c) =~ /\\p{White_Space}/;"
        "    print chr $c, \"\\t\", NFC(chr $c), \"\\n\", $d, \"\\t\", NFC(chr $c), \"\\n\";"
        "    print \"a\", $d, \"b\\t\", NFC(\"a\" . chr($c) . \"b\"), \"\\n\";"
        "}");
    assert_true(lines > 3 * (2000 + 5500));
}

/* Marks of a character may come in any order where they do not touch each other. */
static void test_letters_with_marks_in_any_order(void **state)
{
    (void)state;
    int lines = expect_as_perl(
        "srand 1;"
        "my @letters = map chr, 0x41 .. 0x7a, 0xc0 .. 0x17f, 0x391 .. 0x3c9, 0x1100 .. 0x1112,"
        "    0x1161 .. 0x1175, 0x11a8 .. 0x11c2, 0xac00 .. 0xac40, 0x915 .. 0x939, 0x1f600;"
        "my @marks = map chr, 0x300 .. 0x345, 0x591 .. 0x5bd, 0x64b .. 0x655, 0x93c, 0x302a;"
        "for (1 .. 3000) {"
        "    my $t = \"\";"
        "    for (0 .. rand 6) {"
        "        $t .= $letters[rand @letters];"
        "        $t .= $marks[rand @marks] for 1 .. rand 5;"
        "    }"
        "    print $t, \"\\t\", NFC($t), \"\\n\", NFD($t), \"\\t\", NFC($t), \"\\n\";"
        "}");
    assert_int_equal(lines, 6000);
}

/* A blank at either end goes, and none within; whatever is not a blank stays. */
static void test_blanks_are_those_of_unicode(void **state)
{
    (void)state;
    int lines = expect_as_perl(
        "no warnings; for my $c (0x20 .. 0xd7ff, 0xe000 .. 0x1ffff) {"
        "    next if $c == 0x7f;"
        "    my $b = chr $c; my $n = NFC($b);"
        "    if ($b =~ /\\p{White_Space}/) {"
        "        print \"$b${b}a\\ta\\n\", \"a$b\\ta\\n\", \"$b\\t\\n\", \"a${b}e\\ta${n}e\\n\";"
        "    } elsif ($c < 0x3100) {"
        "        print \"$b\\t$n\\n\", \"$b.\\t\", NFC(\"$b.\"), \"\\n\";"
        "    } else { print \"$b\\t$n\\n\"; }"
        "}");
    assert_true(lines > 0x1f000);
}

/* The length counts after blanks are gone and characters composed. */
static void test_lengths(void **state)
{
    (void)state;
    char text[USER_NAME_BYTES_MAX + 1] = "", room[USER_NAME_BYTES_MAX];
    struct span name;
    for (int i = 0; i < 21; i++)
        strcat(text, "\xe0\xa5\x98\xe0\xa4\x95"); /* U+0958, which becomes two, and U+0915 */
    assert_int_equal(strlen(text), 126);
    assert_false(read_name(text, room, &name));
    assert_int_equal(name.length, USER_NAME_BYTES_MAX);
    assert_memory_equal(name.bytes, "\xe0\xa4\x95\xe0\xa4\xbc\xe0\xa4\x95", 9);

    text[0] = '\0';
    for (int i = 0; i < 21; i++)
        strcat(text, "\xe0\xa5\x98");
    assert_true(read_name(text, room, &name));
    assert_int_equal(name.length, 126);
    strcat(text, "ab");
    assert_true(read_name(text, room, &name));
    assert_int_equal(name.length, USER_NAME_BYTES_MAX);
    strcat(text, "c");
    assert_false(read_name(text, room, &name));

    memset(text, 'a', USER_NAME_BYTES_MAX);
    text[USER_NAME_BYTES_MAX] = '\0';
    assert_true(read_name(text, room, &name));
    assert_int_equal(name.length, USER_NAME_BYTES_MAX);
}

/* ASCII is neither copied nor changed. */
static void test_ascii_is_used_where_it_is(void **state)
{
    (void)state;
    static const char text[] = "  Amy B. (~_\"') ";
    char room[USER_NAME_BYTES_MAX];
    struct span name;
    assert_true(read_name(text, room, &name));
    assert_ptr_equal(name.bytes, text + 2);
    assert_int_equal(name.length, strlen(text) - 3);
    assert_true(read_name(" ", room, &name));
    assert_int_equal(name.length, 0);
    assert_true(read_name("", room, &name));
    assert_int_equal(name.length, 0);
    expect_name("amy", "amy");
}

/* Case, width and compatibility are not touched: those are other names. */
static void test_what_stays_different(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Amy",      "AMY",  "\xef\xac\x81" /* fi */, "\xef\xbc\xa1",
        "\xc2\xaa", "a  b", "a\xe2\x80\x8bz",        "\xe2\x80\x8b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_name(texts[i], texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_character_that_decomposes),
                                       cmocka_unit_test(test_letters_with_marks_in_any_order),
                                       cmocka_unit_test(test_blanks_are_those_of_unicode),
                                       cmocka_unit_test(test_lengths),
                                       cmocka_unit_test(test_ascii_is_used_where_it_is),
                                       cmocka_unit_test(test_what_stays_different)};
    return cmocka_run_group_tests_name("user_name", tests, NULL, NULL);
}
