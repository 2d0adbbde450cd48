/* GET /me: the user, and what the user has. GET /users/{user_id}/purchases: what the user who is
   logged in bought and holds. */
#include <string.h>

#include "common/clock.h"
#include "endpoints.h"
#include "fcgi/http/paging.h"
#include "fcgi/sale/code.h"
#include "fcgi/store/user_page.h"
#include "identity.h"
#include "item_json.h"
#include "purchase_id.h"
#include "turn_json.h"

/* Bytes around an item, its code or purchase included; and around the page, the user's name
   included, with each byte escaped. */
enum { BETWEEN_MAX = 192, AROUND_MAX = 6 * (PARAMETER_BYTES_MAX + SETTING_TEXT_MAX) + 256 };
_Static_assert(PAGE_SIZE_MAX *(ITEM_JSON_MAX + BETWEEN_MAX) + AROUND_MAX <= REPLY_PAGE_MAX,
               "the largest page fits");

static void write_purchase(struct json_writer *json, const struct user_purchase *purchase)
{
    const struct item_row *item = &purchase->item;
    json_open_object(json);
    json_integer(json_key(json, "purchase_id"), purchase_id(item->sale_id, item->number));
    json_time(json_key(json, "purchased_at"), purchase->purchased_us);
    item_json_row(json_key(json, "item"), item);
    json_close(json);
}

static void write_hold(struct json_writer *json, const struct user_hold *hold, int64_t read_us)
{
    const struct item_row *item = &hold->item;
    struct code code = {.sale_id = item->sale_id, .number = item->number};
    char text[CODE_LENGTH + 1];
    memcpy(code.secret, hold->secret, CODE_SECRET_BYTES);
    code_format(&code, text);
    json_open_object(json);
    json_string(json_key(json, "code"), text);
    json_time(json_key(json, "expires_at"), item->held_until_us);
    json_integer(json_key(json, "expires_in"), clock_whole_seconds(item->held_until_us - read_us));
    item_json_row(json_key(json, "item"), item);
    json_close(json);
}

static void write_lists(struct json_writer *json, struct user_page *page)
{
    struct user_purchase purchase;
    struct user_hold hold;
    json_open_array(json_key(json, "purchases"));
    while (user_page_next_purchase(page, &purchase))
        write_purchase(json, &purchase);
    json_close(json);
    json_open_array(json_key(json, "holds"));
    while (user_page_next_hold(page, &hold))
        write_hold(json, &hold, page->read_us);
    json_close(json);
}

static void write_user(struct text *body, const struct span *user, struct user_page *page)
{
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_bytes(json_key(&json, "user"), user->bytes, user->length);
    json_integer_or_null(json_key(&json, "purchase_limit"), page->purchase_limit);
    write_lists(&json, page);
    json_integer(json_key(&json, "purchases_total"), page->purchases_total);
    json_integer(json_key(&json, "holds_total"), page->holds_total);
    json_integer(json_key(&json, "total"), page->purchases_total + page->holds_total);
    json_close(&json);
    json_writer_end(&json);
}

/* Reads a page of what the user has; a page of size 0 has only the totals. False: it could not be
   read, and the reply says so. */
static bool read_user(const struct context *context, const struct span *user,
                      const struct page *page, struct user_page *has, struct reply *reply)
{
    if (user_page_fetch(context->database, *user, page->offset, page->size, has))
        return true;
    reply_problem(reply, &problem_unavailable, NULL, 1);
    return false;
}

void user_purchases_read(const struct context *context, const struct request *request,
                         struct reply *reply)
{
    const struct settings *settings = context->settings;
    const struct span user = request->remote_user.name;
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
    struct user_page has;
    if (!read_user(context, &user, &page, &has, reply))
        return;
    write_user(&reply->body, &user, &has);
    user_page_free(&has);
}

/* The content of /me. */
struct me {
    bool is_remote;
    const char *login_url; /* "": none */
    struct span user;
    struct user_page has;
};

static void write_me(struct text *body, struct me *me)
{
    struct json_writer json;
    struct user_page *has = &me->has;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_string(json_key(&json, "identity"), me->is_remote ? "remote_user" : "parameter");
    json_key(&json, "user");
    if (me->user.length > 0)
        json_bytes(&json, me->user.bytes, me->user.length);
    else
        json_null(&json);
    json_key(&json, "login_url");
    if (*me->login_url)
        json_string(&json, me->login_url);
    else
        json_null(&json);
    json_integer_or_null(json_key(&json, "sale_id"), has->sale_id);
    json_integer_or_null(json_key(&json, "purchase_limit"), has->purchase_limit);
    json_integer(json_key(&json, "bought"), has->bought);
    json_integer(json_key(&json, "held"), has->held);
    json_integer_or_null(json_key(&json, "holds_max"), has->holds_max);
    turn_json(&json, has->opens_us, has->read_us);
    if (me->is_remote) {
        write_lists(&json, has);
        json_integer(json_key(&json, "total"), has->purchases_total + has->holds_total);
    }
    json_close(&json);
    json_writer_end(&json);
}

/* Without a user, the reply tells the sale alone, as the worker has read it for all viewers. */
static void reply_to_nobody(const struct context *context, struct me *me, struct reply *reply)
{
    struct sale_status sale;
    if (!sale_view_read(context->sale_view, &sale)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    me->has.sale_id = sale.sale_id;
    me->has.purchase_limit = sale.purchase_limit;
    me->has.holds_max = sale.holds_max;
    write_me(&reply->body, me);
}

static void reply_to_user(const struct context *context, struct me *me, const struct page *page,
                          struct reply *reply)
{
    if (!read_user(context, &me->user, page, &me->has, reply))
        return;
    write_me(&reply->body, me);
    user_page_free(&me->has);
}

void me_read(const struct context *context, const struct request *request, struct reply *reply)
{
    const struct settings *settings = context->settings;
    struct me me = {.is_remote = settings->http.identity == IDENTITY_REMOTE_USER,
                    .login_url = settings->http.login_url};
    struct page page;
    if (!identity_find(settings, request, &me.user, reply) ||
        !page_read(request, PAGE_SIZE_MAX, &page, reply))
        return;
    if (!me.is_remote)
        page.size = 0; /* a name proves nothing, so only the totals are told */
    if (me.user.length == 0)
        reply_to_nobody(context, &me, reply);
    else
        reply_to_user(context, &me, &page, reply);
}
