#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "body_format.h"
#include "common/hash.h"
#include "common/log.h"
#include "status.h"

enum {
    ETAG_MAX = 19, /* sixteen digits, two quotes, a zero */
    TYPE_MAX = 64  /* the path of the longest problem name */
};

void reply_begin(struct reply *reply, char *bytes, size_t size)
{
    text_begin(&reply->body, bytes, size);
    reply->status = 200;
    reply->content_type = "application/json";
    reply->cache_control = "no-store";
    reply->allow = NULL;
    reply->location = NULL;
    reply->has_accept = false;
    reply->retry_after_s = 0;
}

void reply_add_problem(struct json_writer *json, const struct problem *problem, const char *detail)
{
    char bytes[TYPE_MAX];
    struct text type;
    text_begin(&type, bytes, sizeof bytes);
    text_add(&type, "/problems/");
    text_add(&type, problem->name);
    json_bytes(json_key(json, "type"), type.bytes, type.used);
    json_string(json_key(json, "title"), problem->title);
    json_integer(json_key(json, "status"), problem->status);
    json_string(json_key(json, "detail"), detail);
    json_string(json_key(json, "outcome"), problem->name);
}

/* `name` NULL: no time is told. */
static void write_problem(struct reply *reply, const struct problem *problem, const char *detail,
                          int64_t retry_after_s, const char *name, int64_t time_us)
{
    if (!detail || !*detail)
        detail = problem->detail;

    reply_begin(reply, reply->body.bytes, reply->body.size);
    reply->status = problem->status;
    reply->content_type = "application/problem+json";
    reply->retry_after_s = retry_after_s;
    reply->has_accept = problem == &problem_unsupported_body;

    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    reply_add_problem(&json, problem, detail);
    json_boolean(json_key(&json, "success"), false);
    json_string(json_key(&json, "error"), problem->error);
    json_string(json_key(&json, "message"), detail);
    if (name)
        json_time(json_key(&json, name), time_us);
    json_close(&json);
    json_writer_end(&json);
}

void reply_problem(struct reply *reply, const struct problem *problem, const char *detail,
                   int64_t retry_after_s)
{
    write_problem(reply, problem, detail, retry_after_s, NULL, 0);
}

void reply_problem_with_time(struct reply *reply, const struct problem *problem,
                             int64_t retry_after_s, const char *name, int64_t time_us)
{
    write_problem(reply, problem, NULL, retry_after_s, name, time_us);
}

static void add_header(struct text *headers, const char *name, const char *value)
{
    text_add(headers, name);
    text_add(headers, ": ");
    text_add(headers, value);
    text_add(headers, "\r\n");
}

/* A strong validator: the same bytes have the same tag (RFC 9110, section 8.8.3). */
static void make_etag(const struct text *body, char etag[ETAG_MAX])
{
    uint64_t hash = hash_add(HASH_BEGIN, body->bytes, body->used);
    snprintf(etag, ETAG_MAX, "\"%016" PRIx64 "\"", hash);
}

/* Whether an If-None-Match field has the tag: a list of tags, or a star. */
static bool matches(const char *if_none_match, const char *etag)
{
    return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL;
}

bool reply_write(struct reply *reply, const struct request *request, struct stream *stream)
{
    char etag[ETAG_MAX] = "";
    if (reply->status == 200 && strcmp(reply->cache_control, "no-store") != 0) {
        make_etag(&reply->body, etag);
        if (matches(request->if_none_match, etag))
            reply->status = 304;
    }
    bool has_body = reply->status != 304;

    struct text headers;
    text_begin(&headers, reply->header_bytes, sizeof reply->header_bytes);
    text_add(&headers, "Status: ");
    text_add_integer(&headers, reply->status);
    text_add(&headers, " ");
    text_add(&headers, http_status_at(http_status_row(reply->status))->phrase);
    text_add(&headers, "\r\n");
    if (has_body)
        add_header(&headers, "Content-Type", reply->content_type);
    add_header(&headers, "Cache-Control", reply->cache_control);
    if (strcmp(reply->cache_control, REPLY_CACHE_1_S) == 0 ||
        strcmp(reply->cache_control, REPLY_CACHE_1_S_AT_MOST) == 0) {
        /* nginx counts whole seconds, and would keep the reply for one more. This header, which
           only nginx reads, limits it to the end of this second. It must follow Cache-Control,
           so that nginx obeys both. */
        text_add(&headers, "X-Accel-Expires: @");
        text_add_integer(&headers, time(NULL));
        text_add(&headers, "\r\n");
    }
    add_header(&headers, "X-Request-Id", request->id);
    if (etag[0])
        add_header(&headers, "ETag", etag);
    if (reply->allow)
        add_header(&headers, "Allow", reply->allow);
    if (reply->location)
        add_header(&headers, "Location", reply->location);
    if (reply->has_accept) {
        add_header(&headers, "Accept", BODY_TYPES);
        add_header(&headers, "Accept-Encoding", BODY_CODINGS);
    }
    if (reply->retry_after_s > 0) {
        text_add(&headers, "Retry-After: ");
        text_add_integer(&headers, reply->retry_after_s);
        text_add(&headers, "\r\n");
    }
    if (has_body) {
        text_add(&headers, "Content-Length: ");
        text_add_integer(&headers, (int64_t)reply->body.used);
        text_add(&headers, "\r\n");
    }
    text_add(&headers, "\r\n");

    if (headers.is_cut || reply->body.is_cut) {
        static const char substitute[] = "Status: 503 Service Unavailable\r\n"
                                         "Content-Length: 0\r\nRetry-After: 1\r\n\r\n";
        log_error("%s: the reply did not fit its buffer", request->id);
        reply->status = 503;
        stream_write(stream, substitute, sizeof substitute - 1);
        return false;
    }
    stream_write(stream, headers.bytes, headers.used);
    if (has_body && request->method != METHOD_HEAD)
        stream_write(stream, reply->body.bytes, reply->body.used);
    return true;
}
