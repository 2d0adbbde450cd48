/* GET /login: here the web server asks who the user is (setting http.identity). Then the browser is
 * redirected to the storefront. */
#include "endpoints.h"
#include "identity.h"

void login_read(const struct settings *settings, const struct request *request, struct reply *reply)
{
    struct span user;
    struct json_writer json;
    if (settings->http.identity != IDENTITY_REMOTE_USER) {
        reply_problem(reply, &problem_not_found, "Nobody logs in here: a request names its user.",
                      0);
        return;
    }
    if (!identity_require(settings, request, &user, reply))
        return;
    reply->status = 303;
    reply->location = "/";
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_close(&json);
    json_writer_end(&json);
}
