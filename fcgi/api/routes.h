/* Which endpoint answers at which path: one table. */
#ifndef FCGI_API_ROUTES_H
#define FCGI_API_ROUTES_H

#include "endpoints.h"

struct route {
    const char *path;    /* a star stands for any segment */
    const char *name;    /* the same for people, and in openapi.json: /items/{id} */
    int methods;         /* a set of enum request_method */
    const char *allow;   /* the same as an Allow header (RFC 9110, section 10.2.1) */
    unsigned parameters; /* the set that it reads (parameters.h) */
    /* How it is answered, one of three. At once: */
    endpoint_at_once *at_once;
    /* By reading, which may wait for PostgreSQL: */
    endpoint_read *read;
    /* By a batch: */
    endpoint_submit *submit;
    endpoint_reply *reply;
    enum job_kind kind;
};

/*
 * The route of a path, or NULL. Sets `variable` to what stands for the star, if there is one.
 * `is_encoded`: the path has %-escapes, and may have a query after it.
 */
const struct route *route_find(const char *path, bool is_encoded, struct path_variable *variable);

/* All routes, numbered from 0; NULL after the last. */
const struct route *route_at(int number);
int route_number(const struct route *route);

#endif
