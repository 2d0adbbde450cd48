/* GET /problems/{outcome}: what the type of a refusal means (RFC 9457, section 3.1.1). */
#include "endpoints.h"

void problem_read(const struct context *context, const struct request *request, struct reply *reply)
{
    enum outcome outcome = outcome_named(request->variable.bytes, request->variable.length);
    if (outcome == OUTCOME_COUNT || !outcome_is_refusal(outcome)) {
        reply_problem(reply, OUTCOME_NOT_FOUND, "There is no problem of that name.", 0,
                      context->settings);
        return;
    }
    const struct outcome_text *text = outcome_text(outcome);
    struct json_writer json;
    reply->cache_control = "public, max-age=3600";
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    reply_add_problem(&json, text, outcome_status(outcome, context->settings), text->detail);
    json_string(json_key(&json, "error"), text->error);
    json_close(&json);
    json_writer_end(&json);
}
