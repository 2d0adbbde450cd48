/* Files that include each other: where each line came from, whatever the working directory is. */

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/settings.h"

static char folder[64];
static char *told;

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    char path[128];
    strcpy(folder, "/tmp/flashsale-source-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/parts", folder);
    return mkdir(path, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"parts/a", "parts/b", "parts", "main"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    free(told);
    told = NULL;
    return rmdir(folder);
}

static bool read_main(struct settings *settings)
{
    char path[128];
    size_t length;
    free(told);
    told = NULL;
    FILE *errors = open_memstream(&told, &length);
    assert_non_null(errors);
    snprintf(path, sizeof path, "%s/main", folder);
    settings_default(settings);
    bool good = settings_read(settings, path, errors);
    fclose(errors);
    return good;
}

/* Refused with a line that begins so, behind the folder. */
static void refused(const char *expected)
{
    struct settings settings;
    char line[256];
    assert_false(read_main(&settings));
    snprintf(line, sizeof line, "%s/%s", folder, expected);
    if (!strstr(told, line))
        fail_msg("expected %s, told %s", line, told);
}

static void test_from_the_file_that_includes(void **state)
{
    (void)state;
    struct settings settings;
    write_file("main", "sale: { hold_s = 7;\n\t@include \"parts/a\" // and more\n};\n"
                       "log: { level = \"debug\"; };");
    write_file("parts/a", "purchase_limit = 5; # no end of the line\n@include \"b\"");
    write_file("parts/b", "unknown_item = \"any\";");
    if (!read_main(&settings))
        fail_msg("%s", told);
    assert_int_equal(settings.sale.hold_s, 7);
    assert_int_equal(settings.sale.purchase_limit, 5);
    assert_int_equal(settings.sale.unknown_item, UNKNOWN_ITEM_ANY);
    assert_int_equal(settings.log.level, LOG_LEVEL_DEBUG);
}

static void test_absolute(void **state)
{
    (void)state;
    struct settings settings;
    char text[128];
    snprintf(text, sizeof text, "@include \"%s/parts/a\"\n", folder);
    write_file("main", text);
    write_file("parts/a", "sale: { hold_s = 8; };\n");
    assert_true(read_main(&settings));
    assert_int_equal(settings.sale.hold_s, 8);
}

static void test_faults_have_their_file(void **state)
{
    (void)state;
    write_file("main", "\n\nsale: {\n@include \"parts/a\"\n};\nlog: { level = \"loud\"; };\n");
    write_file("parts/a", "\nhold_s = 0;\n");
    refused("parts/a:2: sale.hold_s = 0: expected");
    refused("main:6: log.level = \"loud\": expected");
    write_file("parts/a", "\n\nhold_s = ;\n");
    refused("parts/a:3: syntax error: expected");
    write_file("parts/a", "hold_s = 7;\n\n\nhold = 7;\n");
    refused("parts/a:4: sale.hold: there is no such setting");
    write_file("parts/a", "hold_s = 7;\nhold_s = 7;\n");
    refused("parts/a:2: duplicate");
    write_file("parts/a", "\n@include \"none\"\n");
    refused("parts/a:2: ");
    assert_non_null(strstr(told, "/parts/none: cannot be read: No such file"));
    write_file("parts/a", "\n\n/* no end");
    refused("parts/a:3: /*: the comment has no end");
    write_file("parts/a", "hold_s = \"\n");
    refused("parts/a:1: \": the string has no end");
    write_file("parts/a", "@include parts\n");
    refused("parts/a:1: @: expected @include \"file\"");
}

static void test_round_and_round(void **state)
{
    (void)state;
    write_file("main", "@include \"parts/a\"\n");
    write_file("parts/a", "@include \"b\"\n");
    write_file("parts/b", "@include \"../main\"\n");
    struct settings settings;
    assert_false(read_main(&settings));
    assert_non_null(strstr(told, "too many files include each other"));
}

/* What only looks like an include, a number or a comment. */
static void test_look_alikes(void **state)
{
    (void)state;
    struct settings settings;
    write_file("main", "// @include \"none\"\n/*\n@include \"none\"\n*/\n# 010\n"
                       "redis: { user = \"// 010 \\\" 4294968296 /* @include\"\n\"\"; };\n");
    if (!read_main(&settings))
        fail_msg("%s", told);
    assert_string_equal(settings.redis.user, "// 010 \" 4294968296 /* @include");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_from_the_file_that_includes), TEST(test_absolute),
                                       TEST(test_faults_have_their_file),
                                       TEST(test_round_and_round), TEST(test_look_alikes)};
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
