#include "verdict_reply.h"

#include <string.h>

#include "common/item.h"
#include "dialect.h"
#include "item_json.h"

/* More than the longest text of a dialect. */
enum { DETAIL_MAX = 128 };

void verdict_add_item(struct text *body, const struct verdict *verdict, const char *user,
                      size_t user_length)
{
    const struct code *code = &verdict->code;
    char description[ITEM_DESCRIPTION_MAX];
    item_describe(verdict->name, verdict->picture_seed, description, sizeof description);

    text_add(body, "\"user\":");
    text_add_json(body, user, user_length);
    text_add(body, ",\"item_id\":\"");
    item_json_add_id(body, code->sale_id, code->number);
    text_add(body, "\",\"sale_id\":");
    text_add_integer(body, code->sale_id);
    text_add(body, ",\"item\":{");
    item_json_add_name(body, code->sale_id, code->number, verdict->name);
    text_add(body, ",\"description\":");
    text_add_json(body, description, strlen(description));
    text_add(body, ",");
    item_json_add_price(body, code->sale_id, code->number, verdict->price_cents);
    text_add(body, "}");
}

int64_t verdict_seconds_until(const struct verdict *verdict, int64_t time_us)
{
    int64_t left_us = time_us - verdict->decided_us;
    return left_us <= 0 ? 0 : (left_us + 999999) / 1000000;
}

void verdict_problem(struct reply *reply, const struct verdict *verdict,
                     const struct settings *settings)
{
    char says[DETAIL_MAX] = "";
    struct text detail;
    int64_t retry_after_s = 0;
    text_begin(&detail, says, sizeof says - 1);
    switch (verdict->outcome) {
    case OUTCOME_HELD:
        retry_after_s = verdict_seconds_until(verdict, verdict->expires_us);
        if (retry_after_s == 0)
            retry_after_s = 1; /* whoever is being decided about: soon */
        break;
    case OUTCOME_USER_LIMIT:
        dialect_add_limit(dialect_of(settings), verdict->purchase_limit, &detail);
        retry_after_s = verdict_seconds_until(verdict, verdict->sale_ends_us);
        break;
    case OUTCOME_UNAVAILABLE:
        retry_after_s = 1;
        break;
    default:
        break;
    }
    says[detail.used] = '\0';
    reply_problem(reply, verdict->outcome, says, retry_after_s, settings);
}
