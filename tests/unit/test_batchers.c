/* Jobs and the batchers that complete them, without a database: nothing is decided. */
#include "unit.h"

#include <pthread.h>

#include "fcgi/metric_labels.h"
#include "fcgi/sale/batch.h"
#include "fcgi/sale/batchers.h"

static struct settings settings;
static struct metrics *metrics;
static struct batchers *batchers;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int completed;

static int begin(void **state)
{
    (void)state;
    settings_default(&settings);
    strcpy(settings.database.worker_conninfo, "host=/nonexistent");
    settings.redis.address[0] = '\0';
    metrics = metrics_open("", &metric_labels);
    batchers = batchers_start(&settings, false, metrics);
    completed = 0;
    return batchers ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    batchers_stop(batchers);
    metrics_close(metrics);
    return 0;
}

static void complete(struct job *job)
{
    (void)job;
    pthread_mutex_lock(&mutex);
    completed++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static void await_completed(int count)
{
    pthread_mutex_lock(&mutex);
    while (completed < count)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

/* Fills a job as an earlier request on the same connection left it: another user's purchase. */
static void fill(struct job *job)
{
    memset(job, 'x', sizeof *job);
    job->decision = (struct decision){.outcome = OUTCOME_PURCHASED,
                                      .code = {17, 4711, "secret"},
                                      .name = "Velvety Cedar Jug",
                                      .user = "bob"};
}

static void assert_empty(const struct decision *decision)
{
    static const struct decision nothing;
    assert_int_equal(decision->outcome, OUTCOME_UNAVAILABLE);
    assert_int_equal(decision->code.sale_id, 0);
    assert_int_equal(decision->code.number, 0);
    assert_memory_equal(decision->code.secret, nothing.code.secret, sizeof nothing.code.secret);
    assert_memory_equal(decision->name, nothing.name, sizeof nothing.name);
    assert_memory_equal(decision->user, nothing.user, sizeof nothing.user);
    assert_true(decision->expires_us == 0 && decision->purchased_us == 0);
}

/* A batcher that gives up completes a job; or the caller does, if no batcher is connected. */
static void test_decisions_carry_nothing_over(void **state)
{
    (void)state;
    for (int round = 1; round <= 2; round++) {
        for (enum job_kind kind = 0; kind < JOB_KINDS; kind++) {
            static struct job job;
            fill(&job);
            job_begin(&job, kind, complete);
            batchers_submit(batchers, &job);
            await_completed((round - 1) * JOB_KINDS + (int)kind + 1);
            assert_empty(&job.decision);
            assert_null(job.complete);
        }
    }
}

static void test_a_job_begins_empty(void **state)
{
    (void)state;
    struct job job;
    fill(&job);
    job_begin(&job, JOB_PURCHASE, complete);
    assert_int_equal(job.kind, JOB_PURCHASE);
    assert_null(job.checkout.user.bytes);
    assert_int_equal(job.checkout.user.length, 0);
    assert_int_equal(job.checkout.wildcard_id.length, 0);
    assert_int_equal(job.purchase.code.sale_id, 0);
    assert_ptr_equal(job.complete, complete);
    assert_empty(&job.decision);
}

/* A kind has a unique name, an outcome that a batch can end with, and all functions that a batcher
 * calls. */
static void test_kinds_are_complete(void **state)
{
    (void)state;
    for (enum job_kind kind = 0; kind < JOB_KINDS; kind++) {
        const struct job_kind_row *row = &job_kind_table[kind];
        assert_string_equal(job_kind_name(kind), row->name);
        assert_true(job_kind_may_end(kind, OUTCOME_UNAVAILABLE));
        assert_true(row->connect && row->open && row->close && row->decide);
        for (enum job_kind other = 0; other < kind; other++)
            assert_string_not_equal(row->name, job_kind_name(other));
    }
}

/* ---- misuse ---- */

static void submit_without_beginning(void)
{
    static struct job job;
    begin(NULL);
    job_begin(&job, JOB_CHECKOUT, complete);
    job_complete(&job);
    batchers_submit(batchers, &job);
    end(NULL);
}

static void test_misuse(void **state)
{
    (void)state;
    assert_true(check_stops(submit_without_beginning));
    assert_true(check_says(submit_without_beginning, "job->complete != NULL"));
    assert_int_equal(completed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First, as it forks: ThreadSanitizer's child of a process with threads may start none. */
        cmocka_unit_test(test_misuse),
        cmocka_unit_test_setup_teardown(test_decisions_carry_nothing_over, begin, end),
        cmocka_unit_test(test_a_job_begins_empty), cmocka_unit_test(test_kinds_are_complete)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
