/*
 * The web server's keep-alive connections (FastCGI 1.0). A connection has one request at a time, as
 * web servers use it (FCGI_MPXS_CONNS is not offered).
 *
 * Idle connections cost no thread: epoll(7) watches them all. The thread that finds a request reads
 * it; the request is in flight until connection_done(), which any thread may call. No thread waits
 * for a web server to read a reply or to close its end: the request threads send the rest of a
 * reply once the socket has room for it, and a connection whose other side does not read in time is
 * cut off.
 */
#ifndef FCGI_SERVER_CONNECTION_H
#define FCGI_SERVER_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

struct connections;
struct connection;

/*
 * For up to `max` connections that are accepted from the listening socket. Each has `data_bytes`
 * bytes for the caller's own data. NULL: out of memory or descriptors.
 */
struct connections *connections_new(int listen_fd, int max, size_t data_bytes);

/* Closes what is open. No thread may use the set any more. */
void connections_free(struct connections *set);

/*
 * Waits for a connection with a request, and reads the request up to its body. The caller owns the
 * connection until connection_done(). Any number of threads may wait. NULL: connections_end() was
 * called.
 */
struct connection *connections_next(struct connections *set);

/* For the connection's owner: the request and its reply. */
struct stream *connection_stream(struct connection *connection);

/* For its owner: the caller's own data, aligned for any type. They are zero at first, and stay as
   they are from request to request. */
void *connection_data(struct connection *connection);

/* For its owner: when a thread came to read the request, by clock_us(). */
int64_t connection_began_us(const struct connection *connection);

/* Sends the reply, which is written, and has the connection wait for its next request. Does not
   block. */
void connection_done(struct connection *connection);

/*
 * Accepts no more connections. Requests that were sent already are still read and answered. Waits
 * until all connections are closed, at most `ms_max`, and returns how many are still open.
 */
int connections_drain(struct connections *set, int ms_max);

/*
 * Listens again after a pause, and cuts off connections that take too long. One thread calls it
 * several times a second.
 */
void connections_tick(struct connections *set);

/* How many connections are open, and how many have a request in flight. Any thread. */
void connections_count(struct connections *set, int *open, int *in_flight);

/* Has connections_next() return NULL in all threads. Any thread. */
void connections_end(struct connections *set);

#endif
