/* The closed list of outcomes: whole, and the same as the database's. */

#include "unit.h"

#include <string.h>

#include "fcgi/store/outcome.h"

static void test_names_lead_back(void **state)
{
    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);
        assert_non_null(name);
        assert_int_equal(outcome_named(name, strlen(name)), i);
    }
    assert_int_equal(outcome_named("hel", 3), OUTCOME_COUNT);
    assert_int_equal(outcome_named("heldx", 5), OUTCOME_COUNT);
    assert_int_equal(outcome_named("", 0), OUTCOME_COUNT);
}

/* The labels of the enum in sql/deploy/schema.sql are the outcomes, in the same order, but for the
 * one that it never decides. */
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
    assert_int_equal(labels, OUTCOME_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_lead_back),
                                       cmocka_unit_test(test_like_the_database)};
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
