#include "identity.h"

#include <string.h>

#include "fcgi/store/limits.h"
#include "parameter_names.h"

_Static_assert((int)PARAMETER_BYTES_MAX <= (int)USER_BYTES_MAX,
               "a user that is named can be stored");

bool identity_is(const struct span *user, const char *bytes, size_t length)
{
    return user->length == length && memcmp(user->bytes, bytes, length) == 0;
}

bool identity_find(const struct settings *settings, const struct request *request,
                   struct span *user, struct reply *reply)
{
    const struct parameter *named = &request->parameters.by_name[PARAMETER_USER];
    bool is_remote = settings->http.identity == IDENTITY_REMOTE_USER;
    const char *fault = NULL;
    *user = (struct span){named->bytes, named->length};
    if (is_remote) {
        *user = (struct span){request->remote_user, strlen(request->remote_user)};
        if (user->length > 0 && named->length > 0 &&
            (named->is_too_long || !identity_is(user, named->bytes, named->length))) {
            reply_problem(reply, &problem_identity_mismatch, NULL, 0);
            return false;
        }
        if (user->length > PARAMETER_BYTES_MAX || !parameter_is_text(user->bytes, user->length))
            fault = "REMOTE_USER: expected 1 to 128 bytes of UTF-8.";
    } else if (named->is_too_long) {
        fault = "user_id: expected 1 to 128 bytes of UTF-8.";
    }
    if (fault)
        reply_problem(reply, &problem_bad_request, fault, 0);
    return !fault;
}
