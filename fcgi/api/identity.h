/* Who the user is: the name in the request, or the one that the web server authenticated. */
#ifndef FCGI_API_IDENTITY_H
#define FCGI_API_IDENTITY_H

#include <stdbool.h>

#include "common/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/request.h"

/*
 * Sets *user to the user's name: 1 to PARAMETER_BYTES_MAX bytes of UTF-8, which the request owns;
 * no bytes if the request has no name or nobody is logged in. The setting http.identity chooses
 * between the parameter user_id and REMOTE_USER. False: the name is malformed, or user_id differs
 * from the user who is logged in, and the reply says so. Any thread.
 */
bool identity_find(const struct settings *settings, const struct request *request,
                   struct span *user, struct reply *reply) __attribute__((warn_unused_result));

/* Whether the bytes are exactly the user's name. Any thread. */
bool identity_is(const struct span *user, const char *bytes, size_t length);

#endif
