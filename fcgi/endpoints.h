/*
 * What answers at each path; an endpoint a file.
 */
#ifndef FCGI_ENDPOINTS_H
#define FCGI_ENDPOINTS_H

#include "common/settings.h"
#include "lanes.h"
#include "reply.h"
#include "request.h"
#include "sale_view.h"

struct metrics;

/* What endpoints that read work with. */
struct services {
    const struct settings *settings;
    struct lanes *lanes;
    struct sale_view *sale_view;
    struct metrics *metrics;
    struct database *database; /* the calling thread's own (reader.h) */
};

/*
 * An endpoint that reads: writes the whole reply. It may wait for the database; called by the
 * threads for reading.
 */
typedef void endpoint_read(const struct services *services, const struct request *request,
                           struct reply *reply);

/*
 * An endpoint that has something decided, in two steps. The first, which never waits, says in the
 * ticket what is asked of a lane; false: the request cannot be asked, and the reply says why.
 * What the ticket points to is the request's. The second tells the verdict.
 */
typedef bool endpoint_ask(const struct settings *settings, const struct request *request,
                          struct ticket *ticket, struct reply *reply);
typedef void endpoint_tell(const struct settings *settings, const struct ticket *ticket,
                           struct reply *reply);

endpoint_ask checkout_ask, purchase_ask;
endpoint_tell checkout_tell, purchase_tell;
endpoint_read root_read, health_read, status_read, sale_status_read, sale_current_read,
    sale_info_read, sales_read, items_read, item_read, item_image_read, me_read, login_read,
    user_purchases_read, metrics_read, problem_read, openapi_read;

#endif
