/*
 * One request as the endpoints see it: typed and valid. It is read once from its stream, into
 * buffers that exist from the start. One thread at a time.
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
#include "user_name.h"

/* Bits of a set: a route allows several methods. */
enum request_method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };

enum { REQUEST_ID_MAX = 64, REQUEST_DETAIL_MAX = 160 };

/* One segment of a path, decoded: UTF-8 without control characters, as all values are. */
struct path_variable {
    char bytes[PARAMETER_BYTES_MAX]; /* not terminated */
    size_t length;
};

/* Who is logged in, as names are compared (user_name.h). */
struct user {
    struct span name; /* of 1 to USER_NAME_BYTES_MAX bytes; 0: nobody, or no name */
    bool is_no_name;  /* the web server sent what cannot be a name */
    char room[USER_NAME_BYTES_MAX];
};

struct request {
    enum request_method method;
    /* The web server's variables, valid until connection_done(); "": it sent none. */
    const char *path;     /* the target as it was sent, or the decoded path */
    bool path_is_encoded; /* it is the target as it was sent */
    struct user remote_user;
    const char *if_none_match;
    struct path_variable variable; /* the segment at the star of the route's path */
    char id[REQUEST_ID_MAX + 1];
    struct parameters parameters;
    char *body; /* http.body_bytes_max + 1 bytes, owned by the request thread */
    size_t body_length;
    struct json_reader *json_reader; /* owned by the request thread */
};

/* Why a request is refused. */
struct request_fault {
    const struct problem *problem;
    char detail[REQUEST_DETAIL_MAX]; /* empty: the problem's own */
    int retry_after_s;               /* 0: asking again does not help */
};

/*
 * Reads method, path, id and the whole body, so that the connection can be kept. False: the body is
 * too long or incomplete, and `fault` says which; the connection will be closed after the reply.
 */
bool request_read(struct request *request, struct stream *stream, const struct settings *settings,
                  struct request_fault *fault) __attribute__((warn_unused_result));

/*
 * Reads the parameters in the set `wanted` (parameters.h): from the query string, and those that
 * are missing there from the body of a POST. False: `fault` names the parameter and says what was
 * expected, or says that the body's format is not supported, or that there was no memory for JSON.
 */
bool request_read_parameters(struct request *request, struct stream *stream,
                             const struct parameter_alias *aliases, unsigned wanted,
                             struct request_fault *fault) __attribute__((warn_unused_result));

#endif
