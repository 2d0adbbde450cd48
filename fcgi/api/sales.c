/* GET /sales: all sales: from the next one back in time, then those that are further ahead. */
#include <endian.h>

#include "common/json_writer.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/store/reader.h"

enum column {
    COLUMN_SALE_ID,
    COLUMN_STATUS,
    COLUMN_STARTS_AT,
    COLUMN_ENDS_AT,
    COLUMN_ITEMS_TOTAL,
    COLUMN_ITEMS_SOLD,
    COLUMN_PURCHASE_LIMIT,
    COLUMN_HOLD_S,
    COLUMN_TOTAL
};

/* What a sale takes at most, and what stands around the page. */
enum { SALE_JSON_MAX = 384, AROUND_MAX = 64 };
_Static_assert(PAGE_SIZE_MAX *SALE_JSON_MAX + AROUND_MAX <= REPLY_PAGE_MAX,
               "the largest page fits");

static void write_sale(struct json_writer *json, const PGresult *result, int row)
{
    char status[SALE_STATUS_MAX];
    database_text(result, row, COLUMN_STATUS, status, sizeof status);
    json_open_object(json);
    json_integer(json_key(json, "sale_id"), database_int4(result, row, COLUMN_SALE_ID));
    json_string(json_key(json, "sale_status"), status);
    json_time(json_key(json, "starts_at"), database_time_us(result, row, COLUMN_STARTS_AT));
    json_time(json_key(json, "ends_at"), database_time_us(result, row, COLUMN_ENDS_AT));
    json_integer(json_key(json, "items_total"), database_int4(result, row, COLUMN_ITEMS_TOTAL));
    json_integer(json_key(json, "items_sold"), database_int8(result, row, COLUMN_ITEMS_SOLD));
    json_integer(json_key(json, "purchase_limit"),
                 database_int4(result, row, COLUMN_PURCHASE_LIMIT));
    json_integer(json_key(json, "hold_s"), database_int4(result, row, COLUMN_HOLD_S));
    json_close(json);
}

void sales_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct page page;
    if (!page_read(request, PAGE_SIZE_DEFAULT, &page, reply, context->settings))
        return;
    uint64_t offset = htobe64((uint64_t)page.offset);
    uint32_t size = htobe32((uint32_t)page.size);
    const struct database_parameter parameters[] = {{(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(context->database, READ_SALES, parameters, 2);
    if (!result) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, context->settings);
        return;
    }

    reply->cache_control = REPLY_CACHE_1_S;
    reader_write_page(&reply->body, result, COLUMN_SALE_ID, COLUMN_TOTAL, write_sale);
    PQclear(result);
}
