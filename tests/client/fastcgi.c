#include "fastcgi.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

/* The values of libfcgi's <fastcgi.h>. */
enum { VERSION = 1, HEADER_BYTES = 8, CONTENT_MAX = 65528, REQUEST_ID = 1, BACKLOG = 64 };
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, TYPE_MAX = 11 };
enum { ROLE_RESPONDER = 1, LONG_LENGTH = 128 };

/* ---- the request ---- */

static void add(struct fastcgi_request *request, const void *bytes, size_t length)
{
    if (length > sizeof request->bytes - request->length) {
        request->is_cut = true;
        return;
    }
    memcpy(request->bytes + request->length, bytes, length);
    request->length += length;
}

static void add_header(struct fastcgi_request *request, int type, size_t length)
{
    const uint8_t header[HEADER_BYTES] = {
        VERSION, (uint8_t)type, 0, REQUEST_ID, (uint8_t)(length >> 8), (uint8_t)length, 0, 0};
    add(request, header, sizeof header);
}

void fastcgi_begin(struct fastcgi_request *request)
{
    const uint8_t body[HEADER_BYTES] = {0, ROLE_RESPONDER};
    request->length = 0;
    request->is_cut = false;
    add_header(request, BEGIN_REQUEST, sizeof body);
    add(request, body, sizeof body);
}

/* A length in four bytes, which is allowed for short ones, too (section 3.4). */
static void add_length(struct fastcgi_request *request, size_t length)
{
    const uint8_t bytes[4] = {(uint8_t)(LONG_LENGTH | length >> 24), (uint8_t)(length >> 16),
                              (uint8_t)(length >> 8), (uint8_t)length};
    add(request, bytes, sizeof bytes);
}

void fastcgi_variable(struct fastcgi_request *request, const char *name, size_t name_length,
                      const char *value, size_t value_length)
{
    size_t length = 8 + name_length + value_length;
    if (length > CONTENT_MAX) {
        request->is_cut = true;
        return;
    }
    add_header(request, PARAMS, length);
    add_length(request, name_length);
    add_length(request, value_length);
    add(request, name, name_length);
    add(request, value, value_length);
}

void fastcgi_body(struct fastcgi_request *request, const char *body, size_t length)
{
    add_header(request, PARAMS, 0);
    while (length > 0) {
        size_t part = length < CONTENT_MAX ? length : CONTENT_MAX;
        add_header(request, STDIN, part);
        add(request, body, part);
        body += part;
        length -= part;
    }
    add_header(request, STDIN, 0);
}

/* ---- the answer ---- */

/* Extracts the content of standard output from the records, in place. */
static void unpack(struct fastcgi_answer *answer)
{
    const uint8_t *at = (const uint8_t *)answer->bytes, *end = at + answer->length;
    size_t used = 0;
    answer->ended = 0;
    while (end - at >= HEADER_BYTES) {
        size_t length = (size_t)at[4] << 8 | at[5], all = HEADER_BYTES + length + at[6];
        uint8_t type = at[1];
        if (at[0] != VERSION || type < BEGIN_REQUEST || type > TYPE_MAX || (size_t)(end - at) < all)
            break;
        if (type == STDOUT) {
            memmove(answer->bytes + used, at + HEADER_BYTES, length);
            used += length;
        }
        answer->ended += type == END_REQUEST;
        at += all;
    }
    answer->is_sound = at == end;
    answer->length = used;
    answer->bytes[used] = '\0';

    char *headers_end = strstr(answer->bytes, "\r\n\r\n");
    answer->body = headers_end ? headers_end + strlen("\r\n\r\n") : NULL;
    answer->status = 0;
    if (sscanf(answer->bytes, "Status: %3d ", &answer->status) != 1)
        answer->status = 0;
}

/* False: nothing came in time. */
static bool await(int fd, int64_t deadline_ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t left_ms;
    while ((left_ms = deadline_ms - clock_ms()) > 0) {
        int ready = poll(&readable, 1, (int)left_ms);
        if (ready >= 0 || errno != EINTR) /* a fuzzer sets an alarm */
            return ready == 1;
    }
    return false;
}

/* False: the answer takes too long, or is too long. If the other side resets the connection, the
   bytes that it sent before were read already. */
static bool receive(int fd, int64_t deadline_ms, struct fastcgi_answer *answer)
{
    answer->length = 0;
    while (answer->length < sizeof answer->bytes - 1) {
        if (!await(fd, deadline_ms))
            return false;
        ssize_t got = TEMP_FAILURE_RETRY(
            recv(fd, answer->bytes + answer->length, sizeof answer->bytes - 1 - answer->length, 0));
        if (got <= 0)
            return true;
        answer->length += (size_t)got;
    }
    return false;
}

bool fastcgi_ask(const struct sockaddr_un *address, socklen_t address_length, const char *bytes,
                 size_t length, int ms_max, struct fastcgi_answer *answer)
{
    int64_t deadline_ms = clock_ms() + ms_max;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && TEMP_FAILURE_RETRY(
                               connect(fd, (const struct sockaddr *)address, address_length)) == 0;
    if (good) {
        /* The other side may stop reading before the end. */
        while (length > 0) {
            ssize_t sent = TEMP_FAILURE_RETRY(send(fd, bytes, length, MSG_NOSIGNAL));
            if (sent <= 0)
                break;
            bytes += sent;
            length -= (size_t)sent;
        }
        shutdown(fd, SHUT_WR);
        good = receive(fd, deadline_ms, answer);
    }
    if (good)
        unpack(answer);
    if (fd >= 0)
        close(fd);
    return good;
}

int fastcgi_listen(struct sockaddr_un *address, socklen_t *length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address->sun_family = AF_UNIX;
    *length = sizeof *address;
    if (fd >= 0 && bind(fd, (const struct sockaddr *)address, sizeof address->sun_family) == 0 &&
        getsockname(fd, (struct sockaddr *)address, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
