/* GET /status, /sale/status and /sale/current: exact counters of the sale, at most a second old. */
#include <string.h>
#include <time.h>

#include "common/json_writer.h"
#include "endpoints.h"

static void add_time(struct json_writer *json, const char *name, int64_t time_us)
{
    json_time_or_null(json_key(json, name), time_us);
}

static void add_count(struct json_writer *json, const char *name, int64_t count)
{
    json_integer(json_key(json, name), count);
}

static void add_term(struct json_writer *json, const char *name, int32_t value)
{
    json_integer_or_null(json_key(json, name), value);
}

/*
 * How long caches may keep the reply. No cache may serve a reply after the state of the sale in it
 * has changed. So a reply in the same second as the next change is not kept, and one in the second
 * before is not served while a new one is fetched. Clocks differ a little: a change
 * less than DIFFERENCE_US before the second's end counts as one in the next second.
 */
static const char *cache_control(const struct sale_status *status)
{
    enum { SECOND_US = 1000000, DIFFERENCE_US = 20000 };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t second_ends_in_us = SECOND_US - now.tv_nsec / 1000;
    if (status->changes_in_us < second_ends_in_us - DIFFERENCE_US)
        return REPLY_NO_CACHE;
    return status->changes_in_us < second_ends_in_us + SECOND_US ? REPLY_CACHE_1_S_AT_MOST
                                                                 : REPLY_CACHE_1_S;
}

/* False: the sale could not be read, and the reply says so. */
static bool read_status(const struct context *context, struct sale_status *status,
                        struct reply *reply)
{
    if (!sale_view_read(context->sale_view, status)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return false;
    }
    reply->cache_control = cache_control(status);
    return true;
}

static void add_sale_status(struct json_writer *json, const struct sale_status *status)
{
    add_term(json, "sale_id", status->sale_id);
    add_time(json, "starts_at", status->starts_us);
    add_time(json, "next_sale_starts_at", status->next_starts_us);
    add_count(json, "next_sale_draw_s", status->next_draw_s);
    add_term(json, "purchase_limit", status->purchase_limit);
    add_term(json, "hold_s", status->hold_s);
    json_boolean(json_key(json, "stays_open"), status->stays_open);
    add_term(json, "holds_max", status->holds_max);
    add_count(json, "draw_s", status->draw_s);
    add_time(json, "draw_ends_at",
             status->draw_s > 0 ? status->starts_us + status->draw_s * INT64_C(1000000) : 0);
    add_count(json, "items_total", status->items_total);
    add_count(json, "items_sold", status->purchases_accepted);
    add_count(json, "items_held", status->items_held);
    add_count(json, "remaining_items", sale_status_items_left(status));
    add_time(json, "sale_ends_at", status->ends_us);
    add_time(json, "server_time", status->server_us);
    add_count(json, "time_remaining_seconds", sale_status_seconds_left(status));
    json_string(json_key(json, "sale_status"), status->status);
}

/* "Sale 17", or null. */
static void add_name(struct json_writer *json, int32_t sale_id)
{
    enum { NAME_MAX = 24 };
    char bytes[NAME_MAX];
    struct text name;
    json_key(json, "name");
    if (sale_id == 0) {
        json_null(json);
        return;
    }
    text_begin(&name, bytes, sizeof bytes);
    text_add(&name, "Sale ");
    text_add_integer(&name, sale_id);
    json_bytes(json, name.bytes, name.used);
}

/* The names that other services have for the same values. */
static void add_aliases(struct json_writer *json, const struct sale_status *status)
{
    add_term(json, "id", status->sale_id);
    add_name(json, status->sale_id);
    json_boolean(json_key(json, "active"), strcmp(status->status, "active") == 0);
    add_time(json, "ends_at", status->ends_us);
    add_time(json, "start_time", status->starts_us);
    add_time(json, "end_time", status->ends_us);
}

static void read_sale(const struct context *context, bool has_aliases, struct reply *reply)
{
    struct sale_status status;
    struct json_writer json;
    if (!read_status(context, &status, reply))
        return;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    add_sale_status(&json, &status);
    if (has_aliases)
        add_aliases(&json, &status);
    json_close(&json);
    json_writer_end(&json);
}

void sale_status_read(const struct context *context, const struct request *request,
                      struct reply *reply)
{
    (void)request;
    read_sale(context, false, reply);
}

void sale_current_read(const struct context *context, const struct request *request,
                       struct reply *reply)
{
    (void)request;
    read_sale(context, true, reply);
}

void status_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct sale_status status;
    (void)request;
    if (!read_status(context, &status, reply))
        return;
    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    add_term(&json, "sale_id", status.sale_id);
    json_string(json_key(&json, "sale_status"), status.status);
    add_time(&json, "starts_at", status.starts_us);
    add_time(&json, "ends_at", status.ends_us);
    add_time(&json, "server_time", status.server_us);
    add_count(&json, "seconds_remaining", sale_status_seconds_left(&status));
    add_count(&json, "successful_checkouts", status.checkouts_accepted + status.checkouts_repeated);
    add_count(&json, "failed_checkouts", status.checkouts_refused);
    add_count(&json, "successful_purchases", status.purchases_accepted);
    add_count(&json, "failed_purchases", status.purchases_refused);
    /* Scheduled goods are those that are held or sold. */
    add_count(&json, "scheduled_goods", status.items_held + status.purchases_accepted);
    add_count(&json, "purchased_goods", status.purchases_accepted);
    json_close(&json);
    json_writer_end(&json);
}
