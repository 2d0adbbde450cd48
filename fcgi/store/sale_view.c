#include "sale_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/database.h"

struct sale_view {
    pthread_mutex_t mutex; /* held while one thread asks; the others wait for its answer */
    struct database *database;
    time_t second;      /* the second of the last read; 0: none */
    int64_t changes_us; /* when a sale next begins or ends, by clock_us(); INT64_MAX: unknown */
    bool is_known;      /* the last read succeeded */
    struct sale_status status;
};

struct sale_view *sale_view_new(const struct settings *settings)
{
    struct sale_view *view = calloc(1, sizeof *view);
    if (!view)
        return NULL;
    pthread_mutex_init(&view->mutex, NULL);
    view->database = sale_status_connect(settings);
    if (!view->database) {
        sale_view_free(view);
        return NULL;
    }
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

static bool refresh(struct sale_view *view)
{
    int64_t asked_us = clock_us();
    if (!sale_status_fetch(view->database, &view->status))
        return false;
    /* From before the question: the view may expire early by the time the answer took, but never
       late. */
    int64_t in_us = view->status.changes_in_us;
    view->changes_us = in_us == INT64_MAX ? INT64_MAX : asked_us + in_us;
    return true;
}

bool sale_view_read(struct sale_view *view, struct sale_status *status)
{
    pthread_mutex_lock(&view->mutex);
    /* The view is read again in the clock's next second, when the web servers' cached copies expire
       too; when a sale has begun or ended since; and when the server closed the connection. */
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
