/* GET /sale/info: between which numbers the items of the current sale lie, and the ids at either
 * end. */
#include "endpoints.h"

/* How many ids of either end are told. */
enum { ENDS = 10 };

/* As clients of another service take them apart: 17_item_4711. */
static void add_ids(struct text *body, const char *name, int32_t sale_id, int32_t first,
                    int32_t last)
{
    text_add(body, name);
    for (int32_t number = first; number <= last; number++) {
        text_add(body, number > first ? ",\"" : "\"");
        text_add_integer(body, sale_id);
        text_add(body, "_item_");
        text_add_integer(body, number);
        text_add(body, "\"");
    }
    text_add(body, "]");
}

void sale_info_read(const struct services *services, const struct request *request,
                    struct reply *reply)
{
    struct sale_status sale;
    struct text *body = &reply->body;
    (void)request;
    if (!sale_view_read(services->sale_view, &sale)) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
        return;
    }
    text_add(body, "{\"sale_id\":");
    text_add_integer_or_null(body, sale.sale_id);
    text_add(body, ",\"items_total\":");
    text_add_integer(body, sale.items_total);
    text_add(body, ",\"total_items\":");
    text_add_integer(body, sale.items_total);
    /* Numbers have no gaps. */
    int32_t last = sale.items_total;
    text_add(body, ",\"lowest_id\":");
    text_add_integer_or_null(body, last > 0);
    text_add(body, ",\"highest_id\":");
    text_add_integer_or_null(body, last);
    add_ids(body, ",\"first_items\":[", sale.sale_id, 1, last < ENDS ? last : ENDS);
    add_ids(body, ",\"last_items\":[", sale.sale_id, last > ENDS ? last - ENDS + 1 : 1, last);
    text_add(body, "}");
    reply->cache_control = REPLY_CACHE_1_S;
}
