#include "stream_fcgi.h"

#include <errno.h>
#include <fastcgi.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/check.h"

enum {
    HEADER_BYTES = 8,
    CONTENT_MAX = 65528, /* of a record, and a multiple of eight */
    RECORDS_MAX = (STREAM_REPLY_BYTES_MAX + CONTENT_MAX - 1) / CONTENT_MAX,
    /* Each record has a header, and cuts at most one part in two. */
    PIECES_MAX = STREAM_PARTS_MAX + 2 * RECORDS_MAX + 1,
};

_Static_assert(sizeof(FCGI_Header) == HEADER_BYTES, "as section 3.3 has it");

/* ---- the request ---- */

bool stream_init(struct stream *stream)
{
    /* No listening socket: libfcgi reads requests, but does not accept connections. */
    return FCGX_Init() == 0 && FCGX_InitRequest(&stream->fcgx, -1, 0) == 0;
}

void stream_open(struct stream *stream, int fd)
{
    stream->fcgx.ipcFd = fd;
    /* FCGX_Accept_r() first ends the request before. Without this it would close the socket. */
    stream->fcgx.keepConnection = 1;
}

int stream_fd(const struct stream *stream)
{
    return stream->fcgx.ipcFd;
}

static void reset_reply(struct stream *stream)
{
    free(stream->rest);
    stream->rest = NULL;
    stream->part_count = 0;
    stream->is_faulty = false;
}

void stream_close(struct stream *stream)
{
    reset_reply(stream);
    FCGX_Detach(&stream->fcgx); /* libfcgi would wait for the other side to close its end */
    FCGX_Free(&stream->fcgx, 1);
}

bool stream_begin(struct stream *stream)
{
    reset_reply(stream);
    /* If there is no request, libfcgi closes the socket without waiting for the other side. */
    FCGX_Detach(&stream->fcgx);
    /* Otherwise FCGX_Accept_r() would send libfcgi's own end of the request before. */
    FCGX_Free(&stream->fcgx, 0);
    return FCGX_Accept_r(&stream->fcgx) == 0;
}

const char *stream_variable(const struct stream *stream, const char *name)
{
    const char *value = FCGX_GetParam(name, stream->fcgx.envp);
    return value ? value : "";
}

size_t stream_read(struct stream *stream, char *bytes, size_t size)
{
    int length = FCGX_GetStr(bytes, size < INT_MAX ? (int)size : INT_MAX, stream->fcgx.in);
    return length > 0 ? (size_t)length : 0;
}

bool stream_is_sound(const struct stream *stream)
{
    return FCGX_GetError(stream->fcgx.in) == 0;
}

void stream_close_after(struct stream *stream)
{
    stream->fcgx.keepConnection = 0;
}

/* ---- the reply ---- */

void stream_write(struct stream *stream, const char *bytes, size_t length)
{
    if (!CHECK(stream->part_count < STREAM_PARTS_MAX)) {
        stream->is_faulty = true;
        return;
    }
    if (length > 0)
        stream->parts[stream->part_count++] = (struct iovec){(void *)bytes, length};
}

/* A reply as it is sent (section 6.2): standard output in records, the end of standard output, the
   end of the request. */
struct wire {
    uint8_t headers[RECORDS_MAX][HEADER_BYTES];
    uint8_t end[HEADER_BYTES + sizeof(FCGI_EndRequestRecord)];
    struct iovec pieces[PIECES_MAX];
    int count;
    size_t length;
};

static void write_header(uint8_t *at, int type, int request_id, size_t length)
{
    const uint8_t header[HEADER_BYTES] = {
        FCGI_VERSION_1,      (uint8_t)type,          (uint8_t)(request_id >> 8),
        (uint8_t)request_id, (uint8_t)(length >> 8), (uint8_t)length};
    memcpy(at, header, sizeof header);
}

static void add_piece(struct wire *wire, const void *bytes, size_t length)
{
    wire->pieces[wire->count++] = (struct iovec){(void *)bytes, length};
    wire->length += length;
}

static size_t length_of(const struct iovec *parts, int count)
{
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return length;
}

static void make_wire(const struct stream *stream, size_t length, struct wire *wire)
{
    const int id = stream->fcgx.requestId;
    const struct iovec *part = stream->parts;
    size_t part_used = 0;
    wire->count = 0;
    wire->length = 0;
    for (int record = 0; length > 0; record++) {
        size_t content = length < CONTENT_MAX ? length : CONTENT_MAX;
        length -= content;
        write_header(wire->headers[record], FCGI_STDOUT, id, content);
        add_piece(wire, wire->headers[record], HEADER_BYTES);
        while (content > 0) {
            size_t piece = part->iov_len - part_used;
            if (piece > content)
                piece = content;
            add_piece(wire, (const char *)part->iov_base + part_used, piece);
            content -= piece;
            part_used += piece;
            if (part_used == part->iov_len) {
                part++;
                part_used = 0;
            }
        }
    }
    write_header(wire->end, FCGI_STDOUT, id, 0);
    write_header(wire->end + HEADER_BYTES, FCGI_END_REQUEST, id, sizeof(FCGI_EndRequestBody));
    /* Zeros: FCGI_REQUEST_COMPLETE. */
    memset(wire->end + 2 * HEADER_BYTES, 0, sizeof(FCGI_EndRequestBody));
    add_piece(wire, wire->end, sizeof wire->end);
}

/* Keeps a copy of what follows the first `sent` bytes. False: out of memory. */
static bool keep_rest(struct stream *stream, const struct wire *wire, size_t sent)
{
    stream->rest_length = wire->length - sent;
    stream->rest_sent = 0;
    stream->rest = malloc(stream->rest_length);
    if (!stream->rest)
        return false;
    char *at = stream->rest;
    for (int i = 0; i < wire->count; i++) {
        size_t length = wire->pieces[i].iov_len, skipped = sent < length ? sent : length;
        at = mempcpy(at, (const char *)wire->pieces[i].iov_base + skipped, length - skipped);
        sent -= skipped;
    }
    return true;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static enum stream_result sent_result(const struct stream *stream)
{
    return stream->fcgx.keepConnection && stream_is_sound(stream) ? STREAM_KEPT : STREAM_ENDED;
}

enum stream_result stream_send(struct stream *stream)
{
    size_t length = length_of(stream->parts, stream->part_count);
    if (!CHECK(length <= STREAM_REPLY_BYTES_MAX) || stream->is_faulty)
        return STREAM_BROKEN;
    struct wire wire;
    make_wire(stream, length, &wire);
    struct msghdr message = {.msg_iov = wire.pieces, .msg_iovlen = (size_t)wire.count};
    ssize_t sent = sendmsg(stream->fcgx.ipcFd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !would_block())
        return STREAM_BROKEN;
    if (sent >= 0 && (size_t)sent == wire.length)
        return sent_result(stream);
    return keep_rest(stream, &wire, sent > 0 ? (size_t)sent : 0) ? STREAM_PARTIAL : STREAM_BROKEN;
}

enum stream_result stream_send_rest(struct stream *stream)
{
    ssize_t sent = send(stream->fcgx.ipcFd, stream->rest + stream->rest_sent,
                        stream->rest_length - stream->rest_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return would_block() ? STREAM_PARTIAL : STREAM_BROKEN;
    stream->rest_sent += (size_t)sent;
    return stream->rest_sent < stream->rest_length ? STREAM_PARTIAL : sent_result(stream);
}
