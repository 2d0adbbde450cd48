/* POST /purchase: trades a code for the item it is for. */
#include <string.h>

#include "dialect.h"
#include "endpoints.h"
#include "purchase_id.h"
#include "verdict_reply.h"

/* Says nothing of the moment, so that a repetition is the same byte for byte. */
static void write_purchased(const struct settings *settings, struct reply *reply,
                            const struct verdict *verdict)
{
    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_boolean(json_key(&json, "success"), true);
    json_string(json_key(&json, "message"), dialect_of(settings)->purchased);
    json_string(json_key(&json, "status"), "success");
    json_integer(json_key(&json, "purchase_id"),
                 purchase_id(verdict->code.sale_id, verdict->code.number));
    verdict_add_item(&json, verdict, verdict->user, strlen(verdict->user));
    json_money(json_key(&json, "total_price"), verdict->price_cents);
    json_time(json_key(&json, "purchased_at"), verdict->purchased_us);
    json_integer(json_key(&json, "user_purchases"), verdict->buyer_purchases);
    json_close(&json);
    json_writer_end(&json);
}

bool purchase_ask(const struct settings *settings, const struct request *request,
                  struct ticket *ticket, struct reply *reply)
{
    const struct parameter *code = &request->parameters.by_name[PARAMETER_CODE];
    if (code->length == 0) {
        reply_problem(reply, OUTCOME_BAD_REQUEST, "code: expected the code of a checkout.", 0,
                      settings);
        return false;
    }
    if (code->is_too_long || !code_parse(code->bytes, code->length, &ticket->code)) {
        reply_problem(reply, OUTCOME_UNKNOWN_CODE, NULL, 0, settings);
        return false;
    }
    return true;
}

void purchase_tell(const struct settings *settings, const struct ticket *ticket,
                   struct reply *reply)
{
    if (ticket->verdict.outcome == OUTCOME_PURCHASED || ticket->verdict.outcome == OUTCOME_REPEATED)
        write_purchased(settings, reply, &ticket->verdict);
    else
        verdict_problem(reply, &ticket->verdict, settings);
}
