/* GET /me: who asks, and what they have. GET /users/{user_id}/purchases: what the user who is
   logged in bought and holds. */
#include <endian.h>
#include <string.h>

#include "common/clock.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/sale/code.h"
#include "fcgi/store/reader.h"
#include "identity.h"
#include "item_json.h"
#include "purchase_id.h"

enum column {
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_HELD_UNTIL = 6,
    COLUMN_SECRET,
    COLUMN_PURCHASED_AT,
    COLUMN_BUYER_PURCHASES,
    COLUMN_PURCHASE_LIMIT,
    COLUMN_PURCHASES_TOTAL,
    COLUMN_HOLDS_TOTAL,
    COLUMN_CURRENT_SALE_ID,
    COLUMN_BOUGHT,
    COLUMN_HELD,
    COLUMN_READ_AT
};

/* What stands around an item, with its code or purchase, and around the page with the user's name,
   each byte of it escaped. */
enum { BETWEEN_MAX = 192, AROUND_MAX = 6 * PARAMETER_BYTES_MAX + 256 };
_Static_assert(PAGE_SIZE_MAX *(ITEM_JSON_MAX + BETWEEN_MAX) + AROUND_MAX <= REPLY_PAGE_MAX,
               "the largest page fits");

static void write_purchase(struct json_writer *json, const PGresult *result, int row)
{
    json_open_object(json);
    json_integer(json_key(json, "purchase_id"),
                 purchase_id(database_int4(result, row, COLUMN_SALE_ID),
                             database_int4(result, row, COLUMN_NUMBER)));
    json_time(json_key(json, "purchased_at"), database_time_us(result, row, COLUMN_PURCHASED_AT));
    item_json_row(json_key(json, "item"), result, row);
    json_close(json);
}

static void write_hold(struct json_writer *json, const PGresult *result, int row)
{
    struct code code = {.sale_id = database_int4(result, row, COLUMN_SALE_ID),
                        .number = database_int4(result, row, COLUMN_NUMBER)};
    int64_t expires_us = database_time_us(result, row, COLUMN_HELD_UNTIL);
    int64_t read_us = database_time_us(result, row, COLUMN_READ_AT);
    char text[CODE_LENGTH + 1];
    memcpy(code.secret, PQgetvalue(result, row, COLUMN_SECRET), CODE_SECRET_BYTES);
    code_format(&code, text);
    json_open_object(json);
    json_string(json_key(json, "code"), text);
    json_time(json_key(json, "expires_at"), expires_us);
    json_integer(json_key(json, "expires_in"), clock_whole_seconds(expires_us - read_us));
    item_json_row(json_key(json, "item"), result, row);
    json_close(json);
}

static void write_rows(struct json_writer *json, const PGresult *result, bool is_bought,
                       void (*write)(struct json_writer *, const PGresult *, int))
{
    json_open_array(json);
    for (int row = 0; row < PQntuples(result); row++)
        if (!database_is_null(result, row, COLUMN_NUMBER) &&
            database_is_null(result, row, COLUMN_PURCHASED_AT) != is_bought)
            write(json, result, row);
    json_close(json);
}

static void write_lists(struct json_writer *json, const PGresult *result)
{
    write_rows(json_key(json, "purchases"), result, true, write_purchase);
    write_rows(json_key(json, "holds"), result, false, write_hold);
}

static void write_user(struct text *body, const struct span *user, const PGresult *result)
{
    bool has_sale = PQntuples(result) > 0;
    int64_t purchases = has_sale ? database_int8(result, 0, COLUMN_PURCHASES_TOTAL) : 0;
    int64_t holds = has_sale ? database_int8(result, 0, COLUMN_HOLDS_TOTAL) : 0;
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_bytes(json_key(&json, "user"), user->bytes, user->length);
    json_integer_or_null(json_key(&json, "purchase_limit"),
                         has_sale ? database_int4(result, 0, COLUMN_PURCHASE_LIMIT) : 0);
    write_lists(&json, result);
    json_integer(json_key(&json, "purchases_total"), purchases);
    json_integer(json_key(&json, "holds_total"), holds);
    json_integer(json_key(&json, "total"), purchases + holds);
    json_close(&json);
    json_writer_end(&json);
}

/* A page of what the user has; NULL: the reply says why. A size of 0: of what, only how much. */
static PGresult *read_user(const struct context *context, const struct span *user,
                           const struct page *page, struct reply *reply)
{
    uint64_t offset = htobe64((uint64_t)page->offset);
    uint32_t size = htobe32((uint32_t)page->size);
    const struct database_parameter parameters[] = {{user->bytes, (int)user->length},
                                                    {(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(context->database, READ_USER, parameters, 3);
    if (!result)
        reply_problem(reply, &problem_unavailable, NULL, 1);
    return result;
}

void user_purchases_read(const struct context *context, const struct request *request,
                         struct reply *reply)
{
    const struct settings *settings = context->settings;
    const struct span user = {request->remote_user, strlen(request->remote_user)};
    struct page page;
    if (settings->http.identity != IDENTITY_REMOTE_USER) {
        reply_problem(reply, &problem_not_found,
                      "Who bought what is told to users who are logged in only.", 0);
        return;
    }
    if (!identity_is(&user, request->variable.bytes, request->variable.length)) {
        reply_problem(reply, &problem_identity_mismatch, NULL, 0);
        return;
    }
    if (!page_read(request, PAGE_SIZE_MAX, &page, reply))
        return;
    PGresult *result = read_user(context, &user, &page, reply);
    if (result)
        write_user(&reply->body, &user, result);
    PQclear(result);
}

/* What /me tells. */
struct me {
    bool is_remote;
    struct span user;
    int32_t sale_id;
    int32_t purchase_limit;
    int64_t bought;
    int64_t held;
    int64_t total;
    const PGresult *rows; /* NULL: there are none */
};

static void write_me(struct text *body, const struct me *me)
{
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_string(json_key(&json, "identity"), me->is_remote ? "remote_user" : "parameter");
    json_key(&json, "user");
    if (me->user.length > 0)
        json_bytes(&json, me->user.bytes, me->user.length);
    else
        json_null(&json);
    json_integer_or_null(json_key(&json, "sale_id"), me->sale_id);
    json_integer_or_null(json_key(&json, "purchase_limit"), me->purchase_limit);
    json_integer(json_key(&json, "bought"), me->bought);
    json_integer(json_key(&json, "held"), me->held);
    if (me->is_remote) {
        write_lists(&json, me->rows);
        json_integer(json_key(&json, "total"), me->total);
    }
    json_close(&json);
    json_writer_end(&json);
}

/* Nobody has nothing: what remains to be told is known to the worker. */
static void tell_nobody(const struct context *context, struct me *me, struct reply *reply)
{
    struct sale_status sale;
    if (!sale_view_read(context->sale_view, &sale)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    me->sale_id = sale.sale_id;
    me->purchase_limit = sale.purchase_limit;
    write_me(&reply->body, me);
}

static void tell_somebody(const struct context *context, struct me *me, const struct page *page,
                          struct reply *reply)
{
    PGresult *result = read_user(context, &me->user, page, reply);
    if (!result)
        return;
    if (PQntuples(result) > 0) {
        me->sale_id = database_int4(result, 0, COLUMN_CURRENT_SALE_ID);
        me->purchase_limit = database_int4(result, 0, COLUMN_PURCHASE_LIMIT);
        me->bought = database_int8(result, 0, COLUMN_BOUGHT);
        me->held = database_int8(result, 0, COLUMN_HELD);
        me->total = database_int8(result, 0, COLUMN_PURCHASES_TOTAL) +
                    database_int8(result, 0, COLUMN_HOLDS_TOTAL);
        me->rows = result;
    }
    write_me(&reply->body, me);
    PQclear(result);
}

void me_read(const struct context *context, const struct request *request, struct reply *reply)
{
    const struct settings *settings = context->settings;
    struct me me = {.is_remote = settings->http.identity == IDENTITY_REMOTE_USER};
    struct page page;
    if (!identity_find(settings, request, &me.user, reply) ||
        !page_read(request, PAGE_SIZE_MAX, &page, reply))
        return;
    if (!me.is_remote)
        page.size = 0; /* a name is no proof: what the user has is not told */
    if (me.user.length == 0)
        tell_nobody(context, &me, reply);
    else
        tell_somebody(context, &me, &page, reply);
}
