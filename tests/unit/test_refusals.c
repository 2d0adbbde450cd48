/* Which sale a batcher takes a checkout to mean, and what it then knows of it. */
#include <string.h>

#include "fcgi/metric_labels.h"
#include "fcgi/sale/refusals.h"
#include "unit.h"

enum { OLDER = 17, NEWEST = 18, OTHER = 19 };

#define OLDER_MADE  INT64_C(1790000000000000)
#define NEWEST_MADE (OLDER_MADE + 1)

static struct settings settings; /* without Redis */
static struct metrics *metrics;
static struct refusals refusals;

static int begin(void **state)
{
    (void)state;
    settings_default(&settings);
    metrics = metrics_open("", &metric_labels);
    refusals = (struct refusals){.cache = refusal_cache_new(metrics)};
    refusals.share = redis_share_start(&settings, refusals.cache, metrics, 1);
    return refusals.share ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    redis_share_stop(refusals.share);
    refusal_cache_free(refusals.cache);
    metrics_close(metrics);
    return 0;
}

/* A checkout by `user` of an item of the sale that is named, 0: none is. */
static struct job job(int32_t sale_id, int32_t number, const char *user)
{
    return (struct job){.checkout = {.user = {user, strlen(user)}, .item = {sale_id, number}}};
}

/* It was decided, by that sale. */
static void meet(struct job met, enum outcome outcome, int32_t sale_id, int64_t made_us)
{
    met.decision.outcome = outcome;
    met.decision.code.sale_id = sale_id;
    refusals_meet_sale(&refusals, &met, made_us);
}

static void learn(enum outcome outcome, int64_t made_us, int32_t number, const char *user)
{
    struct decision decision = {.outcome = outcome, .expires_us = 50};
    decision.code.number = number;
    refusals_learn(&refusals, refusal_of(outcome), made_us, &decision,
                   (struct span){user, strlen(user)});
}

static void assert_known(int32_t sale_id, int32_t number, const char *user, enum refusal_kind kind,
                         int64_t made_us)
{
    struct known known;
    const struct job asked = job(sale_id, number, user);
    refusals_look_up(&refusals, &asked, &known);
    assert_int_equal(known.kind, kind);
    assert_int_equal(known.made_us, made_us);
    assert_int_equal(known.until_us, kind == REFUSAL_HELD ? 50 : INT64_MAX);
}

static void test_sales(void **state)
{
    (void)state;
    learn(OUTCOME_SOLD, NEWEST_MADE, 1, "");
    learn(OUTCOME_HELD, OLDER_MADE, 1, "amy");
    /* Not before it was met. */
    assert_known(0, 1, "bob", REFUSAL_NONE, 0);
    assert_known(OLDER, 1, "bob", REFUSAL_NONE, 0);

    meet(job(0, 0, "amy"), OUTCOME_ACCEPTED, NEWEST, NEWEST_MADE);
    assert_known(0, 1, "bob", REFUSAL_SOLD, NEWEST_MADE);
    assert_known(NEWEST, 1, "bob", REFUSAL_SOLD, NEWEST_MADE);
    assert_known(OLDER, 1, "bob", REFUSAL_NONE, 0);

    meet(job(OLDER, 1, "bob"), OUTCOME_HELD, OLDER, OLDER_MADE);
    assert_known(OLDER, 1, "bob", REFUSAL_HELD, OLDER_MADE);
    assert_known(OLDER, 1, "amy", REFUSAL_NONE, OLDER_MADE);
    assert_known(0, 1, "bob", REFUSAL_SOLD, NEWEST_MADE);
    assert_known(0, 2, "bob", REFUSAL_NONE, NEWEST_MADE);
    assert_known(0, -1, "bob", REFUSAL_NONE, NEWEST_MADE);
}

/* A refusal that another sale gave says nothing of the one that was named. */
static void test_named_and_not_open(void **state)
{
    (void)state;
    meet(job(0, 0, "amy"), OUTCOME_ACCEPTED, NEWEST, NEWEST_MADE);
    meet(job(OTHER, 1, "bob"), OUTCOME_SALE_CLOSED, OTHER, NEWEST_MADE);
    meet(job(OTHER, 1, "bob"), OUTCOME_UNKNOWN_ITEM, OTHER, NEWEST_MADE);
    learn(OUTCOME_SOLD, NEWEST_MADE, 1, "");
    assert_known(OTHER, 1, "bob", REFUSAL_NONE, 0);
    /* None is open. */
    meet(job(0, 0, "amy"), OUTCOME_SALE_CLOSED, 0, 0);
    assert_known(0, 1, "bob", REFUSAL_NONE, 0);
}

/* The number of a sale that another database had: now it means the one that decides. */
static void test_same_number(void **state)
{
    (void)state;
    meet(job(0, 0, "amy"), OUTCOME_ACCEPTED, NEWEST, OLDER_MADE);
    learn(OUTCOME_USER_LIMIT, OLDER_MADE, 0, "amy");
    assert_known(NEWEST, 0, "amy", REFUSAL_USER_LIMIT, OLDER_MADE);
    meet(job(0, 0, "amy"), OUTCOME_ACCEPTED, NEWEST, NEWEST_MADE);
    assert_known(NEWEST, 0, "amy", REFUSAL_NONE, NEWEST_MADE);
    assert_known(0, 0, "amy", REFUSAL_NONE, NEWEST_MADE);
}

/* The number of a sale and that it is sold out are known of as many sales; one more, and the one
 * met longest ago is forgotten. */
static void test_many(void **state)
{
    (void)state;
    enum { LAST = REFUSAL_CACHE_SALES + 1 };
    for (int32_t sale_id = 1; sale_id <= LAST; sale_id++) {
        for (int32_t met = 1; sale_id == LAST && met < LAST; met++)
            assert_known(met, 1, "bob", REFUSAL_SOLD_OUT, OLDER_MADE + met);
        meet(job(sale_id, 1, "bob"), OUTCOME_SOLD_OUT, sale_id, OLDER_MADE + sale_id);
        learn(OUTCOME_SOLD_OUT, OLDER_MADE + sale_id, 1, "bob");
        usleep(2000); /* the clock has milliseconds */
    }
    assert_known(1, 1, "bob", REFUSAL_NONE, 0);
    for (int32_t met = 2; met <= LAST; met++)
        assert_known(met, 1, "bob", REFUSAL_SOLD_OUT, OLDER_MADE + met);
}

/* What cannot be is not kept: an item without a number, a sale without a time. */
static void test_nothing_to_learn(void **state)
{
    (void)state;
    meet(job(0, 0, "amy"), OUTCOME_ACCEPTED, NEWEST, NEWEST_MADE);
    learn(OUTCOME_SOLD, NEWEST_MADE, 0, "");
    learn(OUTCOME_SOLD, 0, 1, "");
    learn(OUTCOME_ACCEPTED, NEWEST_MADE, 1, "");
    learn(OUTCOME_UNAVAILABLE, NEWEST_MADE, 1, "amy");
    assert_known(0, 1, "bob", REFUSAL_NONE, NEWEST_MADE);
    assert_known(0, 0, "amy", REFUSAL_NONE, NEWEST_MADE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sales, begin, end),
        cmocka_unit_test_setup_teardown(test_named_and_not_open, begin, end),
        cmocka_unit_test_setup_teardown(test_same_number, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_to_learn, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
