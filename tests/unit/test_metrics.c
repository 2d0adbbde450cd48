/* The counters that all workers of a host share: what stays, what is summed, what is replaced. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fcgi/api/routes.h"
#include "fcgi/http/reply.h"
#include "fcgi/metrics/metrics.h"
#include "fcgi/metrics/metrics_page.h"
#include "fcgi/store/outcome.h"

enum { ADDS = 100000, WRITERS = 4 };

static char folder[] = "/tmp/flashsale-metrics.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && snprintf(path, sizeof path, "%s/metrics", folder) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

static struct metrics *open_quietly(void)
{
    struct capture capture;
    capture_begin(&capture);
    struct metrics *metrics = metrics_open(path);
    capture_end(&capture);
    assert_non_null(metrics);
    assert_string_equal(capture.text, "");
    return metrics;
}

static int64_t sum(struct metrics *metrics, enum metric metric, int first, int second)
{
    struct metrics_census census;
    metrics_take_census(metrics, &census);
    return metrics_sum(metrics, &census, metric, first, second);
}

static int living(struct metrics *metrics)
{
    struct metrics_census census;
    metrics_take_census(metrics, &census);
    return census.living;
}

static void test_counters_stay(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++) {
        struct metrics *metrics = open_quietly();
        metrics_add(metrics, METRIC_DECISIONS, JOB_PURCHASE, OUTCOME_PURCHASED, 2);
        assert_int_equal(sum(metrics, METRIC_DECISIONS, JOB_PURCHASE, OUTCOME_PURCHASED), 2 * i);
        assert_int_equal(sum(metrics, METRIC_DECISIONS, JOB_CHECKOUT, OUTCOME_PURCHASED), 0);
        assert_int_equal(sum(metrics, METRIC_STARTS, 0, 0), i);
        assert_int_equal(living(metrics), 1);
        metrics_close(metrics);
    }
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Each metric has cells of its own: what is added to one is in no other. */
static void test_cells_are_apart(void **state)
{
    (void)state;
    struct metrics *metrics = open_quietly();
    for (int pass = 0; pass < 2; pass++) {
        int64_t value = 1;
        for (int i = 0; i < METRIC_COUNT; i++) {
            const struct metric_row *row = &metric_table[i];
            if (row->type == METRIC_HISTOGRAM || i == METRIC_STARTS)
                continue;
            for (int first = 0; first < metric_label_rows(&row->labels[0]); first++)
                for (int second = 0; second < metric_label_rows(&row->labels[1]); second++) {
                    if (pass == 0)
                        metrics_add(metrics, (enum metric)i, first, second, value);
                    else
                        assert_int_equal(sum(metrics, (enum metric)i, first, second), value);
                    value++;
                }
        }
    }
    metrics_close(metrics);
}

static void test_two_workers(void **state)
{
    (void)state;
    struct metrics *one = open_quietly(), *other = open_quietly();
    metrics_add(one, METRIC_REFUSALS_LOOKED_UP, 0, 0, 3);
    metrics_add(other, METRIC_REFUSALS_LOOKED_UP, 0, 0, 4);
    metrics_set(one, METRIC_CONNECTIONS, METRIC_CONNECTION_IDLE, 10);
    metrics_set(other, METRIC_CONNECTIONS, METRIC_CONNECTION_IDLE, 20);
    assert_int_equal(living(one), 2);
    assert_int_equal(living(other), 2);
    assert_int_equal(sum(one, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(other, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(one, METRIC_CONNECTIONS, METRIC_CONNECTION_IDLE, 0), 30);

    metrics_close(one);
    assert_int_equal(living(other), 1);
    assert_int_equal(sum(other, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(other, METRIC_CONNECTIONS, METRIC_CONNECTION_IDLE, 0), 20);
    metrics_close(other);
}

/* Processes that open and make the file at once, and count at once. */
static void test_writers_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct metrics *metrics = metrics_open(path);
            for (int n = 0; metrics && n < ADDS; n++) {
                metrics_add(metrics, METRIC_REQUESTS, 0, metric_status_row(200), 1);
                metrics_observe(metrics, METRIC_BATCH_SIZE, JOB_CHECKOUT, n % 3 + 1);
            }
            _exit(metrics ? 0 : 1);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct metrics *metrics = open_quietly();
    struct metrics_census census;
    struct metrics_histogram histogram;
    metrics_take_census(metrics, &census);
    metrics_histogram(metrics, &census, METRIC_BATCH_SIZE, JOB_CHECKOUT, &histogram);
    assert_int_equal(sum(metrics, METRIC_REQUESTS, 0, metric_status_row(200)), WRITERS * ADDS);
    assert_int_equal(sum(metrics, METRIC_STARTS, 0, 0), WRITERS + 1);
    assert_int_equal(histogram.count, WRITERS * ADDS);
    /* 1, 2, 3, 1, 2, 3, ..., 1 */
    assert_int_equal(histogram.sum, WRITERS * (2 * (ADDS - 1) + 1));
    metrics_close(metrics);
}

static void *add_many(void *metrics)
{
    for (int n = 0; n < ADDS; n++)
        metrics_observe(metrics, METRIC_BATCH_SIZE, JOB_PURCHASE, 1);
    return NULL;
}

/* Threads of one worker. */
static void test_threads_at_once(void **state)
{
    (void)state;
    struct metrics *metrics = open_quietly();
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, metrics), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    struct metrics_census census;
    struct metrics_histogram histogram;
    metrics_take_census(metrics, &census);
    metrics_histogram(metrics, &census, METRIC_BATCH_SIZE, JOB_PURCHASE, &histogram);
    assert_int_equal(histogram.count, WRITERS * ADDS);
    assert_int_equal(histogram.sum, WRITERS * ADDS);
    metrics_close(metrics);
}

/* A worker that is killed leaves what it counted, and nothing of what it was doing. */
static void test_killed_worker(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct metrics *metrics = metrics_open(path);
        metrics_add(metrics, METRIC_RECONNECTS, JOB_CHECKOUT, 0, 5);
        metrics_set(metrics, METRIC_IN_FLIGHT, JOB_CHECKOUT, 77);
        ssize_t written = write(ready[1], "r", 1);
        (void)written;
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct metrics *metrics = open_quietly();
    assert_int_equal(living(metrics), 2);
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, JOB_CHECKOUT, 0), 77);

    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(living(metrics), 1);
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, JOB_CHECKOUT, 0), 0);
    assert_int_equal(sum(metrics, METRIC_RECONNECTS, JOB_CHECKOUT, 0), 5);

    /* The next one has its slot, begins with nothing in flight, and counts on. */
    struct metrics *next = open_quietly();
    struct metrics_census census;
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, JOB_CHECKOUT, 0), 0);
    metrics_add(next, METRIC_RECONNECTS, JOB_CHECKOUT, 0, 1);
    assert_int_equal(sum(metrics, METRIC_RECONNECTS, JOB_CHECKOUT, 0), 6);
    metrics_take_census(metrics, &census);
    assert_int_equal(census.living, 2);
    assert_true(census.workers[0].is && census.workers[1].is && !census.workers[2].was);
    metrics_close(next);
    metrics_close(metrics);
    close(ready[0]);
    close(ready[1]);
}

static void write_at(off_t at, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, at), count);
    close(fd);
}

/* The header's version and what it says matter, and so does the size; who has the old file keeps
 * it. */
static void test_other_layout(void **state)
{
    (void)state;
    static const off_t places[] = {10, 16, 24};
    for (size_t i = 0; i < sizeof places / sizeof places[0] + 1; i++) {
        struct capture capture;
        struct stat before, after;
        struct metrics *old = open_quietly();
        metrics_add(old, METRIC_REFUSALS_SHARED, 0, 0, 9);
        assert_int_equal(stat(path, &before), 0);
        if (i < sizeof places / sizeof places[0])
            write_at(places[i], "?", 1);
        else
            write_at(before.st_size, "?", 1);

        capture_begin(&capture);
        struct metrics *metrics = metrics_open(path);
        capture_end(&capture);
        assert_non_null(metrics);
        assert_non_null(strstr(capture.text, "another layout"));
        assert_int_equal(stat(path, &after), 0);
        assert_true(before.st_ino != after.st_ino);
        assert_int_equal(sum(metrics, METRIC_REFUSALS_SHARED, 0, 0), 0);
        assert_int_equal(living(metrics), 1);

        metrics_add(old, METRIC_REFUSALS_SHARED, 0, 0, 1);
        assert_int_equal(sum(old, METRIC_REFUSALS_SHARED, 0, 0), 10);
        metrics_close(old);
        metrics_close(metrics);
        assert_int_equal(unlink(path), 0);
    }
}

/* A file that is shorter than it says must not end the process (SIGBUS). */
static void test_cut_file(void **state)
{
    (void)state;
    struct capture capture;
    metrics_close(open_quietly());
    assert_int_equal(truncate(path, 5000), 0);
    capture_begin(&capture);
    struct metrics *metrics = metrics_open(path);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "another layout"));
    metrics_add(metrics, METRIC_REFUSALS_SHARED, 0, 0, 1);
    assert_int_equal(sum(metrics, METRIC_REFUSALS_SHARED, 0, 0), 1);
    metrics_close(metrics);
}

/* What somebody else keeps at the path stays, however long it is; what a start left there goes. */
static void test_file_of_others(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "flashsale", "flashsale's accounts of the year"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct capture capture;
        char bytes[64] = "";
        write_at(0, texts[i], strlen(texts[i]));
        capture_begin(&capture);
        struct metrics *metrics = metrics_open(path);
        capture_end(&capture);
        assert_non_null(strstr(capture.text, "is left as it is"));
        assert_int_equal(living(metrics), 1);
        metrics_close(metrics);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        assert_int_equal(fread(bytes, 1, sizeof bytes, file), strlen(texts[i]));
        assert_string_equal(bytes, texts[i]);
        fclose(file);
        assert_int_equal(unlink(path), 0);
    }

    struct capture capture;
    write_at(4095, "", 1);
    capture_begin(&capture);
    struct metrics *metrics = metrics_open(path);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "another layout"));
    metrics_close(metrics);
}

/* Where there can be no file the worker goes on, and counts for itself. */
static void test_without_file(void **state)
{
    (void)state;
    char link[80], nowhere[80];
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere/metrics", folder);
    metrics_close(open_quietly());
    assert_int_equal(symlink(path, link), 0);
    const char *const places[] = {link, nowhere, folder, "/dev/null", ""};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct capture capture;
        capture_begin(&capture);
        struct metrics *metrics = metrics_open(places[i]);
        capture_end(&capture);
        assert_non_null(metrics);
        if (*places[i])
            assert_non_null(strstr(capture.text, "counts for itself alone"));
        else
            assert_string_equal(capture.text, "");
        metrics_add(metrics, METRIC_REFUSALS_SHARED, 0, 0, 1);
        metrics_set(metrics, METRIC_BATCHERS, JOB_CHECKOUT, 2);
        assert_int_equal(sum(metrics, METRIC_REFUSALS_SHARED, 0, 0), 1);
        assert_int_equal(sum(metrics, METRIC_BATCHERS, JOB_CHECKOUT, 0), 2);
        assert_int_equal(living(metrics), 1);
        metrics_close(metrics);
    }
    assert_int_equal(unlink(link), 0);
}

static void test_more_workers_than_slots(void **state)
{
    (void)state;
    static struct metrics *all[METRICS_WORKERS_MAX];
    struct capture capture;
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        all[i] = open_quietly();
    capture_begin(&capture);
    struct metrics *more = metrics_open(path);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "every slot is taken"));
    assert_int_equal(living(all[0]), METRICS_WORKERS_MAX);
    assert_int_equal(living(more), 1);
    /* So many, of so much, are still on the page, with room for the sale. */
    static char bytes[REPLY_PAGE_MAX - 4096];
    struct text page;
    struct metrics_census census;
    for (int route = 0; route < metric_label_rows(&metric_table[METRIC_REQUESTS].labels[0]);
         route++)
        for (int row = 0; row < metric_label_rows(&metric_table[METRIC_REQUESTS].labels[1]); row++)
            metrics_add(all[1], METRIC_REQUESTS, route, row, INT64_C(1) << 40);
    metrics_take_census(all[0], &census);
    text_begin(&page, bytes, sizeof bytes);
    metrics_page_add(&page, all[0], &census);
    assert_false(page.is_cut);
    metrics_close(more);
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        metrics_close(all[i]);
}

/* What each worker counted is its own, and the next one with its slot counts on; together they are
   the sum. */
static void test_by_worker(void **state)
{
    (void)state;
    struct metrics *first = open_quietly(), *second = open_quietly();
    struct metrics_census census;
    metrics_add(first, METRIC_REQUESTS, 0, 0, 5);
    metrics_add(first, METRIC_REQUESTS, metric_route_row(NULL), metric_status_row(404), 2);
    metrics_add(second, METRIC_REQUESTS, 0, 0, 3);
    metrics_set(second, METRIC_IN_FLIGHT, JOB_PURCHASE, 4);
    assert_int_equal(metrics_worker_sum(first, 0, METRIC_REQUESTS), 7);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 3);
    assert_int_equal(metrics_worker_sum(first, 2, METRIC_REQUESTS), 0);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_IN_FLIGHT), 4);
    metrics_take_census(first, &census);
    assert_int_equal(census.workers[0].pid, getpid());

    metrics_close(second);
    metrics_take_census(first, &census);
    assert_true(census.workers[1].was && !census.workers[1].is);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 3);
    second = open_quietly();
    metrics_add(second, METRIC_REQUESTS, 0, 0, 1);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 4);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_IN_FLIGHT), 0);
    metrics_close(first);
    metrics_close(second);
}

static void test_histogram(void **state)
{
    (void)state;
    struct metrics *metrics = open_quietly();
    const int64_t *bounds = metric_table[METRIC_REQUEST_TIME].bounds;
    int count = metric_bounds(&metric_table[METRIC_REQUEST_TIME]);
    int64_t expected_sum = 0;
    for (int i = 0; i < count; i++) {
        assert_true(i == 0 || bounds[i] > bounds[i - 1]);
        /* A bound belongs to the bucket below it: "le" is less or equal. */
        metrics_observe(metrics, METRIC_REQUEST_TIME, METRIC_GROUP_READ, bounds[i]);
        metrics_observe(metrics, METRIC_REQUEST_TIME, METRIC_GROUP_READ, bounds[i] + 1);
        expected_sum += 2 * bounds[i] + 1;
    }
    struct metrics_census census;
    struct metrics_histogram histogram;
    metrics_take_census(metrics, &census);
    metrics_histogram(metrics, &census, METRIC_REQUEST_TIME, METRIC_GROUP_READ, &histogram);
    assert_int_equal(histogram.bucket_count, count + 1);
    assert_int_equal(histogram.buckets[0], 1);
    for (int i = 1; i < count; i++)
        assert_int_equal(histogram.buckets[i], 2);
    assert_int_equal(histogram.buckets[count], 1);
    assert_int_equal(histogram.count, 2 * count);
    assert_int_equal(histogram.sum, expected_sum);
    metrics_histogram(metrics, &census, METRIC_REQUEST_TIME, METRIC_GROUP_OTHER, &histogram);
    assert_int_equal(histogram.count + histogram.sum, 0);
    metrics_close(metrics);
}

static void test_rows(void **state)
{
    (void)state;
    int other = metric_label_rows(&metric_table[METRIC_REQUESTS].labels[0]) - 1;
    const char *(*value)(int row) = metric_table[METRIC_REQUESTS].labels[0].value;
    assert_int_equal(metric_route_row(NULL), other);
    assert_string_equal(value(other), "other");
    assert_null(value(other + 1));
    for (int i = 0; route_at(i); i++) {
        assert_int_equal(metric_route_row(route_at(i)), i);
        assert_string_equal(value(i), route_at(i)->name);
    }

    value = metric_table[METRIC_REQUESTS].labels[1].value;
    assert_string_equal(value(metric_status_row(200)), "200");
    assert_string_equal(value(metric_status_row(429)), "429");
    assert_string_equal(value(metric_status_row(418)), "other");
    assert_string_equal(value(metric_status_row(0)), "other");
}

static void test_page(void **state)
{
    (void)state;
    static char bytes[65536];
    struct text page;
    struct metrics *metrics = open_quietly();
    struct metrics_census census;
    metrics_add(metrics, METRIC_REQUESTS, metric_route_row(NULL), metric_status_row(404), 3);
    metrics_add(metrics, METRIC_BUSY_TIME, METRIC_ROLE_READ, 0, 61500000);
    metrics_observe(metrics, METRIC_REQUEST_TIME, METRIC_GROUP_CHECKOUT, 7400);
    metrics_observe(metrics, METRIC_REQUEST_TIME, METRIC_GROUP_CHECKOUT, 2000001);
    metrics_take_census(metrics, &census);
    text_begin(&page, bytes, sizeof bytes - 1);
    metrics_page_add(&page, metrics, &census);
    assert_false(page.is_cut);
    bytes[page.used] = '\0';
    static const char *const lines[] = {
        "\nflashsale_workers 1\n",
        "\n# TYPE flashsale_worker_requests_total counter\n",
        "\nflashsale_worker_requests_total{worker=\"1\"} 3\n",
        "\nflashsale_worker_in_flight_requests{worker=\"1\"} 0\n",
        "\n# TYPE flashsale_requests_total counter\n",
        "\nflashsale_requests_total{route=\"other\",status=\"404\"} 3\n",
        "\nflashsale_requests_total{route=\"/checkout\",status=\"503\"} 0\n",
        "\nflashsale_threads_busy_seconds_total{role=\"read\"} 61.5\n",
        "\n# TYPE flashsale_request_duration_seconds histogram\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"checkout\",le=\"0.005\"} 0\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"checkout\",le=\"0.0075\"} 1\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"checkout\",le=\"1\"} 1\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"checkout\",le=\"2.5\"} 2\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"checkout\",le=\"+Inf\"} 2\n",
        "\nflashsale_request_duration_seconds_sum{group=\"checkout\"} 2.007401\n",
        "\nflashsale_request_duration_seconds_count{group=\"checkout\"} 2\n",
        "\nflashsale_batch_requests_bucket{kind=\"purchase\",le=\"256\"} 0\n",
        "\nflashsale_connections_max 0\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(bytes, lines[i]))
            fail_msg("not on the page: %s", lines[i]);
    /* What cannot be, or never was, makes no rows. */
    assert_null(strstr(bytes, "status=\"409\""));
    assert_null(strstr(bytes, "kind=\"checkout\",outcome=\"purchased\""));
    metrics_close(metrics);
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_counters_stay),
                                       TEST(test_cells_are_apart),
                                       TEST(test_two_workers),
                                       TEST(test_writers_at_once),
                                       TEST(test_threads_at_once),
                                       TEST(test_killed_worker),
                                       TEST(test_other_layout),
                                       TEST(test_file_of_others),
                                       TEST(test_cut_file),
                                       TEST(test_without_file),
                                       TEST(test_more_workers_than_slots),
                                       TEST(test_by_worker),
                                       TEST(test_histogram),
                                       TEST(test_rows),
                                       TEST(test_page)};
    return cmocka_run_group_tests_name("metrics", tests, make_folder, remove_folder);
}
