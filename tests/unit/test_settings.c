/* Settings: defaults, the file that shows them, and what is refused with which words. */

#include "unit.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"

#define CONF "conf/flashsale.conf"

/* What the settings' functions told, on a stream in memory. */
struct told {
    char *text;
    size_t length;
    FILE *stream;
};

static void told_open(struct told *told)
{
    told->stream = open_memstream(&told->text, &told->length);
    assert_non_null(told->stream);
}

static void told_close(struct told *told)
{
    fclose(told->stream);
    told->stream = NULL;
}

static bool read_text(struct settings *settings, const char *text, char *path, struct told *told)
{
    strcpy(path, "/tmp/flashsale-settings-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    told_open(told);
    bool good = settings_read(settings, path, told->stream);
    told_close(told);
    unlink(path);
    return good;
}

static void find_in_conf(const char *name, const char *meaning, void *context)
{
    assert_true(strlen(meaning) > 0);
    if (!config_lookup(context, name))
        fail_msg("%s lacks %s", CONF, name);
}

static void test_conf_names_every_setting(void **state)
{
    (void)state;
    config_t config;
    config_init(&config);
    assert_int_equal(config_read_file(&config, CONF), CONFIG_TRUE);
    settings_each(find_in_conf, &config);
    config_destroy(&config);
}

/* Read over nothing at all it gives the defaults, so it has no value but these. */
static void test_conf_has_the_defaults(void **state)
{
    (void)state;
    struct settings expected, settings;
    memset(&settings, 0, sizeof settings);
    settings_default(&expected);
    assert_true(settings_read(&settings, CONF, stderr));
    assert_memory_equal(&settings, &expected, sizeof settings);
    assert_true(settings_check(&settings, stderr));
}

static void test_defaults(void **state)
{
    (void)state;
    struct settings settings;
    settings_default(&settings);
    assert_int_equal(settings.sale.items_per_sale, 10000);
    assert_int_equal(settings.sale.duration_s, 3600);
    assert_int_equal(settings.sale.purchase_limit, 10);
    assert_int_equal(settings.sale.unknown_item, UNKNOWN_ITEM_REFUSE);
    assert_int_equal(settings.log.level, LOG_LEVEL_INFO);
    assert_true(settings.redis.fail_open);
    assert_string_equal(settings.redis.address, "");
}

static void test_file_over_defaults(void **state)
{
    (void)state;
    static const char text[] = "sale: { hold_s = 600; unknown_item = \"any\"; };\n"
                               "redis: { address = \"unix:/run/redis\"; fail_open = false; };\n"
                               "log: { level = \"debug\"; };\n";
    struct settings settings;
    struct told told;
    char path[64];
    settings_default(&settings);
    assert_true(read_text(&settings, text, path, &told));
    assert_string_equal(told.text, "");
    assert_int_equal(settings.sale.hold_s, 600);
    assert_int_equal(settings.sale.unknown_item, UNKNOWN_ITEM_ANY);
    assert_string_equal(settings.redis.address, "unix:/run/redis");
    assert_false(settings.redis.fail_open);
    assert_int_equal(settings.log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(settings.sale.duration_s, 3600);
    free(told.text);
}

static void test_file_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *told; /* behind the file's name */
    } cases[] = {
        {"sale:\n{\n  hold_s = 0;\n};\n",
         ":3: sale.hold_s = 0: expected a whole number from 1 to 86400 ("},
        {"sale: { hold_s = 86401; };\n", ":1: sale.hold_s = 86401: expected a whole number"},
        {"sale: { items_per_sale = 4294977296L; };\n", ":1: sale.items_per_sale = 4294977296: exp"},
        {"sale: { hold_s = 1.5; };\n", ":1: sale.hold_s = 1.5: expected a whole number from 1"},
        {"sale: { hold_s = \"30\"; };\n", ":1: sale.hold_s = \"30\": expected a whole number"},
        {"sale: { hold_s = true; };\n", ":1: sale.hold_s = true: expected a whole number"},
        {"sale: { hold_s = (1, 2); };\n", ":1: sale.hold_s = a group or list: expected a whole"},
        {"\nsale: { hold_ms = 30; };\n", ":2: sale.hold_ms: there is no such setting"},
        {"\n\nshop: { hold_s = 30; };\n", ":3: shop.hold_s: there is no such setting"},
        {"hold_s = 30;\n", ":1: hold_s: expected a group of settings"},
        {"redis: { fail_open = 1; };\n", ":1: redis.fail_open = 1: expected true or false ("},
        {"redis: { address = 6379; };\n", ":1: redis.address = 6379: expected a string of at most"},
        {"log: { level = \"loud\"; };\n",
         ":1: log.level = \"loud\": expected \"error\" or \"warning\" or \"info\" or \"debug\" ("},
        {"sale:\n{\n  hold_s = ;\n};\n", ":3: syntax error: expected settings as libconfig has"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings;
        struct told told;
        char path[64];
        settings_default(&settings);
        assert_false(read_text(&settings, cases[i].text, path, &told));
        if (strncmp(told.text, path, strlen(path)) != 0 ||
            strncmp(told.text + strlen(path), cases[i].told, strlen(cases[i].told)) != 0)
            fail_msg("expected FILE%s, told: %s", cases[i].told, told.text);
        assert_ptr_equal(strchr(told.text, '\n'), told.text + told.length - 1);
        free(told.text);
    }
}

/* libconfig 1.5 cuts a number without an L behind it to 32 bits, so the value told may differ. */
static void test_large_number(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char path[64];
    settings_default(&settings);
    assert_false(read_text(&settings, "sale: { hold_s = 10000000000; };\n", path, &told));
    assert_non_null(strstr(told.text, "expected a whole number from 1 to 86400"));
    free(told.text);
}

static void test_every_mistake_is_told(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char path[64];
    settings_default(&settings);
    assert_false(
        read_text(&settings, "sale: { hold_s = 0;\n\nhold = 1; };\nredis = 1;\n", path, &told));
    assert_non_null(strstr(told.text, ":1: sale.hold_s = 0"));
    assert_non_null(strstr(told.text, ":3: sale.hold: "));
    assert_non_null(strstr(told.text, ":4: redis: "));
    free(told.text);
}

static void test_file_missing(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    told_open(&told);
    settings_default(&settings);
    assert_false(settings_read(&settings, "/nonexistent/flashsale.conf", told.stream));
    told_close(&told);
    assert_string_equal(told.text, "/nonexistent/flashsale.conf: cannot be read\n");
    free(told.text);
}

static void test_override(void **state)
{
    (void)state;
    struct settings settings;
    settings_default(&settings);
    assert_true(settings_override(&settings, "sale.hold_s=2", stderr));
    assert_true(settings_override(&settings, "redis.fail_open=false", stderr));
    assert_true(settings_override(&settings, "sale.unknown_item=any", stderr));
    assert_true(settings_override(&settings,
                                  "database.worker_conninfo=host=/run/pg dbname=x user=y", stderr));
    assert_true(settings_override(&settings, "redis.user=", stderr));
    assert_int_equal(settings.sale.hold_s, 2);
    assert_false(settings.redis.fail_open);
    assert_int_equal(settings.sale.unknown_item, UNKNOWN_ITEM_ANY);
    assert_string_equal(settings.database.worker_conninfo, "host=/run/pg dbname=x user=y");
}

static void test_override_refused(void **state)
{
    (void)state;
    static const struct {
        const char *assignment;
        const char *told;
    } cases[] = {
        {"sale.hold_s", "-o: sale.hold_s: expected group.name=value\n"},
        {"=3", "-o: : there is no such setting\n"},
        {"sale.hold=3", "-o: sale.hold: there is no such setting\n"},
        {"sale.hold_s=", "-o: sale.hold_s = : expected a whole number from 1 to 86400 ("},
        {"sale.hold_s=3s", "-o: sale.hold_s = 3s: expected a whole number"},
        {"sale.hold_s=-1", "-o: sale.hold_s = -1: expected a whole number"},
        {"sale.hold_s=99999999999999999999", "-o: sale.hold_s = 99999999999999999999: expected a"},
        {"redis.fail_open=yes", "-o: redis.fail_open = yes: expected true or false ("},
        {"log.level=", "-o: log.level = : expected \"error\" or "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings;
        struct told told;
        told_open(&told);
        settings_default(&settings);
        assert_false(settings_override(&settings, cases[i].assignment, told.stream));
        told_close(&told);
        if (strncmp(told.text, cases[i].told, strlen(cases[i].told)) != 0)
            fail_msg("expected %s, told: %s", cases[i].told, told.text);
        free(told.text);
    }
}

/* A text that fills its place to the last byte, and one that is a byte too long. */
static void test_text_bounds(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char assignment[256] = "worker.listen=";
    size_t name_length = strlen(assignment);
    size_t place = sizeof settings.worker.listen;
    settings_default(&settings);
    memset(assignment + name_length, 'a', place - 1);
    assert_true(settings_override(&settings, assignment, stderr));
    assert_string_equal(settings.worker.listen, assignment + name_length);

    assignment[name_length + place - 1] = 'a';
    told_open(&told);
    assert_false(settings_override(&settings, assignment, told.stream));
    told_close(&told);
    assert_non_null(strstr(told.text, "expected a string of at most 107 bytes"));
    free(told.text);
}

static void test_check(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    settings_default(&settings);
    assert_true(settings_check(&settings, stderr));

    settings.worker.connections_max = settings.worker.kept_connections_max;
    settings.sale.duration_s = 10;
    settings.sale.hold_s = 11;
    told_open(&told);
    assert_false(settings_check(&settings, told.stream));
    told_close(&told);
    assert_non_null(strstr(told.text, "worker.connections_max = 512: expected more than"));
    assert_non_null(strstr(told.text, "sale.hold_s = 11: expected no more than"));
    free(told.text);

    settings.worker.connections_max++;
    settings.sale.hold_s = 10;
    assert_true(settings_check(&settings, stderr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conf_names_every_setting),
                                       cmocka_unit_test(test_conf_has_the_defaults),
                                       cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_file_over_defaults),
                                       cmocka_unit_test(test_file_refused),
                                       cmocka_unit_test(test_large_number),
                                       cmocka_unit_test(test_every_mistake_is_told),
                                       cmocka_unit_test(test_file_missing),
                                       cmocka_unit_test(test_override),
                                       cmocka_unit_test(test_override_refused),
                                       cmocka_unit_test(test_text_bounds),
                                       cmocka_unit_test(test_check)};
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
