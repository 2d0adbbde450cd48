/* GET /sale/info: the lowest and highest item numbers of the current sale, and the first and last
 * ids. */
#include "common/json_writer.h"
#include "endpoints.h"

/* How many ids at each end, and the bytes of one: two 32-bit numbers and "_item_". */
enum { ENDS = 10, ID_MAX = 32 };

/* Ids in the format of an earlier service, such as 17_item_4711. */
static void add_ids(struct json_writer *json, const char *name, int32_t sale_id, int32_t first,
                    int32_t last)
{
    json_open_array(json_key(json, name));
    for (int32_t number = first; number <= last; number++) {
        char bytes[ID_MAX];
        struct text id;
        text_begin(&id, bytes, sizeof bytes);
        text_add_integer(&id, sale_id);
        text_add(&id, "_item_");
        text_add_integer(&id, number);
        json_bytes(json, id.bytes, id.used);
    }
    json_close(json);
}

void sale_info_read(const struct context *context, const struct request *request,
                    struct reply *reply)
{
    struct sale_status sale;
    struct json_writer json;
    (void)request;
    if (!sale_view_read(context->sale_view, &sale)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    int32_t last = sale.items_total; /* numbers have no gaps */
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_integer_or_null(json_key(&json, "sale_id"), sale.sale_id);
    json_integer(json_key(&json, "items_total"), sale.items_total);
    json_integer(json_key(&json, "total_items"), sale.items_total);
    json_integer_or_null(json_key(&json, "lowest_id"), last > 0);
    json_integer_or_null(json_key(&json, "highest_id"), last);
    add_ids(&json, "first_items", sale.sale_id, 1, last < ENDS ? last : ENDS);
    add_ids(&json, "last_items", sale.sale_id, last > ENDS ? last - ENDS + 1 : 1, last);
    json_close(&json);
    json_writer_end(&json);
    reply->cache_control = REPLY_CACHE_1_S;
}
