#include "reply.h"

#include <string.h>

#include "common/log.h"

/* Reason phrases (RFC 9110, section 15) of the statuses that replies here can have. */
static const char *reason(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {422, "Unprocessable Content"},
                   {423, "Locked"},
                   {429, "Too Many Requests"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].phrase;
    return "Refused";
}

void reply_begin(struct reply *reply)
{
    text_begin(&reply->body, reply->body_bytes, sizeof reply->body_bytes);
    reply->status = 200;
    reply->content_type = "application/json";
    reply->cache_control = "no-store";
    reply->allow = NULL;
    reply->retry_after_s = 0;
}

void reply_problem(struct reply *reply, enum outcome outcome, const char *detail,
                   int64_t retry_after_s, const struct settings *settings)
{
    const struct outcome_text *text = outcome_text(outcome);
    if (!detail || !*detail)
        detail = text->detail;

    reply_begin(reply);
    reply->status = outcome_status(outcome, settings);
    reply->content_type = "application/problem+json";
    reply->retry_after_s = retry_after_s;

    struct text *body = &reply->body;
    text_add(body, "{\"type\":\"/problems/");
    text_add(body, text->name);
    text_add(body, "\",\"title\":\"");
    text_add(body, text->title);
    text_add(body, "\",\"status\":");
    text_add_integer(body, reply->status);
    text_add(body, ",\"detail\":");
    text_add_json(body, detail, strlen(detail));
    text_add(body, ",\"outcome\":\"");
    text_add(body, text->name);
    text_add(body, "\",\"success\":false,\"error\":\"");
    text_add(body, text->error);
    text_add(body, "\",\"message\":");
    text_add_json(body, detail, strlen(detail));
    text_add(body, "}");
}

static void add_header(struct text *headers, const char *name, const char *value)
{
    text_add(headers, name);
    text_add(headers, ": ");
    text_add(headers, value);
    text_add(headers, "\r\n");
}

bool reply_send(struct reply *reply, const struct request *request, FCGX_Request *fcgx)
{
    struct text headers;
    text_begin(&headers, reply->header_bytes, sizeof reply->header_bytes);
    text_add(&headers, "Status: ");
    text_add_integer(&headers, reply->status);
    text_add(&headers, " ");
    text_add(&headers, reason(reply->status));
    text_add(&headers, "\r\n");
    add_header(&headers, "Content-Type", reply->content_type);
    add_header(&headers, "Cache-Control", reply->cache_control);
    add_header(&headers, "X-Request-Id", request->id);
    if (reply->allow)
        add_header(&headers, "Allow", reply->allow);
    if (reply->retry_after_s > 0) {
        text_add(&headers, "Retry-After: ");
        text_add_integer(&headers, reply->retry_after_s);
        text_add(&headers, "\r\n");
    }
    text_add(&headers, "Content-Length: ");
    text_add_integer(&headers, (int64_t)reply->body.used);
    text_add(&headers, "\r\n\r\n");

    if (headers.is_cut || reply->body.is_cut) {
        static const char substitute[] = "Status: 503 Service Unavailable\r\n"
                                         "Content-Length: 0\r\nRetry-After: 1\r\n\r\n";
        log_error("%s: the reply did not fit its buffer", request->id);
        FCGX_PutStr(substitute, sizeof substitute - 1, fcgx->out);
        return false;
    }
    FCGX_PutStr(headers.bytes, (int)headers.used, fcgx->out);
    if (request->method != METHOD_HEAD)
        FCGX_PutStr(reply->body.bytes, (int)reply->body.used, fcgx->out);
    return true;
}
