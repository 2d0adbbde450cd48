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
    struct text *body = &reply->body;
    text_add(body, "{\"success\":true,\"message\":\"");
    text_add(body, dialect_of(settings)->purchased);
    text_add(body, "\",\"status\":\"success\",\"purchase_id\":");
    text_add_integer(body, purchase_id(verdict->code.sale_id, verdict->code.number));
    text_add(body, ",");
    verdict_add_item(body, verdict, verdict->user, strlen(verdict->user));
    text_add(body, ",\"total_price\":");
    text_add_money(body, verdict->price_cents);
    text_add(body, ",\"purchased_at\":");
    text_add_time(body, verdict->purchased_us);
    text_add(body, ",\"user_purchases\":");
    text_add_integer(body, verdict->buyer_purchases);
    text_add(body, "}");
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
