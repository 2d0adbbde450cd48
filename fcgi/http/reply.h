/*
 * A reply: status, headers and a body, sent in one go. The body's buffer is the caller's.
 * What was written to a stream stays the reply's: both must stay until it is sent (stream.h).
 */
#ifndef FCGI_HTTP_REPLY_H
#define FCGI_HTTP_REPLY_H

#include <stdint.h>

#include "common/json_writer.h"
#include "common/text.h"
#include "fcgi/server/stream.h"
#include "problem.h"
#include "request.h"

enum {
    REPLY_BODY_MAX = 4096,       /* enough for every reply but pages of a list, */
    REPLY_PAGE_MAX = 128 * 1024, /* and for these: each endpoint asserts it of its largest */
    REPLY_HEADERS_MAX = 1024
};

/* For what may be a second old: any number of viewers then costs little. Whoever keeps it may give
   it to others for a second more while it is renewed (RFC 5861). */
#define REPLY_CACHE_1_S "public, max-age=1, stale-while-revalidate=1"

/* The same, but nothing old is given meanwhile; and nothing is kept, as it is about to change. */
#define REPLY_CACHE_1_S_AT_MOST "public, max-age=1"
#define REPLY_CACHE_NOT         "no-cache"

struct reply {
    struct text body;
    char header_bytes[REPLY_HEADERS_MAX];
    int status;
    const char *content_type;
    const char *cache_control;
    const char *allow;     /* the Allow header, or NULL */
    const char *location;  /* the Location header, or NULL */
    bool is_of_body_form;  /* with Accept and Accept-Encoding (RFC 9110, section 15.5.16) */
    int64_t retry_after_s; /* the Retry-After header, or 0 */
};

/* An empty reply: 200, application/json, not to be cached. Its body goes to `bytes`. */
void reply_begin(struct reply *reply, char *bytes, size_t size);

/*
 * A refusal as application/problem+json (RFC 9457). `detail` NULL or empty: the problem's own.
 * `retry_after_s` 0: without Retry-After.
 */
void reply_problem(struct reply *reply, const struct problem *problem, const char *detail,
                   int64_t retry_after_s);

/* The members "type", "title", "status", "detail" and "outcome" of a problem (section 3.1). */
void reply_add_problem(struct json_writer *json, const struct problem *problem, const char *detail);

/*
 * Writes it. One that may be cached gets an ETag, and is 304 where the request has it already
 * (RFC 9110, section 13.1.2). False: it did not fit its buffers, and 503 was written instead; the
 * log says so.
 */
bool reply_write(struct reply *reply, const struct request *request, struct stream *stream);

#endif
