/* GET /health: whether this worker can sell. */
#include "common/options.h"
#include "endpoints.h"

static const char *status_name(bool is_up, enum redis_state redis)
{
    if (!is_up)
        return "down";
    return redis == REDIS_STATE_DOWN ? "degraded" : "ok";
}

void health_read(const struct context *context, const struct request *request, struct reply *reply)
{
    (void)request;

    struct sale_status status;
    bool is_read = sale_view_read(context->sale_view, &status);
    /* A database that can be read cannot always sell: commits may wait for a standby. */
    bool is_up = is_read && batchers_are_up(context->batchers);
    enum redis_state redis = batchers_redis_state(context->batchers);

    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_string(json_key(&json, "status"), status_name(is_up, redis));
    json_string(json_key(&json, "database"), is_up ? "ok" : "down");
    json_string(json_key(&json, "redis"), redis_state_name(redis));
    json_integer_or_null(json_key(&json, "sale"), is_read ? status.sale_id : 0);
    json_string(json_key(&json, "version"), FLASHSALE_VERSION);
    json_close(&json);
    json_writer_end(&json);
    if (!is_up) {
        reply->status = 503;
        reply->retry_after_s = 1;
    }
}
