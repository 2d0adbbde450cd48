/* POST /purchase: trades a code for the item it is for. */
#include <string.h>

#include "decision_reply.h"
#include "dialect.h"
#include "endpoints.h"
#include "outcome_problem.h"
#include "purchase_id.h"

/* Nothing in it depends on when it is written, so a repetition is the same byte for byte. */
static void write_purchased(const struct settings *settings, struct reply *reply,
                            const struct decision *decision)
{
    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_boolean(json_key(&json, "success"), true);
    json_string(json_key(&json, "message"), dialect_of(settings)->purchased);
    json_string(json_key(&json, "status"), "success");
    json_integer(json_key(&json, "purchase_id"),
                 purchase_id(decision->code.sale_id, decision->code.number));
    decision_add_item(&json, decision, (struct span){decision->user, strlen(decision->user)});
    json_money(json_key(&json, "total_price"), decision->price_cents);
    json_time(json_key(&json, "purchased_at"), decision->purchased_us);
    json_integer(json_key(&json, "user_purchases"), decision->buyer_purchases);
    json_close(&json);
    json_writer_end(&json);
}

bool purchase_submit(const struct settings *settings, const struct request *request,
                     struct job *job, struct reply *reply)
{
    const struct parameter *code = &request->parameters.by_name[PARAMETER_CODE];
    if (code->length == 0) {
        reply_problem(reply, &problem_bad_request, "code: expected the code of a checkout.", 0);
        return false;
    }
    if (code->is_too_long || !code_parse(code->bytes, code->length, &job->purchase.code)) {
        reply_outcome(reply, OUTCOME_UNKNOWN_CODE, NULL, 0, settings);
        return false;
    }
    return true;
}

void purchase_reply(const struct settings *settings, const struct job *job, struct reply *reply)
{
    if (job->decision.outcome == OUTCOME_PURCHASED || job->decision.outcome == OUTCOME_REPEATED)
        write_purchased(settings, reply, &job->decision);
    else
        decision_problem(reply, &job->decision, settings);
}
