/* GET /login: where the web server asks who the user is, it asks here, and the browser goes on to
 * the page. */
#include "endpoints.h"
#include "identity.h"

void login_read(const struct context *context, const struct request *request, struct reply *reply)
{
    const struct settings *settings = context->settings;
    struct span user;
    struct json_writer json;
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
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_close(&json);
    json_writer_end(&json);
}
