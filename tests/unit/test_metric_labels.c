/* What the worker hands in for its metrics: the lists of their owners, row by row. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/http/reply.h"
#include "fcgi/metric_labels.h"
#include "fcgi/metrics/metrics_page.h"
#include "fcgi/sale/redis_share.h"
#include "fcgi/sale/refusal_cache.h"

static int rows_of(enum metric_list list)
{
    int rows = 0;
    while (metric_labels.values[list](rows))
        rows++;
    return rows;
}

static void assert_row(enum metric_list list, int row, const char *expected)
{
    assert_in_range(row, 0, rows_of(list) - 1);
    assert_string_equal(metric_labels.values[list](row), expected);
}

/* Every list is there, and says something else in each row that needs no escaping on the page. */
static void test_lists(void **state)
{
    (void)state;
    for (int i = METRIC_NO_LIST + 1; i < METRIC_LISTS; i++) {
        enum metric_list list = (enum metric_list)i;
        assert_non_null(metric_labels.values[list]);
        assert_true(rows_of(list) > 1);
        for (int row = 0; row < rows_of(list); row++) {
            const char *value = metric_labels.values[list](row);
            assert_true(*value);
            assert_null(strpbrk(value, "\"\\\n"));
            for (int other = 0; other < row; other++)
                assert_string_not_equal(value, metric_labels.values[list](other));
        }
    }
}

static void test_routes(void **state)
{
    (void)state;
    int count = 0;
    for (; route_at(count); count++) {
        const struct route *route = route_at(count);
        assert_int_equal(route_row(route), count);
        assert_row(METRIC_ROUTES, count, route->name);
        assert_row(METRIC_GROUPS, group_row(route),
                   route->submit ? job_kind_name(route->kind) : "read");
    }
    assert_int_equal(route_row(NULL), count);
    assert_row(METRIC_ROUTES, route_row(NULL), "other");
    assert_int_equal(rows_of(METRIC_ROUTES), count + 1);
    assert_row(METRIC_GROUPS, group_row(NULL), "other");
}

static void test_statuses(void **state)
{
    (void)state;
    assert_row(METRIC_STATUSES, status_row(200), "200");
    assert_row(METRIC_STATUSES, status_row(429), "429");
    assert_row(METRIC_STATUSES, status_row(418), "other");
    assert_row(METRIC_STATUSES, status_row(0), "other");
}

/* An owner's enum is the row. */
static void test_owners(void **state)
{
    (void)state;
    for (int kind = 0; kind < JOB_KINDS; kind++) {
        assert_row(METRIC_KINDS, kind, job_kind_name((enum job_kind)kind));
        /* These begin as the kinds do. */
        assert_row(METRIC_GROUPS, kind, job_kind_name((enum job_kind)kind));
        assert_row(METRIC_ROLES, kind, job_kind_name((enum job_kind)kind));
        assert_row(METRIC_QUEUES, kind, job_kind_name((enum job_kind)kind));
    }
    assert_int_equal(rows_of(METRIC_KINDS), JOB_KINDS);
    assert_row(METRIC_KINDS, JOB_CHECKOUT, "checkout");
    assert_row(METRIC_KINDS, JOB_PURCHASE, "purchase");
    assert_row(METRIC_ROLES, ROLE_REQUEST, "request");
    assert_row(METRIC_ROLES, ROLE_READ, "read");
    assert_row(METRIC_QUEUES, QUEUE_READ, "read");
    assert_row(METRIC_CONNECTION_STATES, CONNECTION_IDLE, "idle");
    assert_row(METRIC_CONNECTION_STATES, CONNECTION_IN_FLIGHT, "in_flight");

    assert_row(METRIC_OUTCOMES, OUTCOME_SOLD_OUT, "sold_out");
    assert_row(METRIC_OUTCOMES, OUTCOME_UNAVAILABLE, "unavailable");
    assert_int_equal(rows_of(METRIC_OUTCOMES), OUTCOME_COUNT);
    assert_row(METRIC_REFUSAL_KINDS, REFUSAL_NONE, "none");
    assert_row(METRIC_REFUSAL_KINDS, REFUSAL_SOLD, "sold");
    assert_row(METRIC_REFUSAL_KINDS, REFUSAL_HELD, "held");
    assert_row(METRIC_REFUSAL_KINDS, REFUSAL_USER_LIMIT, "user_limit");
    assert_row(METRIC_REFUSAL_KINDS, REFUSAL_SOLD_OUT, "sold_out");
    assert_int_equal(rows_of(METRIC_REFUSAL_KINDS), REFUSAL_KINDS);
    assert_row(METRIC_REFUSAL_SOURCES, REFUSAL_OF_BATCH, "batch");
    assert_row(METRIC_REFUSAL_SOURCES, REFUSAL_OF_REDIS, "redis");
    assert_int_equal(rows_of(METRIC_REFUSAL_SOURCES), REFUSAL_SOURCES);
    assert_row(METRIC_REDIS_STATES, REDIS_STATE_OFF, "off");
    assert_row(METRIC_REDIS_STATES, REDIS_STATE_OK, "ok");
    assert_row(METRIC_REDIS_STATES, REDIS_STATE_DOWN, "down");
    assert_int_equal(rows_of(METRIC_REDIS_STATES), REDIS_STATES);
}

static bool is_shown(enum metric metric, int first, int second)
{
    return metric_labels.is_shown[metric](first, second);
}

static void test_what_is_shown(void **state)
{
    (void)state;
    assert_true(is_shown(METRIC_REQUESTS, 0, status_row(200)));
    assert_true(is_shown(METRIC_REQUESTS, route_row(NULL), status_row(503)));
    assert_false(is_shown(METRIC_REQUESTS, 0, status_row(409)));
    assert_false(is_shown(METRIC_REQUESTS, 0, status_row(0)));
    assert_true(is_shown(METRIC_DECISIONS, JOB_CHECKOUT, OUTCOME_ACCEPTED));
    assert_true(is_shown(METRIC_DECISIONS, JOB_PURCHASE, OUTCOME_PURCHASED));
    assert_false(is_shown(METRIC_DECISIONS, JOB_CHECKOUT, OUTCOME_PURCHASED));
    assert_false(is_shown(METRIC_DECISIONS, JOB_PURCHASE, OUTCOME_HELD));
    assert_false(is_shown(METRIC_REFUSALS_HIT, REFUSAL_NONE, 0));
    assert_true(is_shown(METRIC_REFUSALS_HIT, REFUSAL_SOLD_OUT, 0));
}

/* As many workers as there can be, with as much counted, fit a page that has room for the sale. */
static void test_largest_page(void **state)
{
    (void)state;
    static char bytes[REPLY_PAGE_MAX - 4096];
    static struct metrics *all[METRICS_WORKERS_MAX];
    char path[] = "/tmp/flashsale-labels.XXXXXX";
    struct metrics_census census;
    struct text page;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (int i = 0; i < METRICS_WORKERS_MAX; i++) {
        all[i] = metrics_open(path, &metric_labels);
        assert_non_null(all[i]);
    }
    for (int route = 0; route < rows_of(METRIC_ROUTES); route++)
        for (int row = 0; row < rows_of(METRIC_STATUSES); row++)
            metrics_add(all[1], METRIC_REQUESTS, route, row, INT64_C(1) << 40);
    metrics_take_census(all[0], &census);
    assert_int_equal(census.living, METRICS_WORKERS_MAX);
    text_begin(&page, bytes, sizeof bytes);
    metrics_page_add(&page, all[0], &census);
    assert_false(page.is_cut);
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        metrics_close(all[i]);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),         cmocka_unit_test(test_routes),
        cmocka_unit_test(test_statuses),      cmocka_unit_test(test_owners),
        cmocka_unit_test(test_what_is_shown), cmocka_unit_test(test_largest_page)};
    return cmocka_run_group_tests_name("metric_labels", tests, NULL, NULL);
}
