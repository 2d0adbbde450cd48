#include "generate.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"

int generate_statement_s_max(int items_total)
{
    return STATEMENT_S_BASE + (items_total + STATEMENT_ITEMS_S - 1) / STATEMENT_ITEMS_S;
}

static void add_to_report(struct generate_report *report, int32_t sale_id,
                          const struct store_window *window)
{
    report->sale_id_first = report->sales_made ? report->sale_id_first : sale_id;
    report->sale_id_last = sale_id;
    report->sales_made++;
    log_debug("sale %d of %s to %s made", (int)sale_id, window->starts_at, window->ends_at);
}

/* True: the sale exists now, whichever run made it. */
static bool make_sale(struct store *store, const struct store_window *window,
                      struct generate_report *report)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        log_error("getrandom: %s", strerror(errno));
        return false;
    }
    int32_t sale_id = 0;
    enum store_made made = store_make_sale(store, window, seed, &sale_id);
    if (made == STORE_MADE)
        add_to_report(report, sale_id, window);
    return made != STORE_NOT_MADE;
}

/*
 * Reads what is missing again before each sale: windows pass while sales are made. If making a sale
 * took longer than the sale lasts, this would never end. So the tries are limited to twice the
 * sales missing at first: enough if a sale is made in half its duration.
 */
static bool make_missing(struct store *store, const struct settings *settings,
                         struct generate_report *report)
{
    struct store_rows missing;
    bool good = store_read_missing(store, &missing);
    for (int tries_left = good ? 2 * missing.count : 0; good && missing.count > 0; tries_left--) {
        const struct store_window first = store_missing(&missing, 0);
        if (tries_left == 0)
            log_error("sales of %d s pass faster than they are made", settings->sale.duration_s);
        good = tries_left > 0 && make_sale(store, &first, report);
        store_rows_free(&missing);
        good = good && store_read_missing(store, &missing);
    }
    if (good)
        store_rows_free(&missing);
    return good;
}

bool generate(struct store *store, const struct settings *settings, struct generate_report *report)
{
    memset(report, 0, sizeof *report);
    if (!store_take_turn(store))
        return false;
    /* The log accepts attempts even without a partition for their day: sales are made anyway. */
    bool kept = store_keep_partitions(store, &report->partitions_made, &report->partitions_dropped);
    return make_missing(store, settings, report) && kept;
}
