/*
 * The inner side of a stream, for connection.c: a socket on which one request after another comes
 * and is replied to. Requests are read by libfcgi, which waits; replies are sent without waiting.
 */
#ifndef FCGI_SERVER_STREAM_FCGI_H
#define FCGI_SERVER_STREAM_FCGI_H

#include <fcgiapp.h>
#include <sys/uio.h>

#include "stream.h"

struct stream {
    FCGX_Request fcgx;
    struct iovec parts[STREAM_PARTS_MAX]; /* of the reply; the bytes are the caller's */
    int part_count;
    bool is_faulty; /* the reply is not what it should be */
    char *left;     /* the end of the reply that the socket had no room for, or NULL */
    size_t left_length;
    size_t left_sent; /* of these */
};

/* How it stands with a reply. */
enum stream_result {
    STREAM_KEPT,  /* it is sent, and another request may follow */
    STREAM_ENDED, /* it is sent, and no more is to come */
    STREAM_LEFT,  /* the socket has no more room now: stream_send_left() goes on once it has */
    STREAM_BROKEN /* it cannot be sent */
};

/* Once, before all others. False: libfcgi cannot be used. */
bool stream_init(struct stream *stream) __attribute__((warn_unused_result));

/* The socket is the stream's from here on. */
void stream_open(struct stream *stream, int fd);
int stream_fd(const struct stream *stream);
void stream_close(struct stream *stream);

/*
 * Reads a request up to its body, and waits for it (SO_RCVTIMEO). False: there is none, and the
 * socket is closed. Frees what was kept of the request before.
 */
bool stream_begin(struct stream *stream) __attribute__((warn_unused_result));

/*
 * Sends what was written, as far as the socket has room, in one system call where it has; never
 * waits. What it has no room for is kept in memory. Frees nothing: whoever begins the next request
 * or closes the stream does, and is a thread that allocated it.
 */
enum stream_result stream_send(struct stream *stream);

/* Goes on with it, and never waits either. */
enum stream_result stream_send_left(struct stream *stream);

#endif
