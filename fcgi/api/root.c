/* GET /: the service's name, version and endpoints, for programs. The web server sends browsers the
 * storefront. */
#include "common/options.h"
#include "endpoints.h"
#include "routes.h"

void root_read(const struct settings *settings, const struct request *request, struct reply *reply)
{
    (void)settings;
    (void)request;
    struct json_writer json;
    reply->cache_control = "public, max-age=60";
    json_writer_begin(&json, &reply->body);
    json_open_object(&json);
    json_string(json_key(&json, "name"), "flashsale");
    json_string(json_key(&json, "version"), FLASHSALE_VERSION);
    json_open_array(json_key(&json, "endpoints"));
    for (int i = 0; route_at(i); i++) {
        json_open_object(&json);
        json_string(json_key(&json, "path"), route_at(i)->name);
        json_string(json_key(&json, "methods"), route_at(i)->allow);
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    json_writer_end(&json);
}
