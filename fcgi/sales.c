/* GET /sales: all sales: from the next one back in time, then those that are further ahead. */
#include <endian.h>

#include "endpoints.h"
#include "paging.h"
#include "reader.h"

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

static void write_sale(struct text *body, const PGresult *result, int row)
{
    char status[SALE_STATUS_MAX];
    database_text(result, row, COLUMN_STATUS, status, sizeof status);
    text_add(body, "{\"sale_id\":");
    text_add_integer(body, database_int4(result, row, COLUMN_SALE_ID));
    text_add(body, ",\"sale_status\":\"");
    text_add(body, status);
    text_add(body, "\",\"starts_at\":");
    text_add_time(body, database_time_us(result, row, COLUMN_STARTS_AT));
    text_add(body, ",\"ends_at\":");
    text_add_time(body, database_time_us(result, row, COLUMN_ENDS_AT));
    text_add(body, ",\"items_total\":");
    text_add_integer(body, database_int4(result, row, COLUMN_ITEMS_TOTAL));
    text_add(body, ",\"items_sold\":");
    text_add_integer(body, database_int8(result, row, COLUMN_ITEMS_SOLD));
    text_add(body, ",\"purchase_limit\":");
    text_add_integer(body, database_int4(result, row, COLUMN_PURCHASE_LIMIT));
    text_add(body, ",\"hold_s\":");
    text_add_integer(body, database_int4(result, row, COLUMN_HOLD_S));
    text_add(body, "}");
}

void sales_read(const struct services *services, const struct request *request, struct reply *reply)
{
    struct page page;
    if (!page_read(request, PAGE_SIZE_DEFAULT, &page, reply, services->settings))
        return;
    uint64_t offset = htobe64((uint64_t)page.offset);
    uint32_t size = htobe32((uint32_t)page.size);
    const struct database_parameter parameters[] = {{(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(services->database, READ_SALES, parameters, 2);
    if (!result) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
        return;
    }

    struct text *body = &reply->body;
    reply->cache_control = REPLY_CACHE_1_S;
    text_add(body, "{\"page\":[");
    for (int row = 0; row < PQntuples(result); row++) {
        if (database_is_null(result, row, COLUMN_SALE_ID))
            break; /* the page is empty */
        text_add(body, row > 0 ? "," : "");
        write_sale(body, result, row);
    }
    text_add(body, "],\"total\":");
    text_add_integer(body, database_int8(result, 0, COLUMN_TOTAL));
    text_add(body, "}");
    PQclear(result);
}
