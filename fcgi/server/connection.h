/*
 * The web server's connections (FastCGI 1.0), kept from request to request. A connection has one
 * request at a time, as web servers use it (FCGI_MPXS_CONNS is not offered).
 *
 * Idle connections cost no thread: epoll(7) watches them all. Whoever finds a request reads it,
 * and then it is in flight until connection_done(), which any thread may call.
 */
#ifndef FCGI_SERVER_CONNECTION_H
#define FCGI_SERVER_CONNECTION_H

#include <fcgiapp.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fcgi/http/request.h"
#include "fcgi/sale/job.h"

struct connections;
struct route;

struct connection {
    FCGX_Request fcgx;      /* of whoever works on the request; so are these: */
    struct request request; /* as read */
    struct job job;         /* its place in a queue */
    const struct route *route;
    int64_t began_us; /* since when the request was there to be read, by clock_us() */
    void *owner;      /* as given to connections_new() */
    /* Of connection.c: */
    struct connections *set;
    struct connection *next_free;
    _Atomic int state;
};

/* For up to `max` connections on the listening socket. NULL: out of memory or descriptors. */
struct connections *connections_new(int listen_fd, int max, void *owner);

/* Only when no thread uses it any more. Closes what is open. */
void connections_free(struct connections *set);

/*
 * Waits for one connection with a request on it, whose beginning is read: FCGX_Accept_r() was
 * successful. Any number of threads may wait. NULL: connections_end() was called.
 */
struct connection *connections_next(struct connections *set);

/* The reply is written: sends it, and waits for the connection's next request. */
void connection_done(struct connection *connection);

/*
 * Accepts no more; what was sent already is still read and answered. Returns when all connections
 * are closed, or after `ms_max`: how many are not.
 */
int connections_drain(struct connections *set, int ms_max);

/* Listens again where it could not for a while. To be called now and then, by one thread. */
void connections_tick(struct connections *set);

/* How many are open now, and how many of them have a request in flight. Any thread. */
void connections_count(struct connections *set, int *open, int *in_flight);

/* Has connections_next() return NULL to all threads. */
void connections_end(struct connections *set);

#endif
