/* The refusal cache: its kinds, sales, times and bounds, and many threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/metric_labels.h"
#include "fcgi/sale/refusal_cache.h"
#include "fcgi/sale/refusal_text.h"
#include "unit.h"

enum { THREADS = 4, ROUNDS = 20000 };

#define SALE       INT64_C(1790000000000000)
#define OTHER_SALE (SALE + 1)

static struct metrics *metrics;
static struct refusal_cache *cache;

static int begin(void **state)
{
    (void)state;
    metrics = metrics_open("", &metric_labels);
    cache = metrics ? refusal_cache_new(metrics) : NULL;
    return cache ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    refusal_cache_free(cache);
    metrics_close(metrics);
    return 0;
}

static int64_t counted(enum metric metric, int first)
{
    struct metrics_census census;
    metrics_take_census(metrics, &census);
    return metrics_sum(metrics, &census, metric, first, 0);
}

static struct refusal refusal(enum refusal_kind kind, int64_t sale, int32_t number,
                              const char *user, int64_t until_us)
{
    struct refusal made = {
        .kind = kind, .number = number, .sale_made_us = sale, .until_us = until_us};
    made.user_length = (uint8_t)strlen(user);
    memcpy(made.user, user, made.user_length);
    return made;
}

static bool put(enum refusal_kind kind, int64_t sale, int32_t number, const char *user,
                int64_t until_us)
{
    const struct refusal made = refusal(kind, sale, number, user, until_us);
    return refusal_cache_put(cache, &made, REFUSAL_OF_BATCH);
}

static bool put_sold(int64_t sale, int32_t number)
{
    return put(REFUSAL_SOLD, sale, number, "", INT64_MAX);
}

/* A refusal without an end, and REFUSAL_NONE, have INT64_MAX. */
static void assert_known(int64_t sale, int32_t number, const char *user, enum refusal_kind kind,
                         int64_t until_us)
{
    int64_t told_us = 0;
    assert_int_equal(refusal_cache_lookup(cache, sale, number, user, strlen(user), &told_us), kind);
    assert_int_equal(told_us, until_us);
}

static void assert_unknown(int64_t sale, int32_t number, const char *user)
{
    assert_known(sale, number, user, REFUSAL_NONE, INT64_MAX);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_unknown(SALE, 1, "amy");
    assert_true(put_sold(SALE, 1));
    assert_false(put_sold(SALE, 1));
    assert_known(SALE, 1, "amy", REFUSAL_SOLD, INT64_MAX);
    assert_unknown(SALE, 2, "amy");
    assert_unknown(SALE, 0, "amy");
    assert_unknown(SALE, -1, "amy");

    assert_true(put(REFUSAL_USER_LIMIT, SALE, 0, "bob", INT64_MAX));
    assert_false(put(REFUSAL_USER_LIMIT, SALE, 0, "bob", INT64_MAX));
    assert_known(SALE, 0, "bob", REFUSAL_USER_LIMIT, INT64_MAX);
    assert_known(SALE, 1, "bob", REFUSAL_USER_LIMIT, INT64_MAX);
    assert_unknown(SALE, 0, "bo");
    assert_unknown(SALE, 0, "bobb");

    assert_true(put(REFUSAL_SOLD_OUT, SALE, 0, "", INT64_MAX));
    assert_false(put(REFUSAL_SOLD_OUT, SALE, 0, "", INT64_MAX));
    assert_known(SALE, 0, "amy", REFUSAL_SOLD_OUT, INT64_MAX);
    assert_known(SALE, 1, "amy", REFUSAL_SOLD_OUT, INT64_MAX);
    assert_known(SALE, 0, "bob", REFUSAL_USER_LIMIT, INT64_MAX);
    assert_int_equal(counted(METRIC_REFUSALS_LEARNED, REFUSAL_OF_BATCH), 3);
}

static void test_holds(void **state)
{
    (void)state;
    assert_true(put(REFUSAL_HELD, SALE, 1, "amy", 50));
    assert_known(SALE, 1, "bob", REFUSAL_HELD, 50);
    assert_unknown(SALE, 1, "amy"); /* her own hold */
    /* The later hold counts, whichever came first. */
    assert_false(put(REFUSAL_HELD, SALE, 1, "cat", 40));
    assert_known(SALE, 1, "bob", REFUSAL_HELD, 50);
    assert_true(put(REFUSAL_HELD, SALE, 1, "bob", 60));
    assert_unknown(SALE, 1, "bob");
    assert_known(SALE, 1, "amy", REFUSAL_HELD, 60);
    /* A sold item stays sold. */
    assert_true(put_sold(SALE, 1));
    assert_false(put(REFUSAL_HELD, SALE, 1, "cat", 70));
    assert_known(SALE, 1, "bob", REFUSAL_SOLD, INT64_MAX);
}

/* Several sales have the same numbers and users. The last one is 0, as in an empty entry. */
static void test_sales(void **state)
{
    (void)state;
    put_sold(SALE, 1);
    put(REFUSAL_HELD, OTHER_SALE, 1, "amy", 50);
    put(REFUSAL_USER_LIMIT, SALE, 0, "amy", INT64_MAX);
    put(REFUSAL_SOLD_OUT, OTHER_SALE + 1, 0, "", INT64_MAX);
    assert_known(SALE, 1, "bob", REFUSAL_SOLD, INT64_MAX);
    assert_known(OTHER_SALE, 1, "bob", REFUSAL_HELD, 50);
    assert_known(SALE, 0, "amy", REFUSAL_USER_LIMIT, INT64_MAX);
    assert_unknown(OTHER_SALE, 0, "amy");
    assert_unknown(OTHER_SALE, 1, "amy");
    assert_unknown(OTHER_SALE, 2, "bob");
    assert_known(OTHER_SALE + 1, 2, "bob", REFUSAL_SOLD_OUT, INT64_MAX);
    /* An empty entry is never found. */
    assert_unknown(0, 0, "amy");
    assert_unknown(0, 1, "amy");
}

/* No key finds the refusal of another, whatever its entry held before. */
static void test_entries_are_reused(void **state)
{
    (void)state;
    for (int64_t sale = SALE; sale < SALE + 5; sale++)
        for (int32_t number = 1; number <= REFUSAL_CACHE_ITEMS; number++)
            put_sold(sale, number);
    int found = 0;
    for (int64_t sale = SALE; sale < SALE + 5; sale++) {
        for (int32_t number = 1; number <= REFUSAL_CACHE_ITEMS; number++) {
            int64_t until_us;
            found += refusal_cache_lookup(cache, sale, number, "amy", 3, &until_us) == REFUSAL_SOLD;
        }
        assert_unknown(sale, REFUSAL_CACHE_ITEMS + 1, "amy");
    }
    assert_true(found <= REFUSAL_CACHE_ITEMS);
    assert_true(found > REFUSAL_CACHE_ITEMS * 9 / 10);
    assert_unknown(SALE + 5, 1, "amy");
}

/* After a million items and users the cache is full: it evicted some, its other refusals are right,
 * and it takes new ones. */
static void test_bounds(void **state)
{
    (void)state;
    enum { MANY = 1000000, FEW = 100 };
    char user[32];
    for (int32_t number = 1; number <= MANY; number++) {
        put_sold(SALE, number);
        snprintf(user, sizeof user, "user-%d", number);
        put(REFUSAL_USER_LIMIT, SALE, 0, user, INT64_MAX);
    }
    int64_t evicted = counted(METRIC_REFUSALS_EVICTED, 0);
    assert_true(evicted >= 2 * MANY - REFUSAL_CACHE_ITEMS - REFUSAL_CACHE_USERS);

    int items = 0, users = 0;
    for (int32_t number = 1; number <= MANY; number++) {
        int64_t until_us;
        snprintf(user, sizeof user, "user-%d", number);
        items += refusal_cache_lookup(cache, SALE, number, "amy", 3, &until_us) == REFUSAL_SOLD;
        users += refusal_cache_lookup(cache, SALE, 0, user, strlen(user), &until_us) ==
                 REFUSAL_USER_LIMIT;
    }
    assert_int_equal(items, REFUSAL_CACHE_ITEMS);
    assert_int_equal(users, REFUSAL_CACHE_USERS);

    /* A later sale's refusals evict an earlier one's, and sold items evict held ones. */
    for (int32_t number = 1; number <= FEW; number++) {
        put(REFUSAL_HELD, OTHER_SALE, number, "amy", 50);
        assert_known(OTHER_SALE, number, "bob", REFUSAL_HELD, 50);
    }
    for (int32_t number = FEW; number < MANY; number++)
        put_sold(OTHER_SALE, number);
    assert_unknown(SALE, MANY, "bob");
    assert_unknown(OTHER_SALE, 1, "bob");
}

static void test_sold_out_bound(void **state)
{
    (void)state;
    for (int64_t sale = SALE; sale < SALE + 100; sale++)
        put(REFUSAL_SOLD_OUT, sale, 0, "", INT64_MAX);
    assert_known(SALE + 99, 0, "amy", REFUSAL_SOLD_OUT, INT64_MAX);
    assert_known(SALE + 92, 0, "amy", REFUSAL_SOLD_OUT, INT64_MAX);
    assert_unknown(SALE + 91, 0, "amy");
}

static void test_clear(void **state)
{
    (void)state;
    put_sold(SALE, 1);
    put(REFUSAL_USER_LIMIT, SALE, 0, "amy", INT64_MAX);
    refusal_cache_clear(cache);
    assert_unknown(SALE, 1, "amy");
    assert_unknown(SALE, 0, "amy");
    put(REFUSAL_SOLD_OUT, SALE, 0, "", INT64_MAX);
    refusal_cache_clear(cache);
    assert_unknown(SALE, 1, "bob");
    assert_true(put_sold(SALE, 1));
    assert_true(put(REFUSAL_USER_LIMIT, SALE, 0, "amy", INT64_MAX));
    assert_known(SALE, 1, "bob", REFUSAL_SOLD, INT64_MAX);
    assert_known(SALE, 1, "amy", REFUSAL_USER_LIMIT, INT64_MAX);
}

/* ---- many threads ---- */

static _Atomic int wrong;

/* Item n is held by user n % 10 until n + 1, and later sold. No lookup may find anything else. */
static void *work(void *argument)
{
    int seed = *(int *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        int32_t number = 1 + (i * 7 + seed) % 500;
        char user[16];
        int64_t until_us;
        snprintf(user, sizeof user, "user-%d", number % 10);
        if (i % 5 == seed) {
            enum refusal_kind kind = i % 3 == 0 ? REFUSAL_SOLD : REFUSAL_HELD;
            const struct refusal made =
                refusal(kind, SALE, number, user, kind == REFUSAL_SOLD ? INT64_MAX : number + 1);
            refusal_cache_put(cache, &made, seed == 0 ? REFUSAL_OF_REDIS : REFUSAL_OF_BATCH);
        }
        if (i % 1000 == 999 && seed == 1)
            refusal_cache_clear(cache);
        enum refusal_kind kind = refusal_cache_lookup(cache, SALE, number, "amy", 3, &until_us);
        if (kind == REFUSAL_HELD ? until_us != number + 1 : until_us != INT64_MAX)
            atomic_fetch_add(&wrong, 1);
        if (kind != REFUSAL_NONE && kind != REFUSAL_SOLD && kind != REFUSAL_HELD)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int seeds[THREADS];
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &seeds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- as text ---- */

static bool reads(const char *field, const char *value, struct refusal *read)
{
    return refusal_read(field, strlen(field), value, strlen(value), read);
}

static void test_text(void **state)
{
    (void)state;
    const struct refusal refusals[] = {refusal(REFUSAL_SOLD, 0, 4711, "", INT64_MAX),
                                       refusal(REFUSAL_SOLD, 0, INT32_MAX, "", INT64_MAX),
                                       refusal(REFUSAL_HELD, 0, 17, "bob", SALE),
                                       refusal(REFUSAL_HELD, 0, 17, " a b ", 1),
                                       refusal(REFUSAL_USER_LIMIT, 0, 0, "bob", INT64_MAX),
                                       refusal(REFUSAL_SOLD_OUT, 0, 0, "", INT64_MAX)};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        char value[REFUSAL_TEXT_MAX];
        struct refusal read;
        const char *field = refusal_name(refusals[i].kind);
        size_t length = refusal_write(&refusals[i], value);
        assert_true(refusal_read(field, strlen(field), value, length, &read));
        assert_memory_equal(&read, &refusals[i], sizeof read);
    }
    struct refusal longest = refusal(REFUSAL_HELD, 0, INT32_MAX, "", INT64_C(253402300799999999));
    longest.user_length = USER_BYTES_MAX;
    memset(longest.user, 'x', sizeof longest.user);
    char value[REFUSAL_TEXT_MAX];
    struct refusal read;
    size_t length = refusal_write(&longest, value);
    assert_true(refusal_read("held", 4, value, length, &read));
    assert_memory_equal(&read, &longest, sizeof read);
}

static void test_text_of_others(void **state)
{
    (void)state;
    static const char *const none[][2] = {{"", ""},
                                          {"none", "1"},
                                          {"sol", "1"},
                                          {"sold ", "1"},
                                          {"Sold", "1"},
                                          {"sold", ""},
                                          {"sold", "0"},
                                          {"sold", "-1"},
                                          {"sold", "+1"},
                                          {"sold", "01"},
                                          {"sold", "1 "},
                                          {"sold", " 1"},
                                          {"sold", "1x"},
                                          {"sold", "2147483648"},
                                          {"sold", "99999999999999999999"},
                                          {"sold_out", ""},
                                          {"sold_out", "0"},
                                          {"sold_out", "11"},
                                          {"sold_out", "yes"},
                                          {"held", ""},
                                          {"held", "1"},
                                          {"held", "1 2"},
                                          {"held", "1 2 "},
                                          {"held", "1  2 bob"},
                                          {"held", "1 x bob"},
                                          {"held", "1 0 bob"},
                                          {"held", "1 -2 bob"},
                                          {"held", "x 2 bob"},
                                          {"held", "1 253402300800000000 bob"},
                                          {"held", "1 9223372036854775807 bob"},
                                          {"user_limit", ""}};
    struct refusal read;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (reads(none[i][0], none[i][1], &read))
            fail_msg("%s %s is read", none[i][0], none[i][1]);
    char value[USER_BYTES_MAX + 2];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    assert_false(reads("user_limit", value, &read));
    value[sizeof value - 2] = '\0';
    assert_true(reads("user_limit", value, &read));
}

/* ---- misuse ---- */

static void put_item_without_number(void)
{
    put_sold(SALE, 0);
}

static void put_limit_of_nobody(void)
{
    put(REFUSAL_USER_LIMIT, SALE, 0, "", INT64_MAX);
}

static void put_without_sale(void)
{
    put_sold(0, 1);
}

static void test_misuse(void **state)
{
    (void)state;
    assert_true(check_stops(put_item_without_number));
    assert_true(check_says(put_item_without_number, "refusal->number > 0"));
    assert_true(check_says(put_limit_of_nobody, "refusal->user_length > 0"));
    assert_true(check_says(put_without_sale, "refusal->sale_made_us != 0"));
    assert_int_equal(counted(METRIC_REFUSALS_LEARNED, REFUSAL_OF_BATCH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, begin, end),
        cmocka_unit_test_setup_teardown(test_holds, begin, end),
        cmocka_unit_test_setup_teardown(test_sales, begin, end),
        cmocka_unit_test_setup_teardown(test_entries_are_reused, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds, begin, end),
        cmocka_unit_test_setup_teardown(test_sold_out_bound, begin, end),
        cmocka_unit_test_setup_teardown(test_clear, begin, end),
        cmocka_unit_test_setup_teardown(test_threads, begin, end),
        cmocka_unit_test_setup_teardown(test_misuse, begin, end),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
