#include "cross_origin.h"

#include <string.h>
#include <strings.h>

#include "common/origin.h"

/* Whether the origin is the one that the request was sent to. */
static bool is_own(const struct claims *claims)
{
    const char *scheme = claims->is_https ? "https://" : "http://";
    const char *port = claims->is_https ? ":443" : ":80"; /* an Origin does not name it */
    size_t host = strlen(claims->host), scheme_length = strlen(scheme);
    size_t port_length = strlen(port);
    if (host > port_length && strcmp(claims->host + host - port_length, port) == 0)
        host -= port_length;
    return host > 0 && strncmp(claims->origin, scheme, scheme_length) == 0 &&
           strlen(claims->origin) == scheme_length + host &&
           strncasecmp(claims->origin + scheme_length, claims->host, host) == 0;
}

static bool is_allowed(const char *origin, const char *allowed)
{
    const size_t length = strlen(origin);
    for (struct span word = origin_next(&allowed); word.length > 0; word = origin_next(&allowed))
        if (word.length == length && memcmp(word.bytes, origin, length) == 0)
            return true;
    return false;
}

bool claims_are_cross_origin(const struct claims *claims, const char *allowed)
{
    const char *site = claims->fetch_site;
    if (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
        return false;
    /* Unknown values are ignored, as Fetch Metadata wants for later ones. */
    bool is_other_site = strcmp(site, "cross-site") == 0 || strcmp(site, "same-site") == 0;
    if (!is_other_site && (!*claims->origin || is_own(claims)))
        return false;
    return !*claims->origin || !is_allowed(claims->origin, allowed);
}

bool stream_is_cross_origin(const struct stream *stream, const struct settings *settings)
{
    if (settings->http.identity != IDENTITY_REMOTE_USER)
        return false;
    const char *https = stream_variable(stream, "HTTPS");
    const struct claims claims = {.fetch_site = stream_variable(stream, "HTTP_SEC_FETCH_SITE"),
                                  .origin = stream_variable(stream, "HTTP_ORIGIN"),
                                  .host = stream_variable(stream, "HTTP_HOST"),
                                  .is_https = *https && strcasecmp(https, "off") != 0};
    return claims_are_cross_origin(&claims, settings->http.allow_origin);
}
