/* A batch must get exactly as many elements as were announced. */

#include "unit.h"

#include <stdlib.h>

#include "common/settings.h"
#include "fcgi/store/checkout_statement.h"
#include "fcgi/store/purchase_statement.h"

static const uint8_t secret[SECRET_BYTES] = {1, 2, 3};
static struct checkout_statement *checkouts;
static struct purchase_statement *purchases;

static void add_checkouts(int count)
{
    const struct checkout_element element = {
        .user = {"amy", 3}, .secret = secret, .known_until_us = INT64_MAX};
    for (int i = 0; i < count; i++)
        checkout_statement_add(checkouts, &element);
}

static void add_purchases(int count)
{
    for (int i = 0; i < count; i++)
        purchase_statement_add(purchases, 1, 47, secret);
}

static void ask_too_many_checkouts(void)
{
    checkout_statement_begin(checkouts, 2);
    add_checkouts(3);
}

static void ask_too_many_purchases(void)
{
    purchase_statement_begin(purchases, 2);
    add_purchases(3);
}

/* The statement must not be sent. */
static struct database *no_database;

static void ask_too_few_checkouts(void)
{
    checkout_statement_begin(checkouts, 2);
    add_checkouts(1);
    if (checkout_statement_call(checkouts, no_database))
        abort();
}

static void ask_too_few_purchases(void)
{
    purchase_statement_begin(purchases, 2);
    add_purchases(1);
    if (purchase_statement_call(purchases, no_database))
        abort();
}

static void test_too_many(void **state)
{
    (void)state;
    static const char condition[] = "statement->added < statement->count";
    assert_true(check_says(ask_too_many_checkouts, condition));
    assert_true(check_stops(ask_too_many_checkouts));
    assert_true(check_says(ask_too_many_purchases, condition));
    assert_true(check_stops(ask_too_many_purchases));
}

static void test_too_few(void **state)
{
    (void)state;
    static const char condition[] = "statement->added == statement->count";
    assert_true(check_says(ask_too_few_checkouts, condition));
    assert_true(check_stops(ask_too_few_checkouts));
    assert_true(check_says(ask_too_few_purchases, condition));
    assert_true(check_stops(ask_too_few_purchases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_too_many),
                                       cmocka_unit_test(test_too_few)};
    struct settings settings;
    settings_default(&settings);
    log_open("unit", LOG_LEVEL_INFO);
    checkouts = checkout_statement_new(&settings, false);
    purchases = purchase_statement_new(&settings);
    if (!checkouts || !purchases)
        return EXIT_FAILURE;
    int failed = cmocka_run_group_tests_name("statement", tests, NULL, NULL);
    checkout_statement_free(checkouts);
    purchase_statement_free(purchases);
    return failed;
}
