/*
 * What answers at each path; an endpoint a file. An endpoint reads the request, which is valid,
 * and writes the whole reply. Called by request threads.
 */
#ifndef FCGI_ENDPOINTS_H
#define FCGI_ENDPOINTS_H

#include "common/settings.h"
#include "lanes.h"
#include "reply.h"
#include "request.h"
#include "sale_view.h"

/* What endpoints work with; the same for all request threads. */
struct services {
    const struct settings *settings;
    struct lanes *lanes;
    struct sale_view *sale_view;
};

typedef void endpoint(const struct services *services, const struct request *request,
                      struct reply *reply);

endpoint checkout_endpoint;
endpoint purchase_endpoint;
endpoint health_endpoint;
endpoint status_endpoint;

#endif
