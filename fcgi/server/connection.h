/*
 * The web server's connections (FastCGI 1.0), kept from request to request. A connection has one
 * request at a time, as web servers use it (FCGI_MPXS_CONNS is not offered).
 *
 * Idle connections cost no thread: epoll(7) watches them all. Whoever finds a request reads it,
 * and then it is in flight until connection_done(), which any thread may call. No thread waits for
 * a web server to read a reply, or to close its end: what the socket has no room for is sent once
 * it has, by the threads that find requests, and who does not read in time is cut off.
 */
#ifndef FCGI_SERVER_CONNECTION_H
#define FCGI_SERVER_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

struct connections;
struct connection;

/*
 * For up to `max` connections on the listening socket, each with `room_bytes` of room for what its
 * owner keeps of a request. NULL: out of memory or descriptors.
 */
struct connections *connections_new(int listen_fd, int max, size_t room_bytes);

/* Only when no thread uses it any more. Closes what is open. */
void connections_free(struct connections *set);

/*
 * Waits for one connection with a request on it, which is read up to its body. Any number of
 * threads may wait. NULL: connections_end() was called.
 */
struct connection *connections_next(struct connections *set);

/* Of whoever works on the connection's request: the request and its reply; */
struct stream *connection_stream(struct connection *connection);
/* the connection's room, aligned for any type, zero at first and left as it was from request to
   request; */
void *connection_room(struct connection *connection);
/* since when the request was there to be read, by clock_us(). */
int64_t connection_began_us(const struct connection *connection);

/* The reply is written: sends it, and waits for the connection's next request. Never waits itself.
 */
void connection_done(struct connection *connection);

/*
 * Accepts no more; what was sent already is still read and answered. Returns when all connections
 * are closed, or after `ms_max`: how many are not.
 */
int connections_drain(struct connections *set, int ms_max);

/*
 * Listens again where it could not for a while, and cuts off who takes too long. To be called now
 * and then, by one thread.
 */
void connections_tick(struct connections *set);

/* How many are open now, and how many of them have a request in flight. Any thread. */
void connections_count(struct connections *set, int *open, int *in_flight);

/* Has connections_next() return NULL to all threads. */
void connections_end(struct connections *set);

#endif
