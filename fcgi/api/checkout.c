/* POST /checkout: reserves an item for a user and gives the code that buys it. */
#include "decision_reply.h"
#include "dialect.h"
#include "endpoints.h"
#include "identity.h"

_Static_assert((int)PARAMETER_BYTES_MAX <= (int)WILDCARD_ID_BYTES_MAX,
               "an id that is given can be stored");

static void write_accepted(const struct settings *settings, struct reply *reply,
                           const struct job *job)
{
    const struct decision *decision = &job->decision;
    struct json_writer json;
    char code[CODE_LENGTH + 1];
    code_format(&decision->code, code);

    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_boolean(json_key(&json, "success"), true);
    json_string(json_key(&json, "message"), dialect_of(settings)->checked_out);
    json_string(json_key(&json, "code"), code);
    json_string(json_key(&json, "checkout_code"), code);
    json_time(json_key(&json, "expires_at"), decision->expires_us);
    json_integer(json_key(&json, "expires_in"),
                 decision_seconds_until(decision, decision->expires_us));
    decision_add_item(&json, decision, job->checkout.user);
    json_close(&json);
    json_writer_end(&json);
}

bool checkout_submit(const struct settings *settings, const struct request *request,
                     struct job *job, struct reply *reply)
{
    const struct parameter *item = &request->parameters.by_name[PARAMETER_ITEM];
    if (!identity_require(settings, request, &job->checkout.user, reply))
        return false;

    struct item_id id = {ITEM_ID_OPEN_SALE, ITEM_ID_NONE};
    if (!item->is_too_long)
        id = item_id_parse(item->bytes, item->length);
    bool is_wildcard = settings->sale.unknown_item == UNKNOWN_ITEM_ANY &&
                       id.number == ITEM_ID_NONE && !item->is_too_long;
    job->checkout.item = id;
    job->checkout.wildcard_id = (struct span){item->bytes, is_wildcard ? item->length : 0};
    return true;
}

void checkout_reply(const struct settings *settings, const struct job *job, struct reply *reply)
{
    if (job->decision.outcome == OUTCOME_ACCEPTED || job->decision.outcome == OUTCOME_REPEATED)
        write_accepted(settings, reply, job);
    else
        decision_problem(reply, &job->decision, settings);
}
