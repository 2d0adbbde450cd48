/* Who asks: the name that a request says, or the one that the web server found out. */
#ifndef FCGI_API_IDENTITY_H
#define FCGI_API_IDENTITY_H

#include <stdbool.h>

#include "common/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/request.h"

/*
 * Sets *user to the user's name, of 1 to PARAMETER_BYTES_MAX bytes of UTF-8, which stays the
 * request's; of no bytes where the request names nobody, or nobody is logged in. By http.identity
 * it is the parameter user_id or REMOTE_USER. False: the name is none, or another than that of who
 * is logged in, and the reply says so. Any thread.
 */
bool identity_find(const struct settings *settings, const struct request *request,
                   struct span *user, struct reply *reply) __attribute__((warn_unused_result));

/* Whether the bytes are the name of the user, to the last byte. */
bool identity_is(const struct span *user, const char *bytes, size_t length);

#endif
