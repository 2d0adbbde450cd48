/* What the generator's options make of a run. */

#include "unit.h"

#include <string.h>

#include "generator/task.h"

static struct task task;

static bool read_task(struct task_options given, const char *expected_word)
{
    char told[256] = "";
    FILE *errors = fmemopen(told, sizeof told, "w");
    assert_non_null(errors);
    bool good = task_read(&given, "generator", &task, errors);
    fclose(errors);
    assert_int_equal(good, told[0] == '\0');
    if (!good) {
        assert_non_null(strstr(told, "generator: "));
        assert_non_null(strstr(told, expected_word));
    }
    return good;
}

static void test_tasks(void **state)
{
    (void)state;
    assert_true(read_task((struct task_options){0}, ""));
    assert_int_equal(task.kind, TASK_GENERATE);
    assert_false(task.is_json);
    assert_true(read_task((struct task_options){.list = "list", .json = "json"}, ""));
    assert_int_equal(task.kind, TASK_LIST);
    assert_true(task.is_json);
    assert_true(read_task((struct task_options){.dry_run = "dry-run"}, ""));
    assert_int_equal(task.kind, TASK_DRY_RUN);
    assert_false(task.is_json);
    assert_true(read_task((struct task_options){.audit = "2147483647"}, ""));
    assert_int_equal(task.kind, TASK_AUDIT);
    assert_int_equal(task.sale_id, INT32_MAX);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    static const struct task_options both[] = {
        {.list = "list", .audit = "1"},
        {.list = "list", .dry_run = "dry-run"},
        {.audit = "1", .dry_run = "dry-run", .json = "json"},
        {.list = "list", .audit = "1", .dry_run = "dry-run"}};
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        assert_false(read_task(both[i], "one of them"));
    assert_false(read_task((struct task_options){.json = "json"}, "--json"));
}

static void test_no_sale(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",   "0",          "-1",  "+",
                                        "1x", "x",          "1.5", "17-4711",
                                        " ",  "2147483648", "0x1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(read_task((struct task_options){.audit = wrong[i]}, "--audit"));
}

static void test_each_option_has_its_place(void **state)
{
    (void)state;
    struct task_options given;
    struct options_own own[TASK_OPTIONS + 1];
    task_options_own(&given, own);
    for (int i = 0; i < TASK_OPTIONS; i++) {
        assert_null(*own[i].given);
        *own[i].given = own[i].name;
        /* The notes say what the option prints. */
        if (strcmp(own[i].name, "json") != 0) {
            char word[32];
            snprintf(word, sizeof word, "  --%s ", own[i].name);
            assert_non_null(strstr(task_notes, word));
        }
    }
    assert_null(own[TASK_OPTIONS].name);
    assert_string_equal(given.list, "list");
    assert_string_equal(given.audit, "audit");
    assert_string_equal(given.dry_run, "dry-run");
    assert_string_equal(given.json, "json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks), cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_no_sale), cmocka_unit_test(test_each_option_has_its_place)};
    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
