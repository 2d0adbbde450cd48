/* GET /status, /sale/status and /sale/current: the counters of the sale, exact, at most a second
 * old. */
#include <string.h>

#include "endpoints.h"

static void add_time(struct text *body, const char *name, int64_t time_us, bool is_known)
{
    text_add(body, name);
    if (is_known)
        text_add_time(body, time_us);
    else
        text_add(body, "null");
}

static void add_count(struct text *body, const char *name, int64_t count)
{
    text_add(body, name);
    text_add_integer(body, count);
}

static void add_term(struct text *body, const char *name, int32_t value)
{
    text_add(body, name);
    text_add_integer_or_null(body, value);
}

static void add_sale_id(struct text *body, const struct sale_status *status)
{
    text_add(body, "{\"sale_id\":");
    text_add_integer_or_null(body, status->sale_id);
}

/* False: the reply says that it cannot be had now. */
static bool read_status(const struct services *services, struct sale_status *status,
                        struct reply *reply)
{
    if (!sale_view_read(services->sale_view, status)) {
        reply_problem(reply, OUTCOME_UNAVAILABLE, NULL, 1, services->settings);
        return false;
    }
    reply->cache_control = REPLY_CACHE_1_S;
    return true;
}

/* Without the brace at its end. */
static void add_sale_status(struct text *body, const struct sale_status *status)
{
    add_sale_id(body, status);
    add_time(body, ",\"starts_at\":", status->starts_us, status->sale_id > 0);
    add_time(body, ",\"next_sale_starts_at\":", status->next_starts_us, status->next_starts_us > 0);
    add_term(body, ",\"purchase_limit\":", status->purchase_limit);
    add_term(body, ",\"hold_s\":", status->hold_s);
    text_add(body, status->stays_open ? ",\"stays_open\":true" : ",\"stays_open\":false");
    add_count(body, ",\"items_total\":", status->items_total);
    add_count(body, ",\"items_sold\":", status->purchases_accepted);
    add_count(body, ",\"items_held\":", status->items_held);
    add_count(body, ",\"remaining_items\":", sale_status_items_left(status));
    add_time(body, ",\"sale_ends_at\":", status->ends_us, status->sale_id > 0);
    add_time(body, ",\"server_time\":", status->server_us, true);
    add_count(body, ",\"time_remaining_seconds\":", sale_status_seconds_left(status));
    text_add(body, ",\"sale_status\":");
    text_add_json(body, status->status, strlen(status->status));
}

void sale_status_read(const struct services *services, const struct request *request,
                      struct reply *reply)
{
    struct sale_status status;
    (void)request;
    if (!read_status(services, &status, reply))
        return;
    add_sale_status(&reply->body, &status);
    text_add(&reply->body, "}");
}

/* The same with what others call it. */
void sale_current_read(const struct services *services, const struct request *request,
                       struct reply *reply)
{
    struct sale_status status;
    (void)request;
    if (!read_status(services, &status, reply))
        return;
    struct text *body = &reply->body;
    add_sale_status(body, &status);
    text_add(body, ",\"id\":");
    text_add_integer_or_null(body, status.sale_id);
    text_add(body, ",\"name\":");
    if (status.sale_id > 0) {
        text_add(body, "\"Sale ");
        text_add_integer(body, status.sale_id);
        text_add(body, "\"");
    } else {
        text_add(body, "null");
    }
    bool is_active = strcmp(status.status, "active") == 0;
    text_add(body, is_active ? ",\"active\":true" : ",\"active\":false");
    add_time(body, ",\"ends_at\":", status.ends_us, status.sale_id > 0);
    add_time(body, ",\"start_time\":", status.starts_us, status.sale_id > 0);
    add_time(body, ",\"end_time\":", status.ends_us, status.sale_id > 0);
    text_add(body, "}");
}

void status_read(const struct services *services, const struct request *request,
                 struct reply *reply)
{
    struct sale_status status;
    (void)request;
    if (!read_status(services, &status, reply))
        return;
    struct text *body = &reply->body;
    bool has_sale = status.sale_id > 0;
    add_sale_id(body, &status);
    text_add(body, ",\"sale_status\":");
    text_add_json(body, status.status, strlen(status.status));
    add_time(body, ",\"starts_at\":", status.starts_us, has_sale);
    add_time(body, ",\"ends_at\":", status.ends_us, has_sale);
    add_time(body, ",\"server_time\":", status.server_us, true);
    add_count(body, ",\"seconds_remaining\":", sale_status_seconds_left(&status));
    add_count(body,
              ",\"successful_checkouts\":", status.checkouts_accepted + status.checkouts_repeated);
    add_count(body, ",\"failed_checkouts\":", status.checkouts_refused);
    add_count(body, ",\"successful_purchases\":", status.purchases_accepted);
    add_count(body, ",\"failed_purchases\":", status.purchases_refused);
    /* Scheduled goods are those that are held or bought: promised to someone. */
    add_count(body, ",\"scheduled_goods\":", status.items_held + status.purchases_accepted);
    add_count(body, ",\"purchased_goods\":", status.purchases_accepted);
    text_add(body, "}");
}
