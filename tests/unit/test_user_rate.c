/* The limit on the requests of one user: exact for each user, whatever the others do. */

#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "common/siphash.h"
#include "fcgi/api/user_rate.h"

enum { SECOND_US = 1000000 };

static struct user_rate_table table;
static struct settings settings;
static struct user_rate rate;

static void begin(int per_second, int burst)
{
    memset(&table, 0, sizeof table);
    settings_default(&settings);
    settings.http.user_rate = per_second;
    settings.http.user_burst = burst;
    user_rate_begin(&rate, &table, &settings);
}

static int64_t take(const char *name, int64_t now_us)
{
    return user_rate_take(&rate, (struct span){name, strlen(name)}, now_us);
}

static int64_t take_numbered(int number, int64_t now_us)
{
    char name[32];
    snprintf(name, sizeof name, "user %d", number);
    return take(name, now_us);
}

/* The paper's vectors (Appendix A) and those of its reference implementation. */
static void test_siphash(void **state)
{
    (void)state;
    const uint64_t secret[2] = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    unsigned char bytes[15];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_true(siphash(secret, bytes, 0) == 0x726fdb47dd0e0e31U);
    assert_true(siphash(secret, bytes, 1) == 0x74f839c593dc67fdU);
    assert_true(siphash(secret, bytes, 15) == 0xa129ca6149be45e5U);
}

static void test_burst_and_rate(void **state)
{
    (void)state;
    int64_t now_us = 123456789;
    begin(10, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(take("amy", now_us), 0);
    assert_int_equal(take("amy", now_us), SECOND_US / 10);
    assert_int_equal(take("amy", now_us + 40000), 60000);
    assert_int_equal(take("amy", now_us + 99999), 1);
    assert_int_equal(take("amy", now_us + 100000), 0);
    assert_int_equal(take("amy", now_us + 100000), SECOND_US / 10);
    assert_int_equal(take("bob", now_us), 0);
    /* Ten in each second that passes, and never more than fifty. */
    now_us += 3 * SECOND_US + 100000;
    for (int i = 0; i < 30; i++)
        assert_int_equal(take("amy", now_us), 0);
    assert_true(take("amy", now_us) > 0);
    now_us += 3600LL * SECOND_US;
    for (int i = 0; i < 50; i++)
        assert_int_equal(take("amy", now_us), 0);
    assert_true(take("amy", now_us) > 0);
}

static void test_bounds_of_the_settings(void **state)
{
    (void)state;
    begin(0, 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(take("amy", 1), 0);
    begin(1, 1);
    assert_int_equal(take("amy", 1), 0);
    assert_int_equal(take("amy", 1), SECOND_US);
    assert_int_equal(take("amy", 1 + SECOND_US), 0);
    begin(10000, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(take("amy", 1), 0);
    assert_int_equal(take("amy", 1), 100);
    begin(1, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(take("amy", 1), 0);
    assert_int_equal(take("amy", 1), SECOND_US);
}

/* Times are kept modulo twelve days. */
static void test_long_times(void **state)
{
    (void)state;
    const int64_t span_us = INT64_C(1) << 40;
    for (int64_t idle_us = SECOND_US; idle_us < 4 * span_us; idle_us = idle_us * 3 / 2) {
        int64_t now_us = span_us - 3 * SECOND_US;
        begin(10, 5);
        for (int i = 0; i < 5; i++)
            assert_int_equal(take("amy", now_us), 0);
        assert_int_equal(take("amy", now_us), 100000);
        for (int i = 0; i < 5; i++)
            assert_int_equal(take("amy", now_us + idle_us), 0);
        assert_int_equal(take("amy", now_us + idle_us), 100000);
    }
}

/* Two workers with one table count together. */
static void test_workers_share_a_table(void **state)
{
    (void)state;
    begin(10, 50);
    struct user_rate other;
    user_rate_begin(&other, &table, &settings);
    const struct span amy = {"amy", 3};
    for (int i = 0; i < 25; i++) {
        assert_int_equal(user_rate_take(&rate, amy, 1), 0);
        assert_int_equal(user_rate_take(&other, amy, 1), 0);
    }
    assert_int_equal(user_rate_take(&rate, amy, 1), 100000);
    assert_int_equal(user_rate_take(&other, amy, 1), 100000);
}

/*
 * Far more names than the table has room for, each a few times, and users among them who ask all
 * the time: none of these gets more than their bucket gives.
 */
static void test_a_flood_of_names_gives_nobody_more(void **state)
{
    (void)state;
    enum { USERS = 20, FLOOD = 400000, BURST = 7, RATE = 5 };
    int taken[USERS] = {0};
    int64_t began_us = 987654321, now_us = began_us;
    begin(RATE, BURST);
    srand(1);
    for (int i = 0; i < FLOOD; i++, now_us += 5) {
        (void)!take_numbered(USERS + rand() % (i % 2 ? FLOOD : 100000), now_us);
        if (i % 100 == 0)
            for (int user = 0; user < USERS; user++)
                taken[user] += take_numbered(user, now_us) == 0;
    }
    int most = BURST + (int)((now_us - began_us) * RATE / SECOND_US);
    for (int user = 0; user < USERS; user++) {
        assert_true(taken[user] <= most);
        assert_true(taken[user] > 0);
    }
}

/* As many as all workers of a host could answer, each by another name: nobody else is refused. */
static void test_a_flood_of_names_has_nobody_refused(void **state)
{
    (void)state;
    int64_t now_us = 1;
    begin(10, 50);
    for (int i = 0; i < 600000; i++, now_us += 20)
        assert_int_equal(take_numbered(i, now_us), 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(take("amy", now_us), 0);
    assert_true(take("amy", now_us) > 0);
}

/* ---- threads ---- */

enum { THREADS = 4, RACED = 3000, RACED_BURST = 10, ATTEMPTS = 6 };
static _Atomic int raced[RACED];
static pthread_barrier_t barrier;

static void *race(void *argument)
{
    (void)argument;
    pthread_barrier_wait(&barrier);
    for (int user = 0; user < RACED; user++)
        for (int i = 0; i < ATTEMPTS; i++)
            if (take_numbered(user, 5000) == 0)
                atomic_fetch_add(&raced[user], 1);
    return NULL;
}

/* Four threads ask for the same users at the same time, 24 times each. */
static void test_threads_count_exactly(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    begin(10, RACED_BURST);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int user = 0; user < RACED; user++)
        assert_int_equal(raced[user], RACED_BURST);
    pthread_barrier_destroy(&barrier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_siphash),
                                       cmocka_unit_test(test_burst_and_rate),
                                       cmocka_unit_test(test_bounds_of_the_settings),
                                       cmocka_unit_test(test_long_times),
                                       cmocka_unit_test(test_workers_share_a_table),
                                       cmocka_unit_test(test_a_flood_of_names_gives_nobody_more),
                                       cmocka_unit_test(test_a_flood_of_names_has_nobody_refused),
                                       cmocka_unit_test(test_threads_count_exactly)};
    return cmocka_run_group_tests_name("user_rate", tests, NULL, NULL);
}
