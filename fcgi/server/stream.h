/*
 * One request on a connection, and the reply to it, as bytes (FastCGI 1.0, section 6.2): the web
 * server's variables and the body come in, and what a CGI program would print goes out. A stream is
 * its connection's: from connections_next() to connection_done() it belongs to whoever works on the
 * request, one thread at a time.
 */
#ifndef FCGI_SERVER_STREAM_H
#define FCGI_SERVER_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_PARTS_MAX = 4, STREAM_REPLY_BYTES_MAX = 256000 };

struct stream;

/* A variable that the web server sent (FCGI_PARAMS); "" where there is none. It stays as it is
   until connection_done(). */
const char *stream_variable(const struct stream *stream, const char *name);

/* Reads up to `size` bytes of the body, fewer only where it ends, or breaks off. Waits for them no
   longer than the connection has time (connection.c). */
size_t stream_read(struct stream *stream, char *bytes, size_t size);

/* Whether all that was read is what was sent: nothing broke off. */
bool stream_is_sound(const struct stream *stream);

/* After the reply the connection is closed: what else comes on it would be misread. */
void stream_keep_not(struct stream *stream);

/*
 * Adds a part to the reply: STREAM_PARTS_MAX of them at most, of STREAM_REPLY_BYTES_MAX bytes
 * together. Nothing is copied or sent yet: the bytes stay the caller's, and must stay as they are
 * until connection_done().
 */
void stream_write(struct stream *stream, const char *bytes, size_t length);

#endif
