#include "sale_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/database.h"

static const char *const statement =
    "SELECT sale_id, sale_status, starts_at, ends_at, server_time, items_total, purchase_limit,"
    " hold_s, stays_open, next_starts_at, items_held,"
    " checkouts_accepted, checkouts_repeated, checkouts_refused, purchases_accepted,"
    " purchases_refused FROM flashsale.sale_status()";

struct sale_view {
    pthread_mutex_t mutex; /* held while one thread asks; the others wait for its answer */
    struct database *database;
    time_t second;      /* that it was read in; 0: never */
    int64_t changes_us; /* when a sale begins or ends next, by clock_us(); INT64_MAX: unknown */
    bool is_known;
    struct sale_status status;
};

int64_t sale_status_seconds_left(const struct sale_status *status)
{
    int64_t left_us = status->sale_id > 0 ? status->ends_us - status->server_us : 0;
    return left_us > 0 ? left_us / 1000000 : 0;
}

int64_t sale_status_items_left(const struct sale_status *status)
{
    return status->items_total - status->purchases_accepted - status->items_held;
}

struct sale_view *sale_view_new(const struct settings *settings)
{
    struct sale_view *view = calloc(1, sizeof *view);
    if (!view)
        return NULL;
    const struct database_options options = {.conninfo = settings->database.worker_conninfo,
                                             .name = "flashsale reader",
                                             .connect_ms_max = settings->database.connect_ms_max,
                                             .statement_ms_max =
                                                 settings->database.statement_ms_max,
                                             .statements = &statement,
                                             .statement_count = 1,
                                             .is_in_background = true};
    pthread_mutex_init(&view->mutex, NULL);
    view->database = database_new(&options);
    if (!view->database) {
        sale_view_free(view);
        return NULL;
    }
    database_begin(view->database);
    return view;
}

void sale_view_free(struct sale_view *view)
{
    if (!view)
        return;
    database_free(view->database);
    pthread_mutex_destroy(&view->mutex);
    free(view);
}

/* From the server's time until the sale ends or another begins, whichever is next. */
static int64_t changes_in_us(const struct sale_status *status)
{
    const int64_t moments[] = {status->ends_us, status->next_starts_us};
    int64_t in_us = INT64_MAX;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t moment_in_us = moments[i] - status->server_us;
        if (moments[i] > 0 && moment_in_us > 0 && moment_in_us < in_us)
            in_us = moment_in_us;
    }
    return in_us;
}

static bool refresh(struct sale_view *view)
{
    PGresult *result;
    int64_t asked_us = clock_us();
    if (!database_ensure(view->database) ||
        database_call(view->database, 0, NULL, 0, &result) != DATABASE_DONE)
        return false;

    struct sale_status *status = &view->status;
    memset(status, 0, sizeof *status);
    status->sale_id = database_int4(result, 0, 0);
    database_text(result, 0, 1, status->status, sizeof status->status);
    status->starts_us = database_time_us(result, 0, 2);
    status->ends_us = database_time_us(result, 0, 3);
    status->server_us = database_time_us(result, 0, 4);
    status->items_total = database_int4(result, 0, 5);
    status->purchase_limit = database_int4(result, 0, 6);
    status->hold_s = database_int4(result, 0, 7);
    status->stays_open = database_bool(result, 0, 8);
    status->next_starts_us = database_time_us(result, 0, 9);
    status->items_held = database_int8(result, 0, 10);
    status->checkouts_accepted = database_int8(result, 0, 11);
    status->checkouts_repeated = database_int8(result, 0, 12);
    status->checkouts_refused = database_int8(result, 0, 13);
    status->purchases_accepted = database_int8(result, 0, 14);
    status->purchases_refused = database_int8(result, 0, 15);
    PQclear(result);
    /* Rather too early by what the answer took than too late. */
    int64_t in_us = changes_in_us(status);
    view->changes_us = in_us == INT64_MAX ? INT64_MAX : asked_us + in_us;
    return true;
}

bool sale_view_read(struct sale_view *view, struct sale_status *status)
{
    pthread_mutex_lock(&view->mutex);
    /* What is known is old when the clock's second is over, as then the copies of it that web
       servers keep are old too; when a sale has begun or ended since; or when the server is gone
       meanwhile. */
    bool is_gone = view->is_known && !database_is_open(view->database);
    bool is_past = view->is_known && clock_us() >= view->changes_us;
    time_t second = time(NULL);
    if (is_gone || is_past || second != view->second) {
        view->is_known = refresh(view);
        view->second = second;
    }
    bool is_known = view->is_known;
    *status = view->status;
    status->changes_in_us =
        view->changes_us == INT64_MAX ? INT64_MAX : view->changes_us - clock_us();
    pthread_mutex_unlock(&view->mutex);
    return is_known;
}
