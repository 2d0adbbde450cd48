/* GET /problems/{outcome}: describes the type of a refusal (RFC 9457, section 3.1.1). */
#include "endpoints.h"
#include "outcome_problem.h"

void problem_read(const struct settings *settings, const struct request *request,
                  struct reply *reply)
{
    struct problem problem;
    struct json_writer json;
    if (!problem_named(request->variable.bytes, request->variable.length, settings, &problem)) {
        reply_problem(reply, &problem_not_found, "There is no problem of that name.", 0);
        return;
    }
    reply->cache_control = "public, max-age=3600";
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    reply_add_problem(&json, &problem, problem.detail);
    json_string(json_key(&json, "error"), problem.error);
    json_close(&json);
    json_writer_end(&json);
}
