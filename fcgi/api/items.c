/* GET /items, /items/{id} and /items/{id}/image.svg: what is for sale. */
#include <endian.h>
#include <string.h>

#include "catalog/item.h"
#include "catalog/picture.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/sale/item_id.h"
#include "fcgi/store/reader.h"
#include "item_json.h"
#include "outcome_problem.h"

enum { COLUMN_SALE_ID, COLUMN_NUMBER, COLUMN_NAME, COLUMN_PICTURE_SEED = 4, COLUMN_TOTAL = 7 };

/* What stands around an item, and around the page. */
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

    uint32_t sale = htobe32((uint32_t)sale_id), size = htobe32((uint32_t)page.size);
    uint64_t offset = htobe64((uint64_t)page.offset);
    const struct database_parameter parameters[] = {
        {(const char *)&sale, sizeof sale},
        {state->length > 0 ? state->bytes : NULL, (int)state->length},
        {(const char *)&offset, sizeof offset},
        {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(context->database, READ_ITEMS, parameters, 4);
    if (!result) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
    } else if (PQntuples(result) == 0 && sale_id > 0) {
        reply_problem(reply, &problem_not_found, "No sale of that id has begun.", 0);
    } else {
        reply->cache_control = REPLY_CACHE_1_S;
        reader_write_page(&reply->body, result, COLUMN_NUMBER, COLUMN_TOTAL, item_json_row);
    }
    PQclear(result);
}

/* The row of the item that the path names, by item_id.h. NULL: the reply says why. */
static PGresult *find_item(const struct context *context, const struct request *request,
                           struct item_id *id, struct reply *reply)
{
    *id = item_id_parse(request->variable.bytes, request->variable.length);
    uint32_t sale = htobe32((uint32_t)id->sale_id), number = htobe32((uint32_t)id->number);
    const struct database_parameter parameters[] = {{(const char *)&sale, sizeof sale},
                                                    {(const char *)&number, sizeof number}};
    PGresult *result = NULL;
    if (id->number > 0) {
        result = reader_call(context->database, READ_ITEM, parameters, 2);
        if (!result) {
            reply_problem(reply, &problem_unavailable, NULL, 1);
            return NULL;
        }
    }
    if (!result || PQntuples(result) == 0) {
        PQclear(result);
        reply_outcome(reply, OUTCOME_UNKNOWN_ITEM, NULL, 0, context->settings);
        return NULL;
    }
    return result;
}

void item_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct item_id id;
    struct json_writer json;
    PGresult *result = find_item(context, request, &id, reply);
    if (!result)
        return;
    reply->cache_control = REPLY_CACHE_1_S;
    json_writer_begin(&json, &reply->body);
    item_json_row(&json, result, 0);
    json_writer_end(&json);
    PQclear(result);
}

void item_image_read(const struct context *context, const struct request *request,
                     struct reply *reply)
{
    struct item_id id;
    PGresult *result = find_item(context, request, &id, reply);
    if (!result)
        return;
    char name[ITEM_NAME_MAX];
    database_text(result, 0, COLUMN_NAME, name, sizeof name);
    reply->content_type = "image/svg+xml";
    /* An item's picture never changes; but whose number it is does, where no sale is named. */
    reply->cache_control =
        id.sale_id == ITEM_ID_OPEN_SALE ? REPLY_CACHE_1_S : "public, max-age=31536000, immutable";
    picture_draw(&reply->body, name, database_int8(result, 0, COLUMN_PICTURE_SEED));
    PQclear(result);
}
