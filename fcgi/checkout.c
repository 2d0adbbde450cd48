/* POST /checkout: reserves an item for a user and gives the code that buys it. */
#include "dialect.h"
#include "endpoints.h"
#include "identity.h"
#include "item_id.h"
#include "verdict_reply.h"

static void write_accepted(const struct settings *settings, struct reply *reply,
                           const struct ticket *ticket)
{
    const struct verdict *verdict = &ticket->verdict;
    struct json_writer json;
    char code[CODE_LENGTH + 1];
    code_format(&verdict->code, code);

    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_boolean(json_key(&json, "success"), true);
    json_string(json_key(&json, "message"), dialect_of(settings)->checked_out);
    json_string(json_key(&json, "code"), code);
    json_string(json_key(&json, "checkout_code"), code);
    json_time(json_key(&json, "expires_at"), verdict->expires_us);
    json_integer(json_key(&json, "expires_in"),
                 verdict_seconds_until(verdict, verdict->expires_us));
    verdict_add_item(&json, verdict, ticket->user, ticket->user_length);
    json_close(&json);
    json_writer_end(&json);
}

/* False: the request has no user who may check out, and the reply says so. */
static bool find_user(const struct settings *settings, const struct request *request,
                      struct span *user, struct reply *reply)
{
    if (!identity_find(settings, request, user, reply))
        return false;
    if (user->length > 0)
        return true;
    if (settings->http.identity == IDENTITY_REMOTE_USER)
        reply_problem(reply, OUTCOME_IDENTITY_MISMATCH, "Nobody is logged in.", 0, settings);
    else
        reply_problem(reply, OUTCOME_BAD_REQUEST, "user_id: expected 1 to 128 bytes of UTF-8.", 0,
                      settings);
    return false;
}

bool checkout_ask(const struct settings *settings, const struct request *request,
                  struct ticket *ticket, struct reply *reply)
{
    const struct parameter *item = &request->parameters.by_name[PARAMETER_ITEM];
    struct span user;
    if (!find_user(settings, request, &user, reply))
        return false;

    struct item_id id = {ITEM_ID_OPEN_SALE, ITEM_ID_NONE};
    if (!item->is_too_long)
        id = item_id_parse(item->bytes, item->length);
    bool is_free = settings->sale.unknown_item == UNKNOWN_ITEM_ANY && id.number == ITEM_ID_NONE &&
                   !item->is_too_long;
    ticket->free_id = item->bytes;
    ticket->free_id_length = is_free ? item->length : 0;
    ticket->user = user.bytes;
    ticket->user_length = user.length;
    ticket->code.sale_id = id.sale_id;
    ticket->code.number = id.number;
    return true;
}

void checkout_tell(const struct settings *settings, const struct ticket *ticket,
                   struct reply *reply)
{
    if (ticket->verdict.outcome == OUTCOME_ACCEPTED || ticket->verdict.outcome == OUTCOME_REPEATED)
        write_accepted(settings, reply, ticket);
    else
        verdict_problem(reply, &ticket->verdict, settings);
}
