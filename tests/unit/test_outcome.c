/* The closed list of outcomes: whole, and the same as the database's. */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/api/outcome.h"

static void test_every_outcome_is_told(void **state)
{
    (void)state;
    static struct settings settings;
    settings_default(&settings);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct outcome_text *text = outcome_text((enum outcome)i);
        assert_non_null(text->name);
        assert_true(strlen(text->title) > 0);
        assert_true(strlen(text->detail) > 0);
        assert_int_equal(outcome_named(text->name, strlen(text->name)), i);
        int status = outcome_status((enum outcome)i, &settings);
        assert_true(status >= 200 && status < 600);
        if (status != 200)
            assert_true(strlen(text->error) > 0);
    }
    assert_int_equal(outcome_named("hel", 3), OUTCOME_COUNT);
    assert_int_equal(outcome_named("heldx", 5), OUTCOME_COUNT);
}

static void test_statuses_are_settings(void **state)
{
    (void)state;
    static struct settings settings;
    settings_default(&settings);
    settings.http.status_unavailable = 409;
    settings.http.status_limit = 403;
    settings.http.status_unknown_code = 400;
    assert_int_equal(outcome_status(OUTCOME_HELD, &settings), 409);
    assert_int_equal(outcome_status(OUTCOME_SOLD, &settings), 409);
    assert_int_equal(outcome_status(OUTCOME_SOLD_OUT, &settings), 409);
    assert_int_equal(outcome_status(OUTCOME_SALE_CLOSED, &settings), 409);
    assert_int_equal(outcome_status(OUTCOME_USER_LIMIT, &settings), 403);
    assert_int_equal(outcome_status(OUTCOME_UNKNOWN_CODE, &settings), 400);
    assert_int_equal(outcome_status(OUTCOME_UNKNOWN_ITEM, &settings), 404);
}

/* The labels of the enum in sql/deploy/schema.sql are the first outcomes, in the same order. */
static void test_like_the_database(void **state)
{
    (void)state;
    FILE *file = fopen("sql/deploy/schema.sql", "r");
    assert_non_null(file);
    char line[256];
    bool is_inside = false;
    int labels = 0;
    while (fgets(line, sizeof line, file)) {
        if (strstr(line, "CREATE TYPE flashsale.outcome"))
            is_inside = true;
        else if (is_inside && strncmp(line, ");", 2) == 0)
            break;
        else if (is_inside && strchr(line, '\'')) {
            char *label = strchr(line, '\'') + 1;
            label[strcspn(label, "'")] = '\0';
            assert_int_equal(outcome_named(label, strlen(label)), labels);
            labels++;
        }
    }
    fclose(file);
    assert_int_equal(labels, OUTCOME_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_outcome_is_told),
                                       cmocka_unit_test(test_statuses_are_settings),
                                       cmocka_unit_test(test_like_the_database)};
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
