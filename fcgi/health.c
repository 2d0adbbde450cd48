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

    struct text *body = &reply->body;
    text_add(body, "{\"status\":\"");
    text_add(body, !is_up ? "down" : redis == REDIS_STATE_DOWN ? "degraded" : "ok");
    text_add(body, "\",\"database\":\"");
    text_add(body, is_up ? "ok" : "down");
    text_add(body, "\",\"redis\":\"");
    text_add(body, redis_names[redis]);
    text_add(body, "\",\"sale\":");
    text_add_integer_or_null(body, is_read ? status.sale_id : 0);
    text_add(body, ",\"version\":\"" FLASHSALE_VERSION "\"}");
    if (!is_up) {
        reply->status = 503;
        reply->retry_after_s = 1;
    }
}
