/* GET /sale/info: between which numbers the items of the current sale lie, and those at either end.
 */
#include <endian.h>

#include "endpoints.h"
#include "item_json.h"
#include "reader.h"

/* How many items of either end are told; what an item takes beside itself, and what stands around.
 */
enum { ENDS = 10, BETWEEN_MAX = 3, AROUND_MAX = 512, COLUMN_NUMBER = 1 };
_Static_assert(2 * ENDS * (ITEM_JSON_MAX + BETWEEN_MAX) + AROUND_MAX <= REPLY_PAGE_MAX, "both fit");

/* The member `name`: the items from number `first` on. False: PostgreSQL could not be asked. */
static bool add_items(const struct services *services, struct json_writer *json, const char *name,
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
    json_open_array(json_key(json, name));
    for (int row = 0; row < PQntuples(result); row++) {
        if (database_int4(result, row, COLUMN_NUMBER) == 0)
            break; /* the page is empty */
        item_json_row(json, result, row);
    }
    json_close(json);
    PQclear(result);
    return true;
}

/* False: PostgreSQL could not be asked. */
static bool write_info(const struct services *services, struct text *body)
{
    struct sale_status sale;
    struct json_writer json;
    if (!sale_view_read(services->sale_view, &sale))
        return false;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_integer_or_null(json_key(&json, "sale_id"), sale.sale_id);
    json_integer(json_key(&json, "items_total"), sale.items_total);
    /* Numbers have no gaps. */
    json_integer_or_null(json_key(&json, "lowest_id"), sale.items_total > 0);
    json_integer_or_null(json_key(&json, "highest_id"), sale.items_total);
    int32_t last = sale.items_total > ENDS ? sale.items_total - ENDS + 1 : 1;
    if (sale.sale_id == 0) {
        json_open_array(json_key(&json, "first_items"));
        json_close(&json);
        json_open_array(json_key(&json, "last_items"));
        json_close(&json);
    } else if (!add_items(services, &json, "first_items", sale.sale_id, 1) ||
               !add_items(services, &json, "last_items", sale.sale_id, last)) {
        return false;
    }
    json_close(&json);
    json_writer_end(&json);
    return true;
}

void sale_info_read(const struct services *services, const struct request *request,
                    struct reply *reply)
{
    (void)request;
    if (write_info(services, &reply->body))
        reply->cache_control = REPLY_CACHE_1_S;
    else
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
}
