/*
 * One request as the endpoints see it: typed and valid. Read from its stream once, into
 * buffers that are there from the start.
 */
#ifndef FCGI_HTTP_REQUEST_H
#define FCGI_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"
#include "common/span.h"
#include "fcgi/server/stream.h"
#include "parameters.h"
#include "problem.h"

/* A set: a route takes several. */
enum request_method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };

enum { REQUEST_ID_MAX = 64, REQUEST_DETAIL_MAX = 160 };

/* One segment of a path, decoded: UTF-8 without control bytes, as all values are. */
struct path_variable {
    char bytes[PARAMETER_BYTES_MAX]; /* not terminated */
    size_t length;
};

struct request {
    enum request_method method;
    /* As the web server has them, valid until the request is finished; "" where there is none: */
    const char *path;     /* the target as it was sent, else the decoded path */
    bool path_is_encoded; /* the former */
    const char *remote_user;
    const char *if_none_match;
    struct path_variable variable; /* of the path: what stands where the route has a star */
    char id[REQUEST_ID_MAX + 1];
    struct parameters parameters;
    char *body; /* http.body_bytes_max + 1 bytes, the reading thread's */
    size_t body_length;
    struct json_reader *json_reader; /* the reading thread's */
};

/* Why a request cannot go on. */
struct request_fault {
    const struct problem *problem;
    char detail[REQUEST_DETAIL_MAX]; /* empty: the problem's own */
    int retry_after_s;               /* 0: asking again is of no use */
};

/*
 * Reads method, path and id, and the body to its end, so that the connection can be kept.
 * False: the body is too long, or is not whole; the connection will be closed behind the reply.
 */
bool request_read(struct request *request, struct stream *stream, const struct settings *settings,
                  struct request_fault *fault) __attribute__((warn_unused_result));

/*
 * Reads those parameters of the table that are in the set `wanted` (parameters.h): from the query
 * string, and what is missing there from the body of a POST. False: the fault names the parameter
 * and says what was expected, or the body is in a form that is not read, or there was no memory for
 * JSON.
 */
bool request_read_parameters(struct request *request, struct stream *stream,
                             const struct parameter_alias *aliases, unsigned wanted,
                             struct request_fault *fault) __attribute__((warn_unused_result));

#endif
