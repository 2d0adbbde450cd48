/*
 * A reply: status, headers and a body in a buffer of its own, sent in one go.
 */
#ifndef FCGI_REPLY_H
#define FCGI_REPLY_H

#include <fcgiapp.h>
#include <stdint.h>

#include "common/settings.h"
#include "outcome.h"
#include "request.h"
#include "text.h"

enum { REPLY_BODY_MAX = 4096, REPLY_HEADERS_MAX = 1024 };

struct reply {
    struct text body;
    char body_bytes[REPLY_BODY_MAX];
    char header_bytes[REPLY_HEADERS_MAX];
    int status;
    const char *content_type;
    const char *cache_control;
    const char *allow;     /* the Allow header, or NULL */
    int64_t retry_after_s; /* the Retry-After header, or 0 */
};

/* An empty reply: 200, application/json, not to be cached. */
void reply_begin(struct reply *reply);

/*
 * A refusal as application/problem+json (RFC 9457). `detail` NULL or empty: the outcome's own.
 * `retry_after_s` 0: without Retry-After.
 */
void reply_problem(struct reply *reply, enum outcome outcome, const char *detail,
                   int64_t retry_after_s, const struct settings *settings);

/* Sends it. False: it did not fit its buffers, and 503 was sent instead; the log says so. */
bool reply_send(struct reply *reply, const struct request *request, FCGX_Request *fcgx);

#endif
