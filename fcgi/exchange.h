/*
 * What the worker keeps of a request until it has replied, in the memory of the request's
 * connection. It belongs to the thread that works on it: a request thread, then a batcher's or a
 * reading thread.
 */
#ifndef FCGI_EXCHANGE_H
#define FCGI_EXCHANGE_H

#include <stdint.h>

#include "fcgi/api/routes.h"
#include "fcgi/http/request.h"
#include "fcgi/sale/job.h"
#include "fcgi/server/connection.h"
#include "fcgi/worker.h"

struct exchange {
    struct worker *worker;
    struct connection *connection;
    const struct route *route; /* NULL: not known yet, or the path has none */
    struct request request;
    struct job job; /* of a route that batchers or reading threads answer */
};

#endif
