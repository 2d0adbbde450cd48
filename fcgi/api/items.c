/* GET /items, /items/{id} and /items/{id}/image.svg: the items of a sale, one item, its picture. */
#include <string.h>

#include "catalog/picture.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/sale/item_id.h"
#include "fcgi/store/items_page.h"
#include "item_json.h"
#include "outcome_problem.h"
#include "page_json.h"

/* Bytes between two items, and around the page. */
enum { BETWEEN_MAX = 3, AROUND_MAX = 64 };
_Static_assert(PAGE_SIZE_MAX *(ITEM_JSON_MAX + BETWEEN_MAX) + AROUND_MAX <= REPLY_PAGE_MAX,
               "the largest page fits");

static bool is_state(const struct parameter *state)
{
    static const char *const states[] = {"free", "held", "sold"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strlen(states[i]) == state->length &&
            memcmp(states[i], state->bytes, state->length) == 0)
            return true;
    return state->length == 0;
}

static void write_items(struct text *body, struct items_page *items)
{
    struct json_writer json;
    struct item_row item;
    page_json_begin(&json, body);
    while (items_page_next(items, &item))
        item_json_row(&json, &item);
    page_json_end(&json, items->total);
}

void items_read(const struct context *context, const struct request *request, struct reply *reply)
{
    const struct parameter *state = &request->parameters.by_name[PARAMETER_STATE];
    struct page page;
    int sale_id;
    if (!page_read(request, PAGE_SIZE_DEFAULT, &page, reply))
        return;
    if (!is_state(state)) {
        reply_problem(reply, &problem_bad_request, "state: expected free, held or sold.", 0);
        return;
    }
    if (!parameter_number(&request->parameters.by_name[PARAMETER_SALE], 1, INT32_MAX, 0,
                          &sale_id)) {
        reply_problem(reply, &problem_bad_request, "sale_id: expected a whole number from 1.", 0);
        return;
    }

    const struct span wanted = {state->bytes, state->length};
    struct items_page items;
    if (!items_page_fetch(context->database, sale_id, wanted, page.offset, page.size, &items)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    if (!items.has_sale && sale_id > 0) {
        reply_problem(reply, &problem_not_found, "No sale of that id has begun.", 0);
    } else {
        reply->cache_control = REPLY_CACHE_1_S;
        write_items(&reply->body, &items);
    }
    items_page_free(&items);
}

/* Finds the item that the path names (item_id.h). False: there is none, and the reply says why. */
static bool find_item(const struct context *context, const struct request *request,
                      struct item_id *id, struct item_row *item, struct reply *reply)
{
    enum item_found found = ITEM_UNKNOWN;
    *id = item_id_parse(request->variable.bytes, request->variable.length);
    if (id->number > 0)
        found = item_row_fetch(context->database, id->sale_id, id->number, item);
    if (found == ITEM_UNAVAILABLE)
        reply_problem(reply, &problem_unavailable, NULL, 1);
    else if (found == ITEM_UNKNOWN)
        reply_outcome(reply, OUTCOME_UNKNOWN_ITEM, NULL, 0, context->settings);
    return found == ITEM_FOUND;
}

void item_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct item_id id;
    struct item_row item;
    struct json_writer json;
    if (!find_item(context, request, &id, &item, reply))
        return;
    reply->cache_control = REPLY_CACHE_1_S;
    json_writer_begin(&json, &reply->body);
    item_json_row(&json, &item);
    json_writer_end(&json);
}

void item_image_read(const struct context *context, const struct request *request,
                     struct reply *reply)
{
    struct item_id id;
    struct item_row item;
    if (!find_item(context, request, &id, &item, reply))
        return;
    reply->content_type = "image/svg+xml";
    /* An item's picture never changes. But an id without a sale names another item in each sale. */
    reply->cache_control =
        id.sale_id == ITEM_ID_OPEN_SALE ? REPLY_CACHE_1_S : "public, max-age=31536000, immutable";
    picture_draw(&reply->body, item.name, item.picture_seed);
}
