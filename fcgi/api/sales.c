/* GET /sales: all sales: the next one and those before it, newest first; then the later ones,
 * soonest first. */
#include "common/json_writer.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/store/sales_page.h"
#include "page_json.h"

/* Bytes of a sale at most, and around the page. */
enum { SALE_JSON_MAX = 384, AROUND_MAX = 64 };
_Static_assert(PAGE_SIZE_MAX *SALE_JSON_MAX + AROUND_MAX <= REPLY_PAGE_MAX,
               "the largest page fits");

static void write_sale(struct json_writer *json, const struct sale_row *sale)
{
    json_open_object(json);
    json_integer(json_key(json, "sale_id"), sale->sale_id);
    json_string(json_key(json, "sale_status"), sale->status);
    json_time(json_key(json, "starts_at"), sale->starts_us);
    json_time(json_key(json, "ends_at"), sale->ends_us);
    json_integer(json_key(json, "items_total"), sale->items_total);
    json_integer(json_key(json, "items_sold"), sale->items_sold);
    json_integer(json_key(json, "purchase_limit"), sale->purchase_limit);
    json_integer(json_key(json, "hold_s"), sale->hold_s);
    json_integer_or_null(json_key(json, "holds_max"), sale->holds_max);
    json_integer(json_key(json, "draw_s"), sale->draw_s);
    json_close(json);
}

static void write_sales(struct text *body, struct sales_page *sales)
{
    struct json_writer json;
    struct sale_row sale;
    page_json_begin(&json, body);
    while (sales_page_next(sales, &sale))
        write_sale(&json, &sale);
    page_json_end(&json, sales->total);
}

void sales_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct page page;
    struct sales_page sales;
    if (!page_read(request, PAGE_SIZE_DEFAULT, &page, reply))
        return;
    if (!sales_page_fetch(context->database, page.offset, page.size, &sales)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    reply->cache_control = REPLY_CACHE_1_S;
    write_sales(&reply->body, &sales);
    sales_page_free(&sales);
}
