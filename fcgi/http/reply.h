/*
 * A reply: status, headers and a body, sent together. The caller owns the reply and the body's
 * buffer. A stream does not copy them: both must stay unchanged until connection_done() (stream.h).
 * One thread at a time.
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
    REPLY_BODY_MAX = 4096,       /* bytes: a problem, or the reply to a checkout or a purchase */
    REPLY_PAGE_MAX = 128 * 1024, /* any other; a list asserts that its largest page fits */
    REPLY_HEADERS_MAX = 1024
};

/* For a reply that may be a second old, so that any number of viewers costs little. A cache may
   serve it for one more second while it fetches a new one (RFC 5861). */
#define REPLY_CACHE_1_S "public, max-age=1, stale-while-revalidate=1"

/* The same without that second. */
#define REPLY_CACHE_1_S_AT_MOST "public, max-age=1"

/* For a reply that is about to change: a cache asks again each time. */
#define REPLY_NO_CACHE "no-cache"

struct reply {
    struct text body;
    char header_bytes[REPLY_HEADERS_MAX];
    int status;
    const char *content_type;
    const char *cache_control;
    const char *allow;     /* the Allow header, or NULL */
    const char *location;  /* the Location header, or NULL */
    bool has_accept;       /* with Accept and Accept-Encoding (RFC 9110, section 15.5.16) */
    int64_t retry_after_s; /* the Retry-After header, or 0 */
};

/* An empty reply: 200, application/json, not to be stored. Its body is written to `bytes`, of
   `size` bytes. */
void reply_begin(struct reply *reply, char *bytes, size_t size);

/*
 * A refusal as application/problem+json (RFC 9457), in the reply's own buffer. `detail` NULL or
 * empty: the problem's own. `retry_after_s` 0: without Retry-After.
 */
void reply_problem(struct reply *reply, const struct problem *problem, const char *detail,
                   int64_t retry_after_s);

/* The same, with a time, in microseconds since 1970, as one more member (RFC 9457, section 3.2). */
void reply_problem_with_time(struct reply *reply, const struct problem *problem,
                             int64_t retry_after_s, const char *name, int64_t time_us);

/* The members "type", "title", "status", "detail" and "outcome" of a problem (section 3.1). */
void reply_add_problem(struct json_writer *json, const struct problem *problem, const char *detail);

/*
 * Writes the reply to the stream. A reply that may be cached gets an ETag, and becomes 304 if the
 * request's If-None-Match has that tag (RFC 9110, section 13.1.2). False: the reply did not fit its
 * buffers, and 503 was written instead; the log says so.
 */
bool reply_write(struct reply *reply, const struct request *request, struct stream *stream);

#endif
