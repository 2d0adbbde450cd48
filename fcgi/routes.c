#include "routes.h"

#include <string.h>

static const struct route routes[] = {
    {"/checkout", METHOD_POST, "POST", true, checkout_endpoint},
    {"/purchase", METHOD_POST, "POST", true, purchase_endpoint},
    {"/health", METHOD_GET | METHOD_HEAD, "GET, HEAD", false, health_endpoint},
    {"/status", METHOD_GET | METHOD_HEAD, "GET, HEAD", false, status_endpoint},
};

const struct route *route_find(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}
