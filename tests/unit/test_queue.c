/* Jobs that wait: their order, those that waited too long, and those that nobody takes. */
#include <pthread.h>
#include <unistd.h>

#include "common/clock.h"
#include "fcgi/sale/queue.h"
#include "unit.h"

static void test_order(void **state)
{
    (void)state;
    struct queue queue;
    struct taker taker;
    struct job jobs[5], *taken[5];
    queue_open(&queue);
    queue_join(&queue, &taker);
    for (int i = 0; i < 5; i++)
        assert_true(queue_put(&queue, &jobs[i]));
    assert_int_equal(queue_length(&queue), 5);

    assert_int_equal(queue_take(&queue, taken, 2), 2);
    assert_ptr_equal(taken[0], &jobs[0]);
    assert_ptr_equal(taken[1], &jobs[1]);
    assert_int_equal(queue_take(&queue, taken, 5), 3);
    assert_ptr_equal(taken[2], &jobs[4]);
    assert_int_equal(queue_take(&queue, taken, 5), 0);

    assert_true(queue_put(&queue, &jobs[1]));
    assert_int_equal(queue_take(&queue, taken, 5), 1);
    assert_ptr_equal(taken[0], &jobs[1]);
    queue_close(&queue);
}

static void test_nobody_takes(void **state)
{
    (void)state;
    struct queue queue;
    struct taker takers[2];
    struct job jobs[2];
    queue_open(&queue);
    assert_false(queue_put(&queue, &jobs[0]));

    queue_join(&queue, &takers[0]);
    queue_join(&queue, &takers[1]);
    assert_true(queue_put(&queue, &jobs[0]));
    assert_true(queue_put(&queue, &jobs[1]));
    assert_null(queue_leave(&queue, &takers[0])); /* one is left who takes */
    struct job *left = queue_leave(&queue, &takers[1]);
    assert_ptr_equal(left, &jobs[0]);
    assert_ptr_equal(left->next, &jobs[1]);
    assert_null(left->next->next);
    assert_false(queue_put(&queue, &jobs[0]));
    assert_int_equal(queue_length(&queue), 0);
    queue_close(&queue);
}

static void test_bound(void **state)
{
    (void)state;
    struct queue queue;
    struct taker takers[2];
    struct job jobs[5], *taken[5];
    queue_open(&queue);
    queue_join(&queue, &takers[0]);
    queue_bound(&queue, &takers[0], 2);
    assert_true(queue_put(&queue, &jobs[0]));
    assert_true(queue_put(&queue, &jobs[1]));
    assert_false(queue_put(&queue, &jobs[2]));
    queue_join(&queue, &takers[1]);
    queue_bound(&queue, &takers[1], 1);
    queue_bound(&queue, &takers[0], 3); /* each has time for so many, whoever said so last */
    assert_true(queue_put(&queue, &jobs[2]));
    assert_true(queue_put(&queue, &jobs[3]));
    assert_false(queue_put(&queue, &jobs[4]));

    assert_int_equal(queue_take(&queue, taken, 1), 1);
    assert_true(queue_put(&queue, &jobs[4]));
    assert_null(queue_leave(&queue, &takers[0])); /* its share goes with it; what is there stays */
    assert_false(queue_put(&queue, &jobs[0]));
    assert_int_equal(queue_take(&queue, taken, 5), 4);
    assert_ptr_equal(taken[3], &jobs[4]);
    queue_close(&queue);
}

static void test_older(void **state)
{
    (void)state;
    struct queue queue;
    struct taker taker;
    struct job jobs[3], *taken[3];
    queue_open(&queue);
    queue_join(&queue, &taker);
    assert_null(queue_take_older(&queue, clock_us() + 1));
    for (int i = 0; i < 3; i++)
        assert_true(queue_put(&queue, &jobs[i]));
    jobs[0].queued_us -= 2000;
    jobs[1].queued_us -= 1000;

    assert_null(queue_take_older(&queue, jobs[0].queued_us));
    struct job *older = queue_take_older(&queue, jobs[2].queued_us);
    assert_ptr_equal(older, &jobs[0]);
    assert_ptr_equal(older->next, &jobs[1]);
    assert_null(older->next->next);
    assert_int_equal(queue_length(&queue), 1);
    assert_int_equal(queue_take(&queue, taken, 3), 1);
    assert_ptr_equal(taken[0], &jobs[2]);
    queue_close(&queue);
}

static void *put_later(void *argument)
{
    static struct job job;
    struct queue *queue = argument;
    assert_true(queue_pause(queue, 20));
    assert_true(queue_put(queue, &job));
    return NULL;
}

static void test_waiting(void **state)
{
    (void)state;
    struct queue queue;
    struct taker taker;
    struct job *taken[1];
    pthread_t thread;
    queue_open(&queue);
    queue_join(&queue, &taker);
    int64_t start_us = clock_us();
    assert_true(queue_await(&queue, 10)); /* in vain */
    assert_true(clock_us() - start_us >= 10000);

    assert_int_equal(pthread_create(&thread, NULL, put_later, &queue), 0);
    assert_true(queue_await(&queue, 10000));
    assert_true(clock_us() - start_us < 5000000);
    pthread_join(thread, NULL);

    /* What is left is still to be taken when the queue stops. */
    queue_stop(&queue);
    assert_true(queue_await(&queue, 10000));
    assert_int_equal(queue_take(&queue, taken, 1), 1);
    assert_false(queue_await(&queue, 10000));
    assert_false(queue_pause(&queue, 10000));
    assert_true(clock_us() - start_us < 5000000);
    queue_close(&queue);
}

static void *pause_long(void *argument)
{
    assert_false(queue_pause(argument, 10000));
    return NULL;
}

static void *await_one(void *argument)
{
    assert_true(queue_await(argument, 10000));
    return NULL;
}

/* Who pauses takes nothing: news is for those who wait for it. */
static void test_pausing_beside_waiting(void **state)
{
    (void)state;
    enum { PAUSING = 3 };
    struct queue queue;
    struct taker taker;
    struct job job;
    pthread_t pausing[PAUSING], waiting;
    queue_open(&queue);
    queue_join(&queue, &taker);
    int64_t start_us = clock_us();
    for (int i = 0; i < PAUSING; i++)
        assert_int_equal(pthread_create(&pausing[i], NULL, pause_long, &queue), 0);
    usleep(20000);
    assert_int_equal(pthread_create(&waiting, NULL, await_one, &queue), 0);
    usleep(20000);

    assert_true(queue_put(&queue, &job));
    pthread_join(waiting, NULL);
    assert_true(clock_us() - start_us < 5000000);
    queue_stop(&queue);
    for (int i = 0; i < PAUSING; i++)
        pthread_join(pausing[i], NULL);
    assert_true(clock_us() - start_us < 5000000);
    queue_close(&queue);
}

static void *await_and_pass(void *argument)
{
    assert_true(queue_await(argument, 10000));
    queue_pass(argument);
    return NULL;
}

/* Who was woken and takes nothing has the next one look. */
static void test_passing(void **state)
{
    (void)state;
    enum { WAITING = 3 };
    struct queue queue;
    struct taker taker;
    struct job job;
    pthread_t waiting[WAITING];
    queue_open(&queue);
    queue_join(&queue, &taker);
    for (int i = 0; i < WAITING; i++)
        assert_int_equal(pthread_create(&waiting[i], NULL, await_and_pass, &queue), 0);
    usleep(20000);

    int64_t start_us = clock_us();
    assert_true(queue_put(&queue, &job));
    for (int i = 0; i < WAITING; i++)
        pthread_join(waiting[i], NULL);
    assert_true(clock_us() - start_us < 5000000);
    queue_close(&queue);
}

/* ---- what cannot be ---- */

static struct queue faulty;

static void leave_without_joining(void)
{
    struct taker taker = {0};
    queue_open(&faulty);
    queue_leave(&faulty, &taker);
    queue_close(&faulty);
}

static void take_more_than_there_is(void)
{
    struct taker taker;
    struct job job, *taken;
    queue_open(&faulty);
    queue_join(&faulty, &taker);
    assert_true(queue_put(&faulty, &job));
    faulty.length = 0;
    assert_int_equal(queue_take(&faulty, &taken, 1), 1);
    assert_int_equal(queue_length(&faulty), 0);
    queue_close(&faulty);
}

static int completed;

static void count(struct job *job)
{
    (void)job;
    completed++;
}

static void complete_twice(void)
{
    struct job job;
    job_begin(&job, JOB_CHECKOUT, count);
    completed = 0;
    job_complete(&job);
    job_complete(&job);
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    assert_true(check_stops(leave_without_joining));
    assert_true(check_stops(take_more_than_there_is));
    assert_true(check_stops(complete_twice));
    assert_true(check_says(leave_without_joining, "queue->takers > 0"));
    assert_int_equal(faulty.takers, 0);
    assert_true(check_says(take_more_than_there_is, "queue->length >= 0"));
    assert_true(check_says(complete_twice, "complete != NULL"));
    assert_int_equal(completed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),   cmocka_unit_test(test_nobody_takes),
        cmocka_unit_test(test_bound),   cmocka_unit_test(test_older),
        cmocka_unit_test(test_waiting), cmocka_unit_test(test_pausing_beside_waiting),
        cmocka_unit_test(test_passing), cmocka_unit_test(test_what_cannot_be)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
