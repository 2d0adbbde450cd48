#include "identity.h"

#include <string.h>

#include "fcgi/store/limits.h"
#include "parameter_names.h"

_Static_assert((int)PARAMETER_BYTES_MAX <= (int)USER_BYTES_MAX,
               "a user that is named can be stored");

static bool is_same(const struct span *user, const char *bytes, size_t length)
{
    return user->length == length && memcmp(user->bytes, bytes, length) == 0;
}

bool identity_is(const struct span *user, const char *bytes, size_t length)
{
    char room[USER_NAME_BYTES_MAX];
    struct span name;
    return user_name_read((struct span){bytes, length}, room, &name) && name.length > 0 &&
           is_same(user, name.bytes, name.length);
}

struct span identity_name(const struct settings *settings, const struct request *request)
{
    const struct parameter *named = &request->parameters.by_name[PARAMETER_USER];
    if (settings->http.identity == IDENTITY_REMOTE_USER)
        return request->remote_user.name;
    return (struct span){named->bytes, named->is_too_long ? 0 : named->length};
}

bool identity_find(const struct settings *settings, const struct request *request,
                   struct span *user, struct reply *reply)
{
    const struct parameter *named = &request->parameters.by_name[PARAMETER_USER];
    bool is_remote = settings->http.identity == IDENTITY_REMOTE_USER;
    const char *fault = NULL;
    *user = identity_name(settings, request);
    if (is_remote) {
        if (user->length > 0 && named->length > 0 &&
            (named->is_too_long || !is_same(user, named->bytes, named->length))) {
            reply_problem(reply, &problem_identity_mismatch, NULL, 0);
            return false;
        }
        if (request->remote_user.is_no_name)
            fault = "REMOTE_USER: expected 1 to 128 bytes of UTF-8.";
    } else if (named->is_too_long) {
        fault = "user_id: expected 1 to 128 bytes of UTF-8.";
    }
    if (fault)
        reply_problem(reply, &problem_bad_request, fault, 0);
    return !fault;
}

bool identity_require(const struct settings *settings, const struct request *request,
                      struct span *user, struct reply *reply)
{
    if (!identity_find(settings, request, user, reply))
        return false;
    if (user->length > 0)
        return true;
    if (settings->http.identity == IDENTITY_REMOTE_USER)
        reply_problem(reply, &problem_identity_mismatch, "Nobody is logged in.", 0);
    else
        reply_problem(reply, &problem_bad_request, "user_id: expected 1 to 128 bytes of UTF-8.", 0);
    return false;
}
