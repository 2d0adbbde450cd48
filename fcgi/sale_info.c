/* GET /sale/info: between which numbers the items of the current sale lie, and those at either end. */
#include <endian.h>

#include "endpoints.h"
#include "item_json.h"
#include "reader.h"

/* How many items of either end are told; what an item takes beside itself, and what stands around. */
enum { ENDS = 10, BETWEEN_MAX = 3, AROUND_MAX = 512, COLUMN_NUMBER = 1 };
_Static_assert(2 * ENDS * (ITEM_JSON_MAX + BETWEEN_MAX) + AROUND_MAX <= REPLY_PAGE_MAX, "both fit");

/* Adds the items from number `first` on. False: PostgreSQL could not be asked. */
static bool add_items(const struct services *services, struct text *body, const char *name,
                      int32_t sale_id, int32_t first)
{
    uint32_t sale = htobe32((uint32_t)sale_id), size = htobe32(ENDS);
    uint64_t offset = htobe64((uint64_t)(first - 1));
    const struct database_parameter parameters[] = {{(const char *)&sale, sizeof sale},
                                                    {NULL, 0},
                                                    {(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(services->database, READ_ITEMS, parameters, 4);
    if (!result)
        return false;
    text_add(body, name);
    for (int row = 0; row < PQntuples(result); row++) {
        if (database_int4(result, row, COLUMN_NUMBER) == 0)
            break; /* the page is empty */
        text_add(body, row > 0 ? ",{" : "{");
        item_json_add_row(body, result, row);
        text_add(body, "}");
    }
    text_add(body, "]");
    PQclear(result);
    return true;
}

void sale_info_read(const struct services *services, const struct request *request,
                    struct reply *reply)
{
    struct sale_status sale;
    struct text *body = &reply->body;
    (void)request;
    bool good = sale_view_read(services->sale_view, &sale);
    if (good) {
        text_add(body, "{\"sale_id\":");
        text_add_integer_or_null(body, sale.sale_id);
        text_add(body, ",\"items_total\":");
        text_add_integer(body, sale.items_total);
        /* Numbers have no gaps. */
        text_add(body, ",\"lowest_id\":");
        text_add_integer_or_null(body, sale.items_total > 0);
        text_add(body, ",\"highest_id\":");
        text_add_integer_or_null(body, sale.items_total);
    }
    if (good && sale.sale_id == 0) {
        text_add(body, ",\"first_items\":[],\"last_items\":[]");
    } else if (good) {
        int32_t last = sale.items_total > ENDS ? sale.items_total - ENDS + 1 : 1;
        good = add_items(services, body, ",\"first_items\":[", sale.sale_id, 1) &&
               add_items(services, body, ",\"last_items\":[", sale.sale_id, last);
    }
    if (!good) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
        return;
    }
    text_add(body, "}");
    reply->cache_control = REPLY_CACHE_1_S;
}
