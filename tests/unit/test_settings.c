/* Settings: defaults, the file that shows them, and the messages of refusals. */

#include "unit.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

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

/* Read into settings that are all zero, the file gives the defaults: it has each, and no other
 * value. */
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
        const char *told; /* after the file's name */
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
        {"lane: { batch_max = 30; };\n",
         ":1: lane.batch_max: there is no such setting: it is batch.size_max now"},
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

/* The sales ahead must last until a timer runs the generator again; 0: there is no timer. */
static void test_sales_last_until_the_next_run(void **state)
{
    (void)state;
    static const struct {
        int duration_s, ahead, every_s;
        bool good;
    } cases[] = {{3600, 1, 3600, true},    {3600, 0, 3600, false}, {600, 1, 3600, false},
                 {600, 5, 3600, false},    {600, 6, 3600, true},   {7, 514, 3600, false},
                 {7, 515, 3600, true},     {4, 1, 0, true},        {604800, 0, 0, true},
                 {604800, 0, 3600, false}, {1, 1000, 60, true},    {604800, 1000, 604800, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings;
        struct told told;
        settings_default(&settings);
        settings.sale.hold_s = 1;
        settings.sale.duration_s = cases[i].duration_s;
        settings.sale.sales_ahead = cases[i].ahead;
        settings.sale.generated_every_s = cases[i].every_s;
        told_open(&told);
        bool good = settings_check(&settings, told.stream);
        told_close(&told);
        if (good != cases[i].good)
            fail_msg("%d sales of %d s ahead, each %d s: %s", cases[i].ahead, cases[i].duration_s,
                     cases[i].every_s, told.text);
        free(told.text);
    }
}

/* ---- every row of the table ---- */

static void value_refused(const char *name, const char *value)
{
    struct told told;
    char path[64], origin[80];
    if (read_value(name, value, path, &told))
        fail_msg("%s = %s is taken", name, value);
    snprintf(origin, sizeof origin, "%s:3: ", path);
    if (strncmp(told.text, origin, strlen(origin)) != 0 || !strstr(told.text, "expected "))
        fail_msg("%s = %s: told %s", name, value, told.text);
    free(told.text);
}

static void check_integer(const char *name, long long min, long long max)
{
    static const char *const bad[] = {"1.5",
                                      "1e1",
                                      "\"1\"",
                                      "true",
                                      "010",
                                      "{ a=1; }",
                                      "[ 1 ]",
                                      "\"\"",
                                      "99999999999999999999",
                                      "-99999999999999999999L"};
    const long long wrapped = 1LL << 32;
    const long long out[] = {min - 1,       max + 1,           wrapped + min,
                             wrapped + max, wrapped * 2 + max, min - wrapped,
                             2147483648,    -2147483649,       4294967295};
    char value[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        value_refused(name, bad[i]);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        snprintf(value, sizeof value, "%lld", out[i]);
        value_refused(name, value);
        snprintf(value, sizeof value, "%lldL", out[i]);
        value_refused(name, value);
        if (out[i] < 0)
            continue;
        snprintf(value, sizeof value, "0x%llX", (unsigned long long)out[i]);
        value_refused(name, value);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(value, sizeof value, "%lld", i ? max : min);
        value_accepted(name, value);
        snprintf(value, sizeof value, "%lldL", i ? max : min);
        value_accepted(name, value);
        if ((i ? max : min) < 0)
            continue;
        snprintf(value, sizeof value, "0x%llx", (unsigned long long)(i ? max : min));
        value_accepted(name, value);
    }
}

static void check_text(const char *name, int bytes_max)
{
    static const char *const bad[] = {"1",           "true",      "1.0",        "( \"a\" )",
                                      "\"a\\x00b\"", "\"a\\nb\"", "\"a\\x01\"", "\"\\xff\"",
                                      "\"\x01\"",    "\"a\x7f\"", "\"\xc3\"",   "\"a\nb\""};
    char value[1024];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        value_refused(name, bad[i]);
    memset(value, 'a', sizeof value);
    value[0] = '"';
    snprintf(value + bytes_max + 2, 2, "\"");
    value_refused(name, value);
}

static void check_row(const char *name, const char *meaning, void *context)
{
    (void)meaning;
    struct told told;
    char path[64];
    long long min, max;
    int bytes_max;
    assert_false(read_value(name, "( )", path, &told));
    const char *expected = strstr(told.text, "expected ");
    assert_non_null(expected);
    if (sscanf(expected, "expected a whole number from %lld to %lld", &min, &max) == 2) {
        check_integer(name, min, max);
    } else if (sscanf(expected, "expected a string of at most %d", &bytes_max) == 1) {
        check_text(name, bytes_max);
    } else {
        static const char *const bad[] = {"0", "1", "1.0", "\"true \"", "\"\"", "( true )"};
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
            value_refused(name, bad[i]);
    }
    free(told.text);
    ++*(int *)context;
}

static void test_every_setting_refuses_wrong_values(void **state)
{
    (void)state;
    int rows = 0;
    settings_each(check_row, &rows);
    assert_true(rows > 30);
}

/* Strings that the setting's type allows, but its meaning does not. */
static void test_meanings(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *bad[20], *good[10];
    } cases[] = {
        {"redis.address",
         {"\"redis://127.0.0.1:6379\"", "\"h:\"", "\"h:0\"", "\"h:65536\"", "\"h:6379x\"",
          "\"::1:6379\"", "\"[::1\"", "\"unix:\"", "\"unix:relative\"", "\"h h:1\"", "\":6379\""},
         {"\"\"", "\"h\"", "\"h:65535\"", "\"127.0.0.1:1\"", "\"[::1]:6379\"", "\"[::1]\"",
          "\"unix:/run/r.sock\""}},
        {"database.worker_conninfo",
         {"\"host=a bogus=1\"", "\"host='a\"", "\"nonsense\"", "\"host=a port=99999\"",
          "\"host=a,b,c port=1,2\"", "\"host=a target_session_attrs=writable\"",
          "\"postgresql://[::1\"", "\"sslmode=maybe\"", "\"service=none-such\"",
          "\"host=a connect_timeout=soon\"", "\"hostaddr=a\"",
          "\"host=a connect_timeout=99999999999\"", "\"keepalives_idle=99999999999999999999\"",
          "\"host=a target_session_attrs=standby\"", "\"host=a,b target_session_attrs=read-only\"",
          "\"postgresql://a,b/?target_session_attrs=prefer-standby\"",
          "\"host=a replication=database\""},
         {"\"\"", "\"host=a,b target_session_attrs=read-write dbname=x user=y\"",
          "\"postgresql://u@h1,h2:5433/db?target_session_attrs=primary\"",
          "\"hostaddr=127.0.0.1,::1 port=1\"", "\"host=/run/pg options='-c x=y'\"",
          "\"postgresql:///db?host=/run/pg&connect_timeout=2\""}},
        {"worker.listen", {"\":9000\"", "\"h:9000\""}, {"\"\"", "\"/run/1.sock\"", "\"1.sock\""}},
        {"http.allow_origin",
         {"\"null\"", "\"*\"", "\"shop.example\"", "\"https://Shop.example\"", "\"https://a/\"",
          "\"https://a:443\"", "\"https://a,https://b\"", "\"https://a null\""},
         {"\"\"", "\"  \"", "\"https://a\"", "\" https://a  http://b:8080 https://[::1] \""}},
        {"http.login_url",
         {"\"login\"", "\"//evil.example\"", "\"/\\\\evil.example\"", "\"javascript:alert(1)\"",
          "\"ftp://a\"", "\"https:a\"", "\"https://a b\"", "\" /login\"", "\"HTTPS://a\""},
         {"\"\"", "\"/\"", "\"/login\"", "\"/login?next=//x\"", "\"https://id.example/a?b#c\"",
          "\"http://localhost:1/\""}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (const char *const *bad = cases[i].bad; *bad; bad++)
            value_refused(cases[i].name, *bad);
        for (const char *const *good = cases[i].good; *good; good++)
            value_accepted(cases[i].name, *good);
    }
    value_refused("database.generator_conninfo", "\"host=a bogus=1\"");
}

static void test_a_password_is_not_shown(void **state)
{
    (void)state;
    struct told told;
    char path[64];
    static const char *const values[] = {"\"bogus=1 password=x7q\"", "\"postgresql://a:x7q@[::1\"",
                                         "\"postgresql://a:x7q@h/d?bogus=1\"",
                                         "\"password=x7q port=x\""};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_false(read_value("database.worker_conninfo", values[i], path, &told));
        assert_null(strstr(told.text, "x7q"));
        assert_non_null(strstr(told.text, ":3: database.worker_conninfo = "));
        free(told.text);
    }
}

static void test_twice(void **state)
{
    (void)state;
    static const char *const texts[] = {"sale: { hold_s = 1;\n\nhold_s = 2; };\n",
                                        "sale: { hold_s = 1; };\n\nsale: { hold_s = 2; };\n"};
    for (size_t i = 0; i < 2; i++) {
        struct settings settings;
        struct told told;
        char path[64];
        settings_default(&settings);
        assert_false(read_text(&settings, texts[i], path, &told));
        assert_non_null(strstr(told.text, ":3: "));
        free(told.text);
    }
}

static void test_every_mistake_is_reported(void **state)
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
    assert_string_equal(told.text,
                        "/nonexistent/flashsale.conf: cannot be read: No such file or directory\n");
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
        {"worker.kept_connections_max=3",
         "-o: worker.kept_connections_max: there is no such setting: it is "
         "worker.keepalive_connections_max now\n"},
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

/* A text that just fits its member, and one that is a byte too long. */
static void test_text_bounds(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char assignment[256] = "worker.listen=";
    size_t name_length = strlen(assignment);
    size_t size = sizeof settings.worker.listen;
    settings_default(&settings);
    memset(assignment + name_length, 'a', size - 1);
    assert_true(settings_override(&settings, assignment, stderr));
    assert_string_equal(settings.worker.listen, assignment + name_length);

    assignment[name_length + size - 1] = 'a';
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

    settings.worker.connections_max = settings.worker.keepalive_connections_max;
    settings.sale.duration_s = 10;
    settings.sale.hold_s = 11;
    told_open(&told);
    assert_false(settings_check(&settings, told.stream));
    told_close(&told);
    assert_non_null(strstr(told.text, "worker.connections_max = 512: expected more than"));
    assert_non_null(strstr(told.text, "sale.hold_s = 11: expected no more than"));
    assert_non_null(strstr(told.text, "sale.sales_ahead = 1: expected 360 or more with "));
    free(told.text);

    settings.worker.connections_max++;
    settings.sale.hold_s = 10;
    settings.sale.sales_ahead = 360;
    assert_true(settings_check(&settings, stderr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conf_names_every_setting),
                                       cmocka_unit_test(test_conf_has_the_defaults),
                                       cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_file_over_defaults),
                                       cmocka_unit_test(test_file_refused),
                                       cmocka_unit_test(test_sales_last_until_the_next_run),
                                       cmocka_unit_test(test_every_setting_refuses_wrong_values),
                                       cmocka_unit_test(test_meanings),
                                       cmocka_unit_test(test_a_password_is_not_shown),
                                       cmocka_unit_test(test_twice),
                                       cmocka_unit_test(test_every_mistake_is_reported),
                                       cmocka_unit_test(test_file_missing),
                                       cmocka_unit_test(test_override),
                                       cmocka_unit_test(test_override_refused),
                                       cmocka_unit_test(test_text_bounds),
                                       cmocka_unit_test(test_check)};
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
