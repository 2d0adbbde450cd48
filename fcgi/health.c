/* GET /health: whether this worker can sell. */
#include "common/options.h"
#include "endpoints.h"

void health_read(const struct services *services, const struct request *request,
                 struct reply *reply)
{
    static const char *const redis_names[] = {
        [REDIS_STATE_OFF] = "off", [REDIS_STATE_OK] = "ok", [REDIS_STATE_DOWN] = "down"};
    (void)request;

    struct sale_status status;
    bool is_read = sale_view_read(services->sale_view, &status);
    /* What can be read cannot always be sold: commits may wait for a standby. */
    bool is_up = is_read && lanes_are_up(services->lanes);
    enum redis_state redis = lanes_redis_state(services->lanes);

    struct json_writer json;
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_string(json_key(&json, "status"), !is_up                      ? "down"
                                           : redis == REDIS_STATE_DOWN ? "degraded"
                                                                       : "ok");
    json_string(json_key(&json, "database"), is_up ? "ok" : "down");
    json_string(json_key(&json, "redis"), redis_names[redis]);
    json_key(&json, "sale");
    if (is_read && status.sale_id > 0)
        json_integer(&json, status.sale_id);
    else
        json_null(&json);
    json_string(json_key(&json, "version"), FLASHSALE_VERSION);
    json_close(&json);
    json_writer_end(&json);
    if (!is_up) {
        reply->status = 503;
        reply->retry_after_s = 1;
    }
}
