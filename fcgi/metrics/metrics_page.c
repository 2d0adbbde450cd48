#include "metrics_page.h"

#include <stdio.h>

enum { SECOND_US = 1000000 };

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

void metrics_page_head(struct text *page, const char *name, const char *type, const char *help)
{
    text_add(page, "# HELP ");
    text_add(page, name);
    text_add(page, " ");
    text_add(page, help);
    text_add(page, "\n# TYPE ");
    text_add(page, name);
    text_add(page, " ");
    text_add(page, type);
    text_add(page, "\n");
}

/* Labels' names and values come from tables: they need no escaping. */
static void add_label(struct text *page, const char *separator, const char *name, const char *value)
{
    text_add(page, separator);
    text_add(page, name);
    text_add(page, "=\"");
    text_add(page, value);
    text_add(page, "\"");
}

void metrics_page_row(struct text *page, const char *name, const char *label,
                      const char *label_value, int64_t value)
{
    text_add(page, name);
    if (label) {
        add_label(page, "{", label, label_value);
        text_add(page, "}");
    }
    text_add(page, " ");
    text_add_integer(page, value);
    text_add(page, "\n");
}

/* A number as the page shows it: microseconds become seconds, without trailing zeros. */
static void add_value(struct text *page, const struct metric_row *metric, int64_t value)
{
    text_add_integer(page, metric->is_time ? value / SECOND_US : value);
    if (!metric->is_time || value % SECOND_US == 0)
        return;
    char fraction[8];
    int length = snprintf(fraction, sizeof fraction, ".%06d", (int)(value % SECOND_US));
    while (fraction[length - 1] == '0')
        length--;
    text_add_bytes(page, fraction, (size_t)length);
}

/* The metric's name, a suffix and the labels. */
static void begin_row(struct text *page, const struct metric_labels *labels,
                      const struct metric_row *metric, const char *suffix, int first, int second)
{
    const int rows[METRIC_LABELS_MAX] = {first, second};
    text_add(page, metric->name);
    text_add(page, suffix);
    for (int i = 0; i < METRIC_LABELS_MAX && metric->labels[i].name; i++)
        add_label(page, i == 0 ? "{" : ",", metric->labels[i].name,
                  labels->values[metric->labels[i].list](rows[i]));
}

static void end_row(struct text *page, const struct metric_row *metric, bool is_time, int64_t value)
{
    text_add(page, metric->labels[0].name ? "} " : " ");
    if (is_time)
        add_value(page, metric, value);
    else
        text_add_integer(page, value);
    text_add(page, "\n");
}

static void add_histogram(struct text *page, const struct metric_labels *labels,
                          const struct metric_row *metric, int first,
                          const struct metrics_histogram *histogram)
{
    int64_t cumulative = 0;
    for (int i = 0; i < histogram->bucket_count; i++) {
        cumulative += histogram->buckets[i];
        begin_row(page, labels, metric, "_bucket", first, 0);
        text_add(page, ",le=\"");
        if (i == histogram->bucket_count - 1)
            text_add(page, "+Inf");
        else
            add_value(page, metric, metric->bounds[i]);
        text_add(page, "\"");
        end_row(page, metric, false, cumulative);
    }
    begin_row(page, labels, metric, "_sum", first, 0);
    end_row(page, metric, metric->is_time, histogram->sum);
    begin_row(page, labels, metric, "_count", first, 0);
    end_row(page, metric, false, histogram->count);
}

static void add_metric(struct text *page, const struct metrics *metrics,
                       const struct metrics_census *census, enum metric metric)
{
    const struct metric_row *row = &metric_table[metric];
    const struct metric_labels *labels = metrics_labels(metrics);
    bool (*is_shown)(int first, int second) = labels->is_shown[metric];
    metrics_page_head(page, row->name, type_names[row->type], row->help);
    for (int first = 0; first < metric_label_rows(labels, &row->labels[0]); first++) {
        if (row->type == METRIC_HISTOGRAM) {
            struct metrics_histogram histogram;
            metrics_histogram(metrics, census, metric, first, &histogram);
            add_histogram(page, labels, row, first, &histogram);
            continue;
        }
        for (int second = 0; second < metric_label_rows(labels, &row->labels[1]); second++) {
            int64_t value = metrics_sum(metrics, census, metric, first, second);
            if (value == 0 && is_shown && !is_shown(first, second))
                continue;
            begin_row(page, labels, row, "", first, second);
            end_row(page, row, row->is_time, value);
        }
    }
}

/* ---- by worker: the label is the number of its slot, so the number of rows is bounded ---- */

typedef int64_t value_of(const struct metrics *metrics, const struct metrics_census *census,
                         int worker);

static int64_t started_s(const struct metrics *metrics, const struct metrics_census *census,
                         int worker)
{
    (void)metrics;
    return census->workers[worker].started_us / SECOND_US;
}

static int64_t pid(const struct metrics *metrics, const struct metrics_census *census, int worker)
{
    (void)metrics;
    return census->workers[worker].pid;
}

static int64_t requests(const struct metrics *metrics, const struct metrics_census *census,
                        int worker)
{
    (void)census;
    return metrics_worker_sum(metrics, worker, METRIC_REQUESTS);
}

static int64_t in_flight(const struct metrics *metrics, const struct metrics_census *census,
                         int worker)
{
    (void)census;
    return metrics_worker_sum(metrics, worker, METRIC_IN_FLIGHT);
}

static const struct {
    const char *name;
    enum metric_type type;
    const char *help;
    value_of *value;
} worker_rows[] = {{"flashsale_worker_start_time_seconds", METRIC_GAUGE,
                    "When a worker that lives was started, in seconds since 1970.", started_s},
                   {"flashsale_worker_pid", METRIC_GAUGE, "Process of a worker that lives.", pid},
                   {"flashsale_worker_requests_total", METRIC_COUNTER,
                    "Requests answered, by worker; the next one with its number counts on.",
                    requests},
                   {"flashsale_worker_in_flight_requests", METRIC_GAUGE,
                    "Requests that wait for a decision, by worker that lives.", in_flight}};

/* Gauges have rows for live workers only, counters for all slots that were ever used. */
static void add_workers(struct text *page, const struct metrics *metrics,
                        const struct metrics_census *census)
{
    metrics_page_head(page, "flashsale_workers", "gauge", "Workers that live.");
    metrics_page_row(page, "flashsale_workers", NULL, NULL, census->living);
    for (size_t row = 0; row < sizeof worker_rows / sizeof worker_rows[0]; row++) {
        bool is_gauge = worker_rows[row].type == METRIC_GAUGE;
        metrics_page_head(page, worker_rows[row].name, type_names[worker_rows[row].type],
                          worker_rows[row].help);
        for (int i = 0; i < METRICS_WORKERS_MAX; i++) {
            char number[12];
            snprintf(number, sizeof number, "%d", i + 1);
            if (is_gauge ? census->workers[i].is_alive : census->workers[i].is_used)
                metrics_page_row(page, worker_rows[row].name, "worker", number,
                                 worker_rows[row].value(metrics, census, i));
        }
    }
}

void metrics_page_add(struct text *page, const struct metrics *metrics,
                      const struct metrics_census *census)
{
    add_workers(page, metrics, census);
    for (int i = 0; i < METRIC_COUNT; i++)
        add_metric(page, metrics, census, (enum metric)i);
}
