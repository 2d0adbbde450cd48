/*
 * What answers at each path; an endpoint a file.
 */
#ifndef FCGI_API_ENDPOINTS_H
#define FCGI_API_ENDPOINTS_H

#include "common/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/request.h"
#include "fcgi/sale/batchers.h"
#include "fcgi/store/sale_view.h"
#include "parameter_names.h"

struct metrics;

/* What reading endpoints use. */
struct context {
    const struct settings *settings;
    struct batchers *batchers;
    struct sale_view *sale_view;
    struct metrics *metrics;
    struct database *database; /* the calling thread's own (reader.h) */
};

/*
 * An endpoint that answers at once: writes the whole reply, and has nothing that it could wait for.
 * Called by the threads that read requests.
 */
typedef void endpoint_at_once(const struct settings *settings, const struct request *request,
                              struct reply *reply);

/*
 * An endpoint that reads: writes the whole reply. It may wait for the database; called by the
 * threads for reading.
 */
typedef void endpoint_read(const struct context *context, const struct request *request,
                           struct reply *reply);

/*
 * An endpoint that a batcher decides for, in two steps. The first, which never waits, puts into the
 * job what the request wants; false: it is refused already, and the reply says why. Spans of the
 * job are the request's. The second writes the reply from the job's decision.
 */
typedef bool endpoint_submit(const struct settings *settings, const struct request *request,
                             struct job *job, struct reply *reply);
typedef void endpoint_reply(const struct settings *settings, const struct job *job,
                            struct reply *reply);

endpoint_submit checkout_submit, purchase_submit;
endpoint_reply checkout_reply, purchase_reply;
endpoint_at_once root_read, login_read, problem_read, openapi_read;
endpoint_read health_read, status_read, sale_status_read, sale_current_read, sale_info_read,
    sales_read, items_read, item_read, item_image_read, me_read, turn_read, user_purchases_read,
    metrics_read;

#endif
