/*
 * The inner side of a stream, for connection.c: requests come on a socket one after another, and
 * each gets a reply. libfcgi reads requests, and waits for them; replies are sent without waiting.
 * A stream has one owner at a time, as its connection has.
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
    bool is_faulty; /* a part of the reply was lost: it had too many */
    char *rest;     /* the end of the reply that the socket had no room for, or NULL; allocated */
    size_t rest_length;
    size_t rest_sent; /* how much of it was sent */
};

/* What became of a reply. */
enum stream_result {
    STREAM_KEPT,    /* it is sent, and another request may follow */
    STREAM_ENDED,   /* it is sent, and the connection is to be closed */
    STREAM_PARTIAL, /* a rest is to be sent by stream_send_rest(), once the socket has room */
    STREAM_BROKEN   /* it cannot be sent */
};

/* Called once, before the other functions. False: libfcgi cannot be used. */
bool stream_init(struct stream *stream) __attribute__((warn_unused_result));

/* From here on the stream owns the socket. */
void stream_open(struct stream *stream, int fd);
int stream_fd(const struct stream *stream);

/* Closes the socket, and frees what was kept. */
void stream_close(struct stream *stream);

/*
 * Waits for a request (at most SO_RCVTIMEO), and reads it up to its body. False: there is none, and
 * the socket is closed. Frees what was kept of the request before.
 */
bool stream_begin(struct stream *stream) __attribute__((warn_unused_result));

/*
 * Sends the reply as far as the socket has room, in one system call; never waits. The rest is kept
 * in memory. Frees nothing: any thread may send, but libfcgi's memory is freed in the request
 * threads, which allocated it, by stream_begin() and stream_close().
 */
enum stream_result stream_send(struct stream *stream);

/* Sends more of the rest; never waits. */
enum stream_result stream_send_rest(struct stream *stream);

#endif
