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
 * Three times as many names as the table has room for, each asked for several times, and again
 * later: what is granted is what each name's own bucket would grant, or less.
 */
static void test_a_flood_of_names_gives_nobody_more(void **state)
{
    (void)state;
    enum { NAMES = 3 * USER_RATE_USERS, TURNS = 400000, BURST = 7, RATE = 5, INTERVAL_US = 200000 };
    static int64_t empty_at_us[NAMES]; /* their own buckets */
    unsigned random = 1;
    int64_t now_us = 987654321;
    int granted = 0, refused = 0;
    begin(RATE, BURST);
    for (int i = 0; i < TURNS; i++, now_us += 2) {
        random = random * 1103515245U + 12345U; /* a linear congruential generator */
        int name = (int)((random >> 8) % NAMES);
        for (unsigned times = 1 + (random >> 4) % 9; times > 0; times--) {
            if (take_numbered(name, now_us) > 0) {
                refused++;
                continue;
            }
            granted++;
            int64_t *own_us = &empty_at_us[name];
            *own_us = *own_us > now_us ? *own_us : now_us;
            assert_true(*own_us - now_us <= (BURST - 1) * INTERVAL_US);
            *own_us += INTERVAL_US;
        }
    }
    assert_true(granted > TURNS && refused > 0);
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

enum { THREADS = 4, BURST = 10, ATTEMPTS = 6, FEW = 3000, MANY = 2 * USER_RATE_USERS };
static _Atomic int granted[MANY];
static int raced; /* so many names */
static pthread_barrier_t barrier;

static void *race(void *argument)
{
    (void)argument;
    pthread_barrier_wait(&barrier);
    for (int user = 0; user < raced; user++)
        for (int i = 0; i < ATTEMPTS; i++)
            if (take_numbered(user, 5000) == 0)
                atomic_fetch_add(&granted[user], 1);
    return NULL;
}

/* Four threads ask for the same names at the same time, 24 times each. */
static void race_for(int names)
{
    pthread_t threads[THREADS];
    begin(10, BURST);
    raced = names;
    memset(granted, 0, sizeof granted);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
}

static void test_threads_count_exactly(void **state)
{
    (void)state;
    race_for(FEW);
    for (int user = 0; user < FEW; user++)
        assert_int_equal(granted[user], BURST);
}

/* Twice as many names as the table has room for. */
static void test_threads_give_nobody_more(void **state)
{
    (void)state;
    race_for(MANY);
    for (int user = 0; user < MANY; user++)
        assert_true(granted[user] <= BURST);
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
                                       cmocka_unit_test(test_threads_count_exactly),
                                       cmocka_unit_test(test_threads_give_nobody_more)};
    return cmocka_run_group_tests_name("user_rate", tests, NULL, NULL);
}
