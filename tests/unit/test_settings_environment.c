/* Settings from the environment: each has a variable, and what is refused with which words. */

#include "unit.h"

#include <ctype.h>
#include <libconfig.h>

#include "settings.h"

/* The variable of a setting, with a value: "FLASHSALE_SALE_HOLD_S=" and "2" of "sale.hold_s". */
static void write_variable(const char *name, const char *value, char *variable, size_t size)
{
    int length = snprintf(variable, size, "FLASHSALE_%s", name);
    for (int i = 0; i < length; i++)
        variable[i] = (char)(variable[i] == '.' ? '_' : toupper((unsigned char)variable[i]));
    snprintf(variable + length, size - (size_t)length, "=%s", value);
}

static bool read_variables(struct settings *settings, char *const *environment, int expected,
                           struct told *told)
{
    int count;
    told_open(told);
    bool good = settings_environment(settings, environment, &count, told->stream);
    told_close(told);
    assert_int_equal(count, expected);
    return good;
}

static void variable_refused(const char *name, const char *value, const char *expected)
{
    struct settings settings;
    struct told told;
    char variable[1024], origin[160];
    char *environment[] = {"HOME=/", variable, "FLASHSALE_SALE_ITEMS_PER_SALE=7", NULL};
    settings_default(&settings);
    write_variable(name, value, variable, sizeof variable);
    snprintf(origin, sizeof origin, "%.*s: %s = ", (int)strcspn(variable, "="), variable, name);
    if (read_variables(&settings, environment, 1, &told))
        fail_msg("%s is taken", variable);
    if (strncmp(told.text, origin, strlen(origin)) != 0 || !strstr(told.text, expected))
        fail_msg("%s: expected %s, told %s", variable, expected, told.text);
    assert_ptr_equal(strchr(told.text, '\n'), told.text + told.length - 1);
    assert_int_equal(settings.sale.items_per_sale, 7);
    free(told.text);
}

/* Each of `words`, as a refusal lists them, in either case. */
static void words_taken(const char *name, const char *words)
{
    char word[32], variable[128];
    int length, count = 0;
    while (sscanf(words, "%*[^\"]\"%31[^\"]\"%n", word, &length) == 1) {
        for (int way = 0; way < 3; way++) {
            struct settings settings;
            struct told told;
            char *environment[] = {variable, NULL};
            for (char *letter = word; *letter; letter++)
                *letter = (char)(way == 0 || (way == 1 && letter != word)
                                     ? tolower((unsigned char)*letter)
                                     : toupper((unsigned char)*letter));
            settings_default(&settings);
            write_variable(name, word, variable, sizeof variable);
            if (!read_variables(&settings, environment, 1, &told))
                fail_msg("%s: %s", variable, told.text);
            free(told.text);
            char value[40];
            snprintf(value, sizeof value, "\"%s\"", word);
            value_taken(name, value);
        }
        words += length;
        count++;
    }
    assert_true(count >= 2);
}

static void check_variable(const char *name, const char *meaning, void *context)
{
    (void)meaning;
    struct told told;
    char path[64];
    int bound;
    assert_false(read_value(name, "( )", path, &told));
    const char *expected = strstr(told.text, "expected ");
    assert_non_null(expected);
    variable_refused(name, "\x01", "text with other bytes");
    if (sscanf(expected, "expected a whole number from %d", &bound) == 1) {
        variable_refused(name, "", "a whole number");
        variable_refused(name, "9999999999", "a whole number");
        variable_refused(name, "1s", "a whole number");
    } else if (sscanf(expected, "expected a string of at most %d", &bound) == 1) {
        char text[1024];
        memset(text, 'a', sizeof text);
        text[bound + 1] = '\0';
        variable_refused(name, text, "a string of at most");
    } else if (strncmp(expected, "expected true or false", 22) == 0) {
        variable_refused(name, "", "true or false");
        variable_refused(name, "yes", "true or false");
    } else {
        variable_refused(name, "", "expected \"");
        words_taken(name, expected);
    }
    free(told.text);
    ++*(int *)context;
}

static void test_every_setting_has_a_variable(void **state)
{
    (void)state;
    int rows = 0;
    settings_each(check_variable, &rows);
    assert_true(rows > 30);
}

struct shown {
    config_t config;
    char variables[64][640];
    int count;
};

static void show_variable(const char *name, const char *meaning, void *context)
{
    (void)meaning;
    struct shown *shown = context;
    char number[16];
    const char *value = number;
    const config_setting_t *node = config_lookup(&shown->config, name);
    assert_non_null(node);
    assert_true(shown->count < 63);
    switch (config_setting_type(node)) {
    case CONFIG_TYPE_STRING:
        value = config_setting_get_string(node);
        break;
    case CONFIG_TYPE_BOOL:
        value = config_setting_get_bool(node) ? "TRUE" : "False";
        break;
    default:
        snprintf(number, sizeof number, "%d", config_setting_get_int(node));
    }
    write_variable(name, value, shown->variables[shown->count++], sizeof shown->variables[0]);
}

/* All that the file says, said by variables: read over nothing at all, it gives the same. No two
   settings have the same variable, or one of them would be nothing. */
static void test_variables_say_what_the_file_says(void **state)
{
    (void)state;
    static struct shown shown;
    struct settings expected, settings;
    struct told told;
    char *environment[64] = {NULL};
    config_init(&shown.config);
    assert_int_equal(config_read_file(&shown.config, CONF), CONFIG_TRUE);
    settings_each(show_variable, &shown);
    for (int i = 0; i < shown.count; i++)
        environment[i] = shown.variables[i];
    settings_default(&expected);
    memset(&settings, 0, sizeof settings);
    assert_true(read_variables(&settings, environment, shown.count, &told));
    assert_string_equal(told.text, "");
    assert_memory_equal(&settings, &expected, sizeof settings);
    free(told.text);
    config_destroy(&shown.config);
}

static void test_an_empty_text_is_one(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char *environment[] = {"FLASHSALE_METRICS_FILE=", "FLASHSALE_LOG_LEVEL=Debug", NULL};
    settings_default(&settings);
    assert_true(read_variables(&settings, environment, 2, &told));
    assert_string_equal(settings.metrics.file, "");
    assert_int_equal(settings.log.level, LOG_LEVEL_DEBUG);
    free(told.text);
}

static void test_unknown_variables(void **state)
{
    (void)state;
    static const struct {
        char *variable;
        const char *told; /* NULL: it is none of ours */
    } cases[] = {{"FLASHSALE_SALE_HOLD=3", "FLASHSALE_SALE_HOLD: there is no such setting"},
                 {"FLASHSALE_LANE_GATHER_US_MAX=3",
                  "FLASHSALE_LANE_GATHER_US_MAX: there is no such setting: "
                  "lane.gather_us_max is batch.linger_us_max now"},
                 {"FLASHSALE_SALE_HOLD_S_=3", "FLASHSALE_SALE_HOLD_S_: there is no such setting"},
                 {"FLASHSALE_sale_hold_s=3", "FLASHSALE_sale_hold_s: there is no such setting"},
                 {"FLASHSALE_sale.hold_s=3", "FLASHSALE_sale.hold_s: there is no such setting"},
                 {"FLASHSALE_=", "FLASHSALE_: there is no such setting"},
                 {"FLASHSALE_PORT=tcp://10.0.0.1:80", "FLASHSALE_PORT: there is no such setting"},
                 {"FLASHSALE_\x1b[2J=1", "a variable whose name has other bytes: there is no"},
                 {"FLASHSALE=1", NULL},
                 {"flashsale_sale_hold_s=0", NULL},
                 {"FLASHSALE_SALE_HOLD_S", NULL},
                 {"MY_FLASHSALE_SALE_HOLD=1", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings, expected;
        struct told told;
        char *environment[] = {cases[i].variable, NULL};
        settings_default(&settings);
        settings_default(&expected);
        assert_int_equal(read_variables(&settings, environment, 0, &told), !cases[i].told);
        const char *expected_told = cases[i].told ? cases[i].told : "";
        if (strncmp(told.text, expected_told, strlen(expected_told)) != 0 ||
            (!cases[i].told && told.text[0] != '\0'))
            fail_msg("%s: told %s", cases[i].variable, told.text);
        assert_memory_equal(&settings, &expected, sizeof settings);
        free(told.text);
    }
}

/* A password in a variable is told as little as one in the file. */
static void test_a_variables_password_is_not_told(void **state)
{
    (void)state;
    struct settings settings;
    struct told told;
    char *environment[] = {"FLASHSALE_DATABASE_WORKER_CONNINFO=bogus=1 password=x7q",
                           "FLASHSALE_DATABASE_PASSWORD=x7q", NULL};
    settings_default(&settings);
    assert_false(read_variables(&settings, environment, 0, &told));
    assert_null(strstr(told.text, "x7q"));
    assert_non_null(strstr(told.text, "FLASHSALE_DATABASE_WORKER_CONNINFO: database.worker_con"));
    assert_non_null(strstr(told.text, "FLASHSALE_DATABASE_PASSWORD: there is no such setting"));
    free(told.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_setting_has_a_variable),
                                       cmocka_unit_test(test_variables_say_what_the_file_says),
                                       cmocka_unit_test(test_an_empty_text_is_one),
                                       cmocka_unit_test(test_unknown_variables),
                                       cmocka_unit_test(test_a_variables_password_is_not_told)};
    return cmocka_run_group_tests_name("settings_environment", tests, NULL, NULL);
}
