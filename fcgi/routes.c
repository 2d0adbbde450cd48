#include "routes.h"

#include <string.h>

static const struct route routes[] = {
    {"/checkout", METHOD_POST, "POST", .ask = checkout_ask, checkout_tell, LANE_CHECKOUT},
    {"/purchase", METHOD_POST, "POST", .ask = purchase_ask, purchase_tell, LANE_PURCHASE},
    {"/health", METHOD_GET | METHOD_HEAD, "GET, HEAD", .read = health_read},
    {"/status", METHOD_GET | METHOD_HEAD, "GET, HEAD", .read = status_read},
};

const struct route *route_find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}
