/* GET /login: where the web server asks who the user is, it asks here, and the browser goes on to
 * the page. */
#include "endpoints.h"
#include "identity.h"

void login_read(const struct services *services, const struct request *request, struct reply *reply)
{
    const struct settings *settings = services->settings;
    struct span user;
    if (settings->http.identity != IDENTITY_REMOTE_USER) {
        reply_problem(reply, OUTCOME_NOT_FOUND, "Nobody logs in here: a request names its user.", 0,
                      settings);
        return;
    }
    if (!identity_find(settings, request, &user, reply))
        return;
    if (user.length == 0) {
        reply_problem(reply, OUTCOME_IDENTITY_MISMATCH, "Nobody is logged in.", 0, settings);
        return;
    }
    reply->status = 303;
    reply->location = "/";
    text_add(&reply->body, "{}");
}
