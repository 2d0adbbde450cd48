/*
 * One request on a connection, and the reply to it, as bytes (FastCGI 1.0, section 6.2): the web
 * server's variables and the body come in, and what a CGI program would print goes out. A stream is
 * part of its connection: its owner uses it from connections_next() to connection_done(), one
 * thread at a time.
 */
#ifndef FCGI_SERVER_STREAM_H
#define FCGI_SERVER_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_PARTS_MAX = 4, STREAM_REPLY_BYTES_MAX = 256000 };

struct stream;

/* A variable that the web server sent (FCGI_PARAMS); "": it sent none of that name. The text stays
   valid until connection_done(). */
const char *stream_variable(const struct stream *stream, const char *name);

/* Reads up to `size` bytes of the body, and returns how many; fewer only where the body ends or
   breaks off. Waits for the web server no longer than SOCKET_S_MAX (connection.c). */
size_t stream_read(struct stream *stream, char *bytes, size_t size);

/* Whether the request is whole so far: it did not break off. */
bool stream_is_sound(const struct stream *stream);

/* Has the connection closed after the reply: what follows on it would be misread. */
void stream_close_after(struct stream *stream);

/*
 * Adds a part to the reply: at most STREAM_PARTS_MAX parts, with STREAM_REPLY_BYTES_MAX bytes
 * together. Nothing is copied or sent yet: the caller owns the bytes, and must not change them
 * until connection_done().
 */
void stream_write(struct stream *stream, const char *bytes, size_t length);

#endif
