/* The counters that all workers of a host share: what is kept, summed and replaced. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fcgi/metrics/metrics.h"
#include "fcgi/metrics/metrics_page.h"

enum { ADDS = 100000, WRITERS = 4 };

/* ---- the test's own lists of labels, for metrics_open() ---- */

enum { RED, GREEN, BLUE, COLOURS };

static const char *colour(int row)
{
    static const char *const names[] = {"red", "green", "blue", NULL};
    return names[row];
}

/* One name differs. */
static const char *other_colour(int row)
{
    return row == GREEN ? "grey" : colour(row);
}

/* One name more. */
static const char *more_colours(int row)
{
    return row < COLOURS ? colour(row) : row == COLOURS ? "white" : NULL;
}

/* The same names in another order. */
static const char *colour_backwards(int row)
{
    return row < COLOURS ? colour(COLOURS - 1 - row) : NULL;
}

static struct metric_labels labels_of(const char *(*value)(int row))
{
    struct metric_labels labels = {.is_shown = {NULL}};
    for (int i = METRIC_NO_LIST + 1; i < METRIC_LISTS; i++)
        labels.values[i] = value;
    return labels;
}

static bool is_green_or_blue(int first, int second)
{
    return first != RED && second != RED;
}

static struct metric_labels labels;

static char folder[] = "/tmp/flashsale-metrics.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    labels = labels_of(colour);
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
    struct metrics *metrics = metrics_open(path, &labels);
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
        metrics_add(metrics, METRIC_DECISIONS, GREEN, BLUE, 2);
        assert_int_equal(sum(metrics, METRIC_DECISIONS, GREEN, BLUE), 2 * i);
        assert_int_equal(sum(metrics, METRIC_DECISIONS, RED, BLUE), 0);
        assert_int_equal(sum(metrics, METRIC_STARTS, 0, 0), i);
        assert_int_equal(living(metrics), 1);
        metrics_close(metrics);
    }
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Each metric has cells of its own: adding to one changes no other. */
static void test_cells_are_separate(void **state)
{
    (void)state;
    struct metrics *metrics = open_quietly();
    for (int pass = 0; pass < 2; pass++) {
        int64_t value = 1;
        for (int i = 0; i < METRIC_COUNT; i++) {
            const struct metric_row *row = &metric_table[i];
            if (row->type == METRIC_HISTOGRAM || i == METRIC_STARTS)
                continue;
            for (int first = 0; first < metric_label_rows(&labels, &row->labels[0]); first++)
                for (int second = 0; second < metric_label_rows(&labels, &row->labels[1]);
                     second++) {
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
    metrics_set(one, METRIC_CONNECTIONS, GREEN, 10);
    metrics_set(other, METRIC_CONNECTIONS, GREEN, 20);
    assert_int_equal(living(one), 2);
    assert_int_equal(living(other), 2);
    assert_int_equal(sum(one, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(other, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(one, METRIC_CONNECTIONS, GREEN, 0), 30);

    metrics_close(one);
    assert_int_equal(living(other), 1);
    assert_int_equal(sum(other, METRIC_REFUSALS_LOOKED_UP, 0, 0), 7);
    assert_int_equal(sum(other, METRIC_CONNECTIONS, GREEN, 0), 20);
    metrics_close(other);
}

/* Several processes open the file, create it and count at the same time. */
static void test_processes_count_concurrently(void **state)
{
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct metrics *metrics = metrics_open(path, &labels);
            for (int n = 0; metrics && n < ADDS; n++) {
                metrics_add(metrics, METRIC_REQUESTS, 0, GREEN, 1);
                metrics_observe(metrics, METRIC_BATCH_SIZE, RED, n % 3 + 1);
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
    metrics_histogram(metrics, &census, METRIC_BATCH_SIZE, RED, &histogram);
    assert_int_equal(sum(metrics, METRIC_REQUESTS, 0, GREEN), WRITERS * ADDS);
    assert_int_equal(sum(metrics, METRIC_STARTS, 0, 0), WRITERS + 1);
    assert_int_equal(histogram.count, WRITERS * ADDS);
    /* 1, 2, 3, 1, 2, 3, ..., 1 */
    assert_int_equal(histogram.sum, WRITERS * (2 * (ADDS - 1) + 1));
    metrics_close(metrics);
}

static void *add_many(void *metrics)
{
    for (int n = 0; n < ADDS; n++)
        metrics_observe(metrics, METRIC_BATCH_SIZE, GREEN, 1);
    return NULL;
}

/* Several threads of one worker count at the same time. */
static void test_threads_count_concurrently(void **state)
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
    metrics_histogram(metrics, &census, METRIC_BATCH_SIZE, GREEN, &histogram);
    assert_int_equal(histogram.count, WRITERS * ADDS);
    assert_int_equal(histogram.sum, WRITERS * ADDS);
    metrics_close(metrics);
}

/* After a worker is killed its counters stay, and its gauges are left out. */
static void test_killed_worker(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct metrics *metrics = metrics_open(path, &labels);
        metrics_add(metrics, METRIC_RECONNECTS, RED, 0, 5);
        metrics_set(metrics, METRIC_IN_FLIGHT, RED, 77);
        ssize_t written = write(ready[1], "r", 1);
        (void)written;
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct metrics *metrics = open_quietly();
    assert_int_equal(living(metrics), 2);
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, RED, 0), 77);

    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(living(metrics), 1);
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, RED, 0), 0);
    assert_int_equal(sum(metrics, METRIC_RECONNECTS, RED, 0), 5);

    /* The next worker takes its worker slot, has gauges of 0, and adds to its counters. */
    struct metrics *next = open_quietly();
    struct metrics_census census;
    assert_int_equal(sum(metrics, METRIC_IN_FLIGHT, RED, 0), 0);
    metrics_add(next, METRIC_RECONNECTS, RED, 0, 1);
    assert_int_equal(sum(metrics, METRIC_RECONNECTS, RED, 0), 6);
    metrics_take_census(metrics, &census);
    assert_int_equal(census.living, 2);
    assert_true(census.workers[0].is_alive && census.workers[1].is_alive &&
                !census.workers[2].is_used);
    metrics_close(next);
    metrics_close(metrics);
    close(ready[0]);
    close(ready[1]);
}

static void write_at(off_t offset, const void *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, offset), count);
    close(fd);
}

/* A file is replaced if its version, another part of its header, or its size differs. A worker that
 * has the old file open keeps it. */
static void test_other_layout(void **state)
{
    (void)state;
    static const off_t offsets[] = {10, 16, 24};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0] + 1; i++) {
        struct capture capture;
        struct stat before, after;
        struct metrics *old = open_quietly();
        metrics_add(old, METRIC_REFUSALS_SHARED, 0, 0, 9);
        assert_int_equal(stat(path, &before), 0);
        if (i < sizeof offsets / sizeof offsets[0])
            write_at(offsets[i], "?", 1);
        else
            write_at(before.st_size, "?", 1);

        capture_begin(&capture);
        struct metrics *metrics = metrics_open(path, &labels);
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

/* A file that is shorter than its header says must not end the process (SIGBUS). */
static void test_cut_file(void **state)
{
    (void)state;
    struct capture capture;
    metrics_close(open_quietly());
    assert_int_equal(truncate(path, 5000), 0);
    capture_begin(&capture);
    struct metrics *metrics = metrics_open(path, &labels);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "another layout"));
    metrics_add(metrics, METRIC_REFUSALS_SHARED, 0, 0, 1);
    assert_int_equal(sum(metrics, METRIC_REFUSALS_SHARED, 0, 0), 1);
    metrics_close(metrics);
}

/* Another program's file at the path stays, whatever its length. An unfinished file of an earlier
 * start is replaced. */
static void test_file_of_others(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "flashsale", "flashsale's accounts of the year"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct capture capture;
        char bytes[64] = "";
        write_at(0, texts[i], strlen(texts[i]));
        capture_begin(&capture);
        struct metrics *metrics = metrics_open(path, &labels);
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
    struct metrics *metrics = metrics_open(path, &labels);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "another layout"));
    metrics_close(metrics);
}

/* Without a file the worker goes on, and counts for itself. */
static void test_without_file(void **state)
{
    (void)state;
    char link[80], nowhere[80];
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere/metrics", folder);
    metrics_close(open_quietly());
    assert_int_equal(symlink(path, link), 0);
    const char *const paths[] = {link, nowhere, folder, "/dev/null", ""};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct capture capture;
        capture_begin(&capture);
        struct metrics *metrics = metrics_open(paths[i], &labels);
        capture_end(&capture);
        assert_non_null(metrics);
        if (*paths[i])
            assert_non_null(strstr(capture.text, "counts for itself alone"));
        else
            assert_string_equal(capture.text, "");
        metrics_add(metrics, METRIC_REFUSALS_SHARED, 0, 0, 1);
        metrics_set(metrics, METRIC_BATCHERS, RED, 2);
        assert_int_equal(sum(metrics, METRIC_REFUSALS_SHARED, 0, 0), 1);
        assert_int_equal(sum(metrics, METRIC_BATCHERS, RED, 0), 2);
        assert_int_equal(living(metrics), 1);
        metrics_close(metrics);
    }
    assert_int_equal(unlink(link), 0);
}

static void test_more_workers_than_worker_slots(void **state)
{
    (void)state;
    static struct metrics *all[METRICS_WORKERS_MAX];
    struct capture capture;
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        all[i] = open_quietly();
    capture_begin(&capture);
    struct metrics *more = metrics_open(path, &labels);
    capture_end(&capture);
    assert_non_null(strstr(capture.text, "every worker slot is taken"));
    assert_int_equal(living(all[0]), METRICS_WORKERS_MAX);
    assert_int_equal(living(more), 1);
    metrics_close(more);
    for (int i = 0; i < METRICS_WORKERS_MAX; i++)
        metrics_close(all[i]);
}

/* Each worker's counters are its own. The next worker with its worker slot adds to them. The sum is
   that of all workers. */
static void test_by_worker(void **state)
{
    (void)state;
    struct metrics *first = open_quietly(), *second = open_quietly();
    struct metrics_census census;
    metrics_add(first, METRIC_REQUESTS, 0, 0, 5);
    metrics_add(first, METRIC_REQUESTS, BLUE, GREEN, 2);
    metrics_add(second, METRIC_REQUESTS, 0, 0, 3);
    metrics_set(second, METRIC_IN_FLIGHT, GREEN, 4);
    assert_int_equal(metrics_worker_sum(first, 0, METRIC_REQUESTS), 7);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 3);
    assert_int_equal(metrics_worker_sum(first, 2, METRIC_REQUESTS), 0);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_IN_FLIGHT), 4);
    metrics_take_census(first, &census);
    assert_int_equal(census.workers[0].pid, getpid());

    metrics_close(second);
    metrics_take_census(first, &census);
    assert_true(census.workers[1].is_used && !census.workers[1].is_alive);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 3);
    second = open_quietly();
    metrics_add(second, METRIC_REQUESTS, 0, 0, 1);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_REQUESTS), 4);
    assert_int_equal(metrics_worker_sum(first, 1, METRIC_IN_FLIGHT), 0);
    metrics_close(first);
    metrics_close(second);
}

/* What the workers share beside the counters is theirs together, zero at first, and stays. */
static void test_shared_memory(void **state)
{
    (void)state;
    struct metrics *first = open_quietly(), *second = open_quietly();
    char *one = metrics_shared(first), *other = metrics_shared(second);
    assert_int_equal((uintptr_t)one % 4096, 0);
    for (int i = 0; i < METRICS_SHARED_BYTES; i++) {
        assert_int_equal(one[i], 0);
        one[i] = (char)(i % 251);
    }
    metrics_add(first, METRIC_STARTS, 0, 0, 40);
    assert_int_equal(sum(second, METRIC_STARTS, 0, 0), 42);
    metrics_close(first);
    for (int i = 0; i < METRICS_SHARED_BYTES; i++)
        assert_int_equal(other[i], (char)(i % 251));
    metrics_close(second);
    first = metrics_open("", &labels);
    one = metrics_shared(first);
    assert_int_equal(one[1], 0);
    one[METRICS_SHARED_BYTES - 1] = 1;
    metrics_close(first);
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
        metrics_observe(metrics, METRIC_REQUEST_TIME, GREEN, bounds[i]);
        metrics_observe(metrics, METRIC_REQUEST_TIME, GREEN, bounds[i] + 1);
        expected_sum += 2 * bounds[i] + 1;
    }
    struct metrics_census census;
    struct metrics_histogram histogram;
    metrics_take_census(metrics, &census);
    metrics_histogram(metrics, &census, METRIC_REQUEST_TIME, GREEN, &histogram);
    assert_int_equal(histogram.bucket_count, count + 1);
    assert_int_equal(histogram.buckets[0], 1);
    for (int i = 1; i < count; i++)
        assert_int_equal(histogram.buckets[i], 2);
    assert_int_equal(histogram.buckets[count], 1);
    assert_int_equal(histogram.count, 2 * count);
    assert_int_equal(histogram.sum, expected_sum);
    metrics_histogram(metrics, &census, METRIC_REQUEST_TIME, BLUE, &histogram);
    assert_int_equal(histogram.count + histogram.sum, 0);
    metrics_close(metrics);
}

/* The labels are part of the layout: with other labels a row would mean something else. */
static void test_other_labels(void **state)
{
    (void)state;
    const char *(*const values[])(int row) = {other_colour, more_colours, colour_backwards};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct capture capture;
        const struct metric_labels other_labels = labels_of(values[i]);
        struct metrics *old = open_quietly();
        metrics_add(old, METRIC_RECONNECTS, GREEN, 0, 9);

        capture_begin(&capture);
        struct metrics *metrics = metrics_open(path, &other_labels);
        capture_end(&capture);
        assert_non_null(metrics);
        assert_non_null(strstr(capture.text, "another layout"));
        assert_int_equal(sum(metrics, METRIC_RECONNECTS, GREEN, 0), 0);
        assert_int_equal(living(metrics), 1);
        assert_int_equal(sum(old, METRIC_RECONNECTS, GREEN, 0), 9);
        metrics_close(metrics);
        metrics_close(old);
        assert_int_equal(unlink(path), 0);
    }

    /* What is shown is not part of the layout, nor are the functions' addresses. */
    struct metric_labels same_labels = labels_of(colour);
    same_labels.is_shown[METRIC_REQUESTS] = is_green_or_blue;
    metrics_close(open_quietly());
    struct capture capture;
    capture_begin(&capture);
    metrics_close(metrics_open(path, &same_labels));
    capture_end(&capture);
    assert_string_equal(capture.text, "");
}

static void test_page(void **state)
{
    (void)state;
    static char bytes[65536];
    struct text page;
    struct metric_labels some_shown = labels_of(colour);
    some_shown.is_shown[METRIC_REQUESTS] = is_green_or_blue;
    struct metrics *metrics = metrics_open(path, &some_shown);
    assert_non_null(metrics);
    struct metrics_census census;
    metrics_add(metrics, METRIC_REQUESTS, RED, BLUE, 3);
    metrics_add(metrics, METRIC_BUSY_TIME, BLUE, 0, 61500000);
    metrics_observe(metrics, METRIC_REQUEST_TIME, RED, 7400);
    metrics_observe(metrics, METRIC_REQUEST_TIME, RED, 2000001);
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
        "\nflashsale_requests_total{route=\"red\",status=\"blue\"} 3\n",
        "\nflashsale_requests_total{route=\"green\",status=\"blue\"} 0\n",
        "\nflashsale_decisions_total{kind=\"red\",outcome=\"red\"} 0\n",
        "\nflashsale_threads_busy_seconds_total{role=\"blue\"} 61.5\n",
        "\n# TYPE flashsale_request_duration_seconds histogram\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"red\",le=\"0.005\"} 0\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"red\",le=\"0.0075\"} 1\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"red\",le=\"1\"} 1\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"red\",le=\"2.5\"} 2\n",
        "\nflashsale_request_duration_seconds_bucket{group=\"red\",le=\"+Inf\"} 2\n",
        "\nflashsale_request_duration_seconds_sum{group=\"red\"} 2.007401\n",
        "\nflashsale_request_duration_seconds_count{group=\"red\"} 2\n",
        "\nflashsale_batch_requests_bucket{kind=\"green\",le=\"256\"} 0\n",
        "\nflashsale_connections_max 0\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(bytes, lines[i]))
            fail_msg("not on the page: %s", lines[i]);
    /* A row that counted nothing is shown if the labels say so. */
    assert_null(strstr(bytes, "{route=\"red\",status=\"green\"}"));
    assert_null(strstr(bytes, "{route=\"green\",status=\"red\"}"));
    metrics_close(metrics);
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_counters_stay),
                                       TEST(test_cells_are_separate),
                                       TEST(test_two_workers),
                                       TEST(test_processes_count_concurrently),
                                       TEST(test_threads_count_concurrently),
                                       TEST(test_killed_worker),
                                       TEST(test_other_layout),
                                       TEST(test_file_of_others),
                                       TEST(test_cut_file),
                                       TEST(test_without_file),
                                       TEST(test_more_workers_than_worker_slots),
                                       TEST(test_by_worker),
                                       TEST(test_shared_memory),
                                       TEST(test_histogram),
                                       TEST(test_other_labels),
                                       TEST(test_page)};
    return cmocka_run_group_tests_name("metrics", tests, make_folder, remove_folder);
}
