/* GET /: what this is, to programs; the web server gives browsers the storefront. */
#include "common/options.h"
#include "endpoints.h"
#include "routes.h"

void root_read(const struct services *services, const struct request *request, struct reply *reply)
{
    (void)services;
    (void)request;
    struct text *body = &reply->body;
    reply->cache_control = "public, max-age=60";
    text_add(body, "{\"name\":\"flashsale\",\"version\":\"" FLASHSALE_VERSION "\",\"endpoints\":[");
    for (int i = 0; route_at(i); i++) {
        text_add(body, i > 0 ? ",{\"path\":\"" : "{\"path\":\"");
        text_add(body, route_at(i)->name);
        text_add(body, "\",\"methods\":\"");
        text_add(body, route_at(i)->allow);
        text_add(body, "\"}");
    }
    text_add(body, "]}");
}
