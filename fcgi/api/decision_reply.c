#include "decision_reply.h"

#include "catalog/item.h"
#include "common/clock.h"
#include "dialect.h"
#include "item_json.h"
#include "outcome_problem.h"

/* More than the longest text of a dialect. */
enum { DETAIL_MAX = 128 };

void decision_add_item(struct json_writer *json, const struct decision *decision, struct span user)
{
    const struct code *code = &decision->code;
    char description[ITEM_DESCRIPTION_MAX];
    item_describe(decision->name, decision->picture_seed, description, sizeof description);

    json_bytes(json_key(json, "user"), user.bytes, user.length);
    item_json_id(json_key(json, "item_id"), code->sale_id, code->number);
    json_integer(json_key(json, "sale_id"), code->sale_id);
    json_open_object(json_key(json, "item"));
    item_json_name(json, code->sale_id, code->number, decision->name);
    json_string(json_key(json, "description"), description);
    item_json_price(json, code->sale_id, code->number, decision->price_cents);
    json_close(json);
}

int64_t decision_seconds_until(const struct decision *decision, int64_t time_us)
{
    return clock_whole_seconds(time_us - decision->decided_us);
}

/* Tells when the user's turn comes. */
static void reply_not_yet(struct reply *reply, const struct decision *decision,
                          const struct settings *settings)
{
    const struct problem problem = outcome_problem(decision->outcome, settings);
    reply_problem_with_time(reply, &problem, decision_seconds_until(decision, decision->expires_us),
                            "opens_at", decision->expires_us);
}

void decision_problem(struct reply *reply, const struct decision *decision,
                      const struct settings *settings)
{
    char says[DETAIL_MAX] = "";
    struct text detail;
    int64_t retry_after_s = 0;
    text_begin(&detail, says, sizeof says - 1);
    switch (decision->outcome) {
    case OUTCOME_HELD:
    case OUTCOME_HOLD_LIMIT:
        retry_after_s = decision_seconds_until(decision, decision->expires_us);
        if (retry_after_s == 0)
            retry_after_s = 1; /* the hold is being decided about: soon */
        break;
    case OUTCOME_USER_LIMIT:
        dialect_add_limit(dialect_of(settings), decision->purchase_limit, &detail);
        retry_after_s = decision_seconds_until(decision, decision->sale_ends_us);
        break;
    case OUTCOME_NOT_YET:
        reply_not_yet(reply, decision, settings);
        return;
    case OUTCOME_UNAVAILABLE:
        retry_after_s = 1;
        break;
    default:
        break;
    }
    says[detail.used] = '\0';
    reply_outcome(reply, decision->outcome, says, retry_after_s, settings);
}
