/*
 * Requests that another site's page makes a browser send. Where browsers log in by themselves
 * (http.identity = "remote_user") such a request would buy in its user's name (CSRF), so it is
 * refused. Clients that are no browsers send none of these headers, and pass. Any thread.
 */
#ifndef FCGI_HTTP_CROSS_ORIGIN_H
#define FCGI_HTTP_CROSS_ORIGIN_H

#include <stdbool.h>

#include "common/settings.h"
#include "fcgi/server/stream.h"

/* What a request says about where it comes from. "": it does not say. */
struct claims {
    const char *fetch_site; /* Sec-Fetch-Site (Fetch Metadata, section 2.3) */
    const char *origin;     /* Origin (Fetch Standard, section 3.1) */
    const char *host;       /* Host, or :authority */
    bool is_https;
};

/*
 * Whether a page of another origin sent the request: Sec-Fetch-Site says so, or, where it is
 * missing or has an unknown value, Origin does. `allowed` has origins that are let through,
 * separated by blanks (origin.h).
 */
bool claims_are_cross_origin(const struct claims *claims, const char *allowed);

/* The same for the request on the stream, with http.allow_origin; false if users do not log in. */
bool stream_is_cross_origin(const struct stream *stream, const struct settings *settings);

#endif
