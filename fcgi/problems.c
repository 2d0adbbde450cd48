/* GET /problems/{outcome}: what the type of a refusal means (RFC 9457, section 3.1.1). */
#include <string.h>

#include "endpoints.h"

void problem_read(const struct services *services, const struct request *request,
                  struct reply *reply)
{
    enum outcome outcome = outcome_named(request->variable.bytes, request->variable.length);
    if (outcome == OUTCOME_COUNT || !outcome_is_refusal(outcome)) {
        reply_problem(reply, OUTCOME_NOT_FOUND, "There is no problem of that name.", 0,
                      services->settings);
        return;
    }
    const struct outcome_text *text = outcome_text(outcome);
    struct text *body = &reply->body;
    reply->cache_control = "public, max-age=3600";
    text_add(body, "{\"type\":\"/problems/");
    text_add(body, text->name);
    text_add(body, "\",\"title\":\"");
    text_add(body, text->title);
    text_add(body, "\",\"status\":");
    text_add_integer(body, outcome_status(outcome, services->settings));
    text_add(body, ",\"detail\":");
    text_add_json(body, text->detail, strlen(text->detail));
    text_add(body, ",\"outcome\":\"");
    text_add(body, text->name);
    text_add(body, "\",\"error\":\"");
    text_add(body, text->error);
    text_add(body, "\"}");
}
