/*
 * A request from its being read to its being answered: what the worker keeps of it, in the room
 * that its connection has. It belongs to the thread that works on it: one that reads requests, then
 * a batcher's or one that reads for it.
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
    const struct route *route; /* NULL: none is known yet, or there is none */
    struct request request;    /* as read */
    struct job job;            /* its place in a queue */
};

#endif
