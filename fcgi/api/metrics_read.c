/* GET /metrics: the counters and states of all workers of the host, and the state of the sale. */
#include <string.h>

#include "common/options.h"
#include "endpoints.h"
#include "fcgi/metrics/metrics_page.h"

static void add_gauge(struct text *page, const char *name, const char *help, int64_t value)
{
    metrics_page_head(page, name, "gauge", help);
    metrics_page_row(page, name, NULL, NULL, value);
}

static void add_build(struct text *page)
{
    static const char name[] = "flashsale_build_info";
    metrics_page_head(page, name, "gauge", "Always 1; of the worker that wrote this page.");
    metrics_page_row(page, name, "version", FLASHSALE_VERSION, 1);
}

/* A kind of job is down unless it has batchers and all of them are connected. */
static void add_database(struct text *page, const struct metrics *metrics,
                         const struct metrics_census *census, bool is_read)
{
    static const char name[] = "flashsale_postgresql_up";
    metrics_page_head(page, name, "gauge",
                      "1: all batchers of that kind can sell by PostgreSQL, or, for read, it "
                      "told about the sale within the last second.");
    for (int kind = 0; kind < JOB_KINDS; kind++) {
        int64_t batchers = metrics_sum(metrics, census, METRIC_BATCHERS, kind, 0);
        int64_t batchers_up = metrics_sum(metrics, census, METRIC_BATCHERS_UP, kind, 0);
        metrics_page_row(page, name, "kind", job_kind_name((enum job_kind)kind),
                         batchers > 0 && batchers_up == batchers);
    }
    metrics_page_row(page, name, "kind", "read", is_read);
}

static void add_sale(struct text *page, const struct sale_status *sale)
{
    static const char status[] = "flashsale_sale_status";
    static const char *const statuses[] = {"none", "active", "sold_out", "closed"};
    metrics_page_head(page, status, "gauge", "1 for what the sale is, 0 for what it is not.");
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        metrics_page_row(page, status, "status", statuses[i],
                         strcmp(sale->status, statuses[i]) == 0);

    add_gauge(page, "flashsale_sale_id", "Number of the latest sale that has begun; 0: none has.",
              sale->sale_id);
    add_gauge(page, "flashsale_sale_remaining_seconds", "How long the sale is still open.",
              sale_status_seconds_left(sale));
    add_gauge(page, "flashsale_sale_items", "Items of the sale.", sale->items_total);
    add_gauge(page, "flashsale_sale_items_held", "Items that are reserved.", sale->items_held);
    add_gauge(page, "flashsale_sale_items_sold", "Items that are sold.", sale->purchases_accepted);
    add_gauge(page, "flashsale_sale_items_remaining",
              "Items that are neither reserved nor sold; more again when a reservation ends.",
              sale_status_items_left(sale));
}

void metrics_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct sale_status sale;
    struct metrics_census census;
    (void)request;
    bool is_read = sale_view_read(context->sale_view, &sale);
    metrics_take_census(context->metrics, &census);

    struct text *page = &reply->body;
    reply->content_type = METRICS_PAGE_TYPE;
    add_build(page);
    metrics_page_add(page, context->metrics, &census);
    add_database(page, context->metrics, &census, is_read);
    /* The sale is left out if it could not be read. */
    if (is_read)
        add_sale(page, &sale);
}
