/* Problems: complete, with unique names, and with the statuses that settings choose. */

#include "unit.h"

#include <string.h>

#include "fcgi/api/outcome_problem.h"
#include "fcgi/http/status.h"

static struct settings settings;

static int set_defaults(void **state)
{
    (void)state;
    settings_default(&settings);
    return 0;
}

static int status(enum outcome outcome)
{
    return outcome_problem(outcome, &settings).status;
}

/* No text is missing, and its name finds it. */
static void expect_complete(const struct problem *problem)
{
    struct problem found;
    assert_true(problem_named(problem->name, strlen(problem->name), &settings, &found));
    assert_string_equal(found.name, problem->name);
    assert_string_equal(found.title, problem->title);
    assert_string_equal(found.detail, problem->detail);
    assert_string_equal(found.error, problem->error);
    assert_int_equal(found.status, problem->status);
    assert_true(strlen(problem->title) > 0 && strlen(problem->detail) > 0);
    assert_true(strlen(problem->error) > 0);
    assert_true(problem->status >= 400 && problem->status < 600);
    assert_int_equal(http_status_at(http_status_row(problem->status))->code, problem->status);
}

static void test_every_problem_is_complete(void **state)
{
    (void)state;
    for (int i = 0; problem_at(i); i++)
        expect_complete(problem_at(i));
    int refusals = 0;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!outcome_is_refusal((enum outcome)i))
            continue;
        const struct problem problem = outcome_problem((enum outcome)i, &settings);
        assert_string_equal(problem.name, outcome_name((enum outcome)i));
        expect_complete(&problem);
        refusals++;
    }
    assert_int_equal(refusals, OUTCOME_COUNT - 3); /* accepted, repeated, purchased */
}

static void test_only_refusals_are_problems(void **state)
{
    (void)state;
    static const char *const names[] = {"accepted", "repeated", "purchased", "hel", "heldx", ""};
    struct problem problem;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (problem_named(names[i], strlen(names[i]), &settings, &problem))
            fail_msg("\"%s\" is a problem", names[i]);
    assert_false(outcome_is_refusal(OUTCOME_ACCEPTED));
    assert_false(outcome_is_refusal(OUTCOME_REPEATED));
    assert_false(outcome_is_refusal(OUTCOME_PURCHASED));
}

static void test_statuses_are_settings(void **state)
{
    (void)state;
    settings.http.status_unavailable = 409;
    settings.http.status_limit = 403;
    settings.http.status_unknown_code = 400;
    assert_int_equal(status(OUTCOME_HELD), 409);
    assert_int_equal(status(OUTCOME_SOLD), 409);
    assert_int_equal(status(OUTCOME_SOLD_OUT), 409);
    assert_int_equal(status(OUTCOME_SALE_CLOSED), 409);
    assert_int_equal(status(OUTCOME_USER_LIMIT), 403);
    assert_int_equal(status(OUTCOME_UNKNOWN_CODE), 400);
    assert_int_equal(status(OUTCOME_UNKNOWN_ITEM), 404);
    assert_int_equal(status(OUTCOME_UNAVAILABLE), 503);
}

/* One row for each status, in order; the last row is for any other. */
static void test_one_table_of_statuses(void **state)
{
    (void)state;
    int rows = 0, before = 0;
    for (; http_status_at(rows); rows++) {
        const struct http_status *row = http_status_at(rows);
        assert_int_equal(http_status_row(row->code), rows);
        assert_true(strlen(row->phrase) > 0);
        if (row->code == 0)
            continue;
        char name[16];
        snprintf(name, sizeof name, "%d", row->code);
        assert_string_equal(row->name, name);
        assert_true(row->code > before);
        before = row->code;
    }
    assert_int_equal(http_status_row(418), rows - 1);
    assert_string_equal(http_status_at(rows - 1)->name, "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_problem_is_complete, set_defaults),
        cmocka_unit_test_setup(test_only_refusals_are_problems, set_defaults),
        cmocka_unit_test_setup(test_statuses_are_settings, set_defaults),
        cmocka_unit_test(test_one_table_of_statuses)};
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
