/* Which endpoint answers at which path: one table. */
#ifndef FCGI_ROUTES_H
#define FCGI_ROUTES_H

#include "endpoints.h"

struct route {
    const char *path;
    int methods;       /* a set of enum request_method */
    const char *allow; /* the same as an Allow header (RFC 9110, section 10.2.1) */
    /* Either what a lane decides: */
    endpoint_ask *ask;
    endpoint_tell *tell;
    enum lane_kind lane;
    /* or what is read: */
    endpoint_read *read;
};

/* The route of a path, or NULL. */
const struct route *route_find(const char *path);

#endif
