/*
 * Whole requests to whole workers, over their sockets, as a web server sends them. There is neither
 * PostgreSQL nor Redis, so requests that need a decision or a query are answered 503.
 *
 * An input that begins with FastCGI's version number, a byte of 1, is sent as it is (ask_raw()).
 * Any other input is one request: the variables, each as NAME=VALUE on a line; an empty line; the
 * body. It is sent as valid FastCGI, and must be answered once.
 */
#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "fcgi/exchange.h"
#include "fcgi/sale/batchers.h"
#include "fcgi/sale/item_id.h"
#include "fuzz.h"
#include "tests/client/fastcgi.h"
#include "values.h"

enum { ANSWER_MS_MAX = 8000, WIRE_BEGINS = 1 };

static struct site {
    struct settings settings;
    struct worker *worker;
    struct sockaddr_un address;
    socklen_t address_length;
} sites[2]; /* by enum identity */

/* ---- the workers ---- */

/* A job's request is a POST with a whole body in a supported format. */
static void assert_is_whole(const struct job *job)
{
    const struct exchange *exchange =
        (const struct exchange *)((const char *)job - offsetof(struct exchange, job));
    const struct stream *stream = connection_stream(exchange->connection);
    const char *length = stream_variable(stream, "CONTENT_LENGTH");
    const char *type = stream_variable(stream, "CONTENT_TYPE");
    size_t used = exchange->request.body_length;
    assert(exchange->request.method == METHOD_POST);
    assert(stream_is_sound(stream));
    assert(!*length || strtoull(length, NULL, 10) == used);
    assert(used == 0 || strncasecmp(type + strspn(type, " \t"), "application/", 12) == 0);
}

/* Checks each job on its way to a batcher (ld(1), --wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __real_batchers_submit(struct batchers *batchers, struct job *job);
void __wrap_batchers_submit(struct batchers *batchers, struct job *job);
void __wrap_batchers_submit(struct batchers *batchers, struct job *job)
{
    assert_is_whole(job);
    if (job->kind == JOB_CHECKOUT) {
        const struct span *user = &job->checkout.user;
        const struct item_id *item = &job->checkout.item;
        assert(user->length > 0 && user->length <= PARAMETER_BYTES_MAX);
        assert(values_are_text(user->bytes, user->length));
        char room[USER_NAME_BYTES_MAX];
        struct span name;
        assert(user_name_read(*user, room, &name) && name.length == user->length);
        assert(memcmp(name.bytes, user->bytes, name.length) == 0);
        assert(item->sale_id >= ITEM_ID_OPEN_SALE && item->number >= ITEM_ID_NONE);
    } else {
        assert(job->purchase.code.sale_id > 0 && job->purchase.code.number > 0);
    }
    __real_batchers_submit(batchers, job);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void stop(void)
{
    for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++)
        assert(worker_stop(sites[i].worker));
}

static void start(struct site *site, enum identity identity)
{
    settings_default(&site->settings);
    strcpy(site->settings.database.worker_conninfo, "host=/nonexistent");
    site->settings.metrics.file[0] = '\0';
    site->settings.worker.threads = 1;
    site->settings.worker.stop_ms_max = ANSWER_MS_MAX;
    site->settings.http.body_bytes_max = 256;
    site->settings.http.identity = identity;
    if (identity == IDENTITY_PARAMETER)
        site->settings.http.user_rate = 0; /* so that each of its requests can reach a queue */
    int listen_fd = fastcgi_listen(&site->address, &site->address_length);
    assert(listen_fd >= 0);
    site->worker = worker_start(&site->settings, listen_fd);
}

static void start_all(void)
{
    if (sites[0].worker)
        return;
    signal(SIGPIPE, SIG_IGN);
    log_open("fuzz", (enum log_level)0); /* errors about the missing database are expected */
    start(&sites[IDENTITY_PARAMETER], IDENTITY_PARAMETER);
    start(&sites[IDENTITY_REMOTE_USER], IDENTITY_REMOTE_USER);
    atexit(stop);
}

/* ---- the answer ---- */

/* Copies a header's value; false: there is none. */
static bool header(const struct fastcgi_answer *answer, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);
    for (const char *at = answer->bytes; at < answer->body; at = strstr(at, "\r\n") + 2) {
        if (strncmp(at, name, name_length) != 0 || strncmp(at + name_length, ": ", 2) != 0)
            continue;
        size_t length = strcspn(at + name_length + 2, "\r\n");
        assert(length < size);
        memcpy(value, at + name_length + 2, length);
        value[length] = '\0';
        return true;
    }
    return false;
}

static void check_answer(const struct fastcgi_answer *answer)
{
    static const int statuses[] = {200, 304, 400, 403, 404, 405, 413, 415, 429, 503};
    bool is_known = false;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        is_known = is_known || answer->status == statuses[i];
    assert(is_known && answer->body);
    for (const char *at = answer->bytes; at < answer->body; at++)
        assert((*at >= 0x20 && *at < 0x7f) || *at == '\r' || *at == '\n');

    char value[128];
    assert(header(answer, "X-Request-Id", value, sizeof value));
    assert(strlen(value) > 0 && strlen(value) <= 64);
    assert(header(answer, "Cache-Control", value, sizeof value));
    size_t length = answer->length - (size_t)(answer->body - answer->bytes);
    if (!header(answer, "Content-Length", value, sizeof value)) {
        assert(answer->status == 304 && length == 0);
    } else if (length > 0) { /* otherwise it is an answer to HEAD */
        assert(strtoul(value, NULL, 10) == length);
        assert(header(answer, "Content-Type", value, sizeof value));
        assert(!strstr(value, "json") || values_are_json(answer->body, length));
    }
}

/* ---- the request ---- */

/*
 * Sends the bytes as they are to one worker; the answer must be FastCGI. But bytes are limited to
 * 127: a byte above it begins a variable's length of four bytes, and libfcgi, which trusts the web
 * server, allocates that length at once and ends the process if it cannot.
 */
static void ask_raw(const uint8_t *data, size_t size)
{
    static struct fastcgi_answer answer;
    static char bytes[FASTCGI_WIRE_MAX];
    const struct site *site = &sites[IDENTITY_PARAMETER];
    if (size > sizeof bytes)
        return;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(data[i] & 0x7f);
    assert(fastcgi_ask(&site->address, site->address_length, bytes, size, ANSWER_MS_MAX, &answer));
    assert(answer.is_sound);
    if (answer.length > 0)
        assert(answer.status != 0);
}

static void encode(struct fastcgi_request *request, const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    fastcgi_begin(request);
    while (at < end && *at != '\n') {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            line_end = end;
        const char *equals = memchr(at, '=', (size_t)(line_end - at));
        const char *name_end = equals ? equals : line_end;
        const char *value = equals ? equals + 1 : line_end;
        fastcgi_variable(request, at, (size_t)(name_end - at), value, (size_t)(line_end - value));
        at = line_end < end ? line_end + 1 : end;
    }
    if (at < end)
        at++;
    fastcgi_body(request, at, (size_t)(end - at));
}

static void ask_both(const uint8_t *data, size_t size)
{
    static struct fastcgi_request request;
    static struct fastcgi_answer answer;
    encode(&request, data, size);
    if (request.is_cut)
        return;
    for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
        assert(fastcgi_ask(&sites[i].address, sites[i].address_length, request.bytes,
                           request.length, ANSWER_MS_MAX, &answer));
        assert(answer.is_sound && answer.ended == 1);
        check_answer(&answer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start_all();
    if (size > 0 && data[0] == WIRE_BEGINS)
        ask_raw(data, size);
    else
        ask_both(data, size);
    return 0;
}
