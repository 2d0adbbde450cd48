/* Who the user is: the name in the request, or the one that the web server authenticated. */
#ifndef FCGI_API_IDENTITY_H
#define FCGI_API_IDENTITY_H

#include <stdbool.h>

#include "common/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/request.h"

/*
 * The user's name as names are compared (user_name.h): 1 to PARAMETER_BYTES_MAX bytes of UTF-8,
 * which the request owns; no bytes if the request has no valid name or nobody is logged in. The
 * setting http.identity chooses between the parameter user_id and REMOTE_USER. Any thread.
 */
struct span identity_name(const struct settings *settings, const struct request *request);

/*
 * Sets *user to the same. False: the name is malformed, or user_id differs from the user who is
 * logged in, and the reply says so. Any thread.
 */
bool identity_find(const struct settings *settings, const struct request *request,
                   struct span *user, struct reply *reply) __attribute__((warn_unused_result));

/* As identity_find, but false as well where there is no name: nobody is logged in, or none was
   given. Any thread. */
bool identity_require(const struct settings *settings, const struct request *request,
                      struct span *user, struct reply *reply) __attribute__((warn_unused_result));

/* Whether the bytes, UTF-8 of at most PARAMETER_BYTES_MAX, are the user's name in any spelling. Any
   thread. */
bool identity_is(const struct span *user, const char *bytes, size_t length);

#endif
