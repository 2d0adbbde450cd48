/* GET /users/{user_id}/purchases: what the user who is logged in bought and holds. */
#include <endian.h>
#include <string.h>

#include "code.h"
#include "endpoints.h"
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
    COLUMN_HOLDS_TOTAL
};

/* What stands around an item, with its code or purchase, and around the page with the user's name,
   each byte of it escaped. */
enum { BETWEEN_MAX = 160, AROUND_MAX = 6 * PARAMETER_BYTES_MAX + 256 };
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
    char text[CODE_LENGTH + 1];
    memcpy(code.secret, PQgetvalue(result, row, COLUMN_SECRET), CODE_SECRET_BYTES);
    code_format(&code, text);
    json_open_object(json);
    json_string(json_key(json, "code"), text);
    json_time(json_key(json, "expires_at"), database_time_us(result, row, COLUMN_HELD_UNTIL));
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

static void write_user(struct text *body, const struct path_variable *user, const PGresult *result)
{
    bool has_sale = PQntuples(result) > 0;
    int64_t purchases = has_sale ? database_int8(result, 0, COLUMN_PURCHASES_TOTAL) : 0;
    int64_t holds = has_sale ? database_int8(result, 0, COLUMN_HOLDS_TOTAL) : 0;
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_bytes(json_key(&json, "user"), user->bytes, user->length);
    json_key(&json, "purchase_limit");
    if (has_sale)
        json_integer(&json, database_int4(result, 0, COLUMN_PURCHASE_LIMIT));
    else
        json_null(&json);
    write_rows(json_key(&json, "purchases"), result, true, write_purchase);
    write_rows(json_key(&json, "holds"), result, false, write_hold);
    json_integer(json_key(&json, "purchases_total"), purchases);
    json_integer(json_key(&json, "holds_total"), holds);
    json_integer(json_key(&json, "total"), purchases + holds);
    json_close(&json);
    json_writer_end(&json);
}

void user_purchases_read(const struct services *services, const struct request *request,
                         struct reply *reply)
{
    const struct settings *settings = services->settings;
    const struct path_variable *user = &request->variable;
    struct page page;
    if (settings->http.identity != IDENTITY_REMOTE_USER) {
        reply_problem(reply, OUTCOME_NOT_FOUND,
                      "Who bought what is told to users who are logged in only.", 0, settings);
        return;
    }
    if (strlen(request->remote_user) != user->length ||
        memcmp(request->remote_user, user->bytes, user->length) != 0) {
        reply_problem(reply, OUTCOME_IDENTITY_MISMATCH, NULL, 0, settings);
        return;
    }
    if (!page_read(request, PAGE_SIZE_MAX, &page, reply, settings))
        return;

    uint64_t offset = htobe64((uint64_t)page.offset);
    uint32_t size = htobe32((uint32_t)page.size);
    const struct database_parameter parameters[] = {{user->bytes, (int)user->length},
                                                    {(const char *)&offset, sizeof offset},
                                                    {(const char *)&size, sizeof size}};
    PGresult *result = reader_call(services->database, READ_USER, parameters, 3);
    if (result)
        write_user(&reply->body, user, result);
    else
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, settings);
    PQclear(result);
}
