/* GET /me: who asks, and what they have. GET /users/{user_id}/purchases: what the user who is
   logged in bought and holds. */
#include <endian.h>
#include <string.h>

#include "code.h"
#include "endpoints.h"
#include "identity.h"
#include "item_json.h"
#include "paging.h"
#include "purchase_id.h"
#include "reader.h"

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

static void write_purchase(struct text *body, const PGresult *result, int row)
{
    text_add(body, "{\"purchase_id\":");
    text_add_integer(body, purchase_id(database_int4(result, row, COLUMN_SALE_ID),
                                       database_int4(result, row, COLUMN_NUMBER)));
    text_add(body, ",\"purchased_at\":");
    text_add_time(body, database_time_us(result, row, COLUMN_PURCHASED_AT));
    text_add(body, ",\"item\":{");
    item_json_add_row(body, result, row);
    text_add(body, "}}");
}

static void write_hold(struct text *body, const PGresult *result, int row)
{
    struct code code = {.sale_id = database_int4(result, row, COLUMN_SALE_ID),
                        .number = database_int4(result, row, COLUMN_NUMBER)};
    int64_t expires_us = database_time_us(result, row, COLUMN_HELD_UNTIL);
    int64_t read_us = database_time_us(result, row, COLUMN_READ_AT);
    char text[CODE_LENGTH + 1];
    memcpy(code.secret, PQgetvalue(result, row, COLUMN_SECRET), CODE_SECRET_BYTES);
    code_format(&code, text);
    text_add(body, "{\"code\":\"");
    text_add(body, text);
    text_add(body, "\",\"expires_at\":");
    text_add_time(body, expires_us);
    text_add(body, ",\"expires_in\":");
    text_add_integer(body, (expires_us - read_us + 999999) / 1000000);
    text_add(body, ",\"item\":{");
    item_json_add_row(body, result, row);
    text_add(body, "}}");
}

static void write_rows(struct text *body, const PGresult *result, bool is_bought,
                       void (*write)(struct text *, const PGresult *, int))
{
    const char *comma = "";
    text_add(body, "[");
    for (int row = 0; row < PQntuples(result); row++) {
        if (database_is_null(result, row, COLUMN_NUMBER) ||
            database_is_null(result, row, COLUMN_PURCHASED_AT) == is_bought)
            continue;
        text_add(body, comma);
        write(body, result, row);
        comma = ",";
    }
    text_add(body, "]");
}

static void write_lists(struct text *body, const PGresult *result)
{
    text_add(body, ",\"purchases\":");
    write_rows(body, result, true, write_purchase);
    text_add(body, ",\"holds\":");
    write_rows(body, result, false, write_hold);
}

static void write_user(struct text *body, const struct span *user, const PGresult *result)
{
    bool has_sale = PQntuples(result) > 0;
    int64_t purchases = has_sale ? database_int8(result, 0, COLUMN_PURCHASES_TOTAL) : 0;
    int64_t holds = has_sale ? database_int8(result, 0, COLUMN_HOLDS_TOTAL) : 0;
    text_add(body, "{\"user\":");
    text_add_json(body, user->bytes, user->length);
    text_add(body, ",\"purchase_limit\":");
    text_add_integer_or_null(body, has_sale ? database_int4(result, 0, COLUMN_PURCHASE_LIMIT) : 0);
    write_lists(body, result);
    text_add(body, ",\"purchases_total\":");
    text_add_integer(body, purchases);
    text_add(body, ",\"holds_total\":");
    text_add_integer(body, holds);
    text_add(body, ",\"total\":");
    text_add_integer(body, purchases + holds);
    text_add(body, "}");
}

/* A page of what the user has; NULL: the reply says why. A size of 0: of what, only how much. */
static PGresult *read_user(const struct services *services, const struct span *user,
                           const struct page *page, struct reply *reply)
{
    uint64_t offset = htobe64((uint64_t)page->offset);
    uint32_t size = htobe32((uint32_t)page->size);
    const struct database_parameter parameters[] = {{user->bytes, (int)user->length},
                                                    {(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(services->database, READ_USER, parameters, 3);
    if (!result)
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
    return result;
}

void user_purchases_read(const struct services *services, const struct request *request,
                         struct reply *reply)
{
    const struct settings *settings = services->settings;
    const struct span user = {request->remote_user, strlen(request->remote_user)};
    struct page page;
    if (settings->http.identity != IDENTITY_REMOTE_USER) {
        reply_problem(reply, OUTCOME_NOT_FOUND,
                      "Who bought what is told to users who are logged in only.", 0, settings);
        return;
    }
    if (!identity_is(&user, request->variable.bytes, request->variable.length)) {
        reply_problem(reply, OUTCOME_IDENTITY_MISMATCH, NULL, 0, settings);
        return;
    }
    if (!page_read(request, PAGE_SIZE_MAX, &page, reply, settings))
        return;
    PGresult *result = read_user(services, &user, &page, reply);
    if (result)
        write_user(&reply->body, &user, result);
    PQclear(result);
}

static void write_me(struct text *body, bool is_remote, const struct span *user, int32_t sale_id,
                     int32_t purchase_limit)
{
    text_add(body, is_remote ? "{\"identity\":\"remote_user\"" : "{\"identity\":\"parameter\"");
    text_add(body, ",\"user\":");
    if (user->length > 0)
        text_add_json(body, user->bytes, user->length);
    else
        text_add(body, "null");
    text_add(body, ",\"sale_id\":");
    text_add_integer_or_null(body, sale_id);
    text_add(body, ",\"purchase_limit\":");
    text_add_integer_or_null(body, purchase_limit);
}

/* Nobody has nothing: what remains to be told is known to the worker. */
static void write_nobody(const struct services *services, bool is_remote, struct reply *reply)
{
    const struct span nobody = {"", 0};
    struct sale_status sale;
    if (!sale_view_read(services->sale_view, &sale)) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
        return;
    }
    write_me(&reply->body, is_remote, &nobody, sale.sale_id, sale.purchase_limit);
    text_add(&reply->body, ",\"bought\":0,\"held\":0");
    text_add(&reply->body, is_remote ? ",\"purchases\":[],\"holds\":[],\"total\":0}" : "}");
}

void me_read(const struct services *services, const struct request *request, struct reply *reply)
{
    const struct settings *settings = services->settings;
    bool is_remote = settings->http.identity == IDENTITY_REMOTE_USER;
    struct span user;
    struct page page;
    if (!identity_find(settings, request, &user, reply) ||
        !page_read(request, PAGE_SIZE_MAX, &page, reply, settings))
        return;
    if (user.length == 0) {
        write_nobody(services, is_remote, reply);
        return;
    }
    if (!is_remote)
        page.size = 0; /* a name is no proof: what the user has is not told */
    PGresult *result = read_user(services, &user, &page, reply);
    if (!result)
        return;
    struct text *body = &reply->body;
    bool has_sale = PQntuples(result) > 0;
    write_me(body, is_remote, &user,
             has_sale ? database_int4(result, 0, COLUMN_CURRENT_SALE_ID) : 0,
             has_sale ? database_int4(result, 0, COLUMN_PURCHASE_LIMIT) : 0);
    text_add(body, ",\"bought\":");
    text_add_integer(body, has_sale ? database_int8(result, 0, COLUMN_BOUGHT) : 0);
    text_add(body, ",\"held\":");
    text_add_integer(body, has_sale ? database_int8(result, 0, COLUMN_HELD) : 0);
    if (is_remote) {
        write_lists(body, result);
        text_add(body, ",\"total\":");
        text_add_integer(body, !has_sale ? 0
                                         : database_int8(result, 0, COLUMN_PURCHASES_TOTAL) +
                                               database_int8(result, 0, COLUMN_HOLDS_TOTAL));
    }
    text_add(body, "}");
    PQclear(result);
}
