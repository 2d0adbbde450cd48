#include "routes.h"

#include <string.h>

#define SET(name) (1U << PARAMETER_##name)
#define READ      METHOD_GET | METHOD_HEAD, "GET, HEAD"
#define POST      METHOD_POST, "POST"

enum { PAGE = SET(PAGE_NUM) | SET(PAGE_SIZE) };

/* A path that several routes fit is the first one's. */
static const struct route routes[] = {
    {"/checkout", "/checkout", POST, SET(USER) | SET(ITEM), .ask = checkout_ask, checkout_tell,
     LANE_CHECKOUT},
    {"/purchase", "/purchase", POST, SET(CODE), .ask = purchase_ask, purchase_tell, LANE_PURCHASE},
    {"/", "/", READ, 0, .read = root_read},
    {"/health", "/health", READ, 0, .read = health_read},
    {"/status", "/status", READ, 0, .read = status_read},
    {"/sale/status", "/sale/status", READ, 0, .read = sale_status_read},
    {"/sales", "/sales", READ, PAGE, .read = sales_read},
    {"/items", "/items", READ, PAGE | SET(SALE) | SET(STATE), .read = items_read},
    {"/items/*/image.svg", "/items/{id}/image.svg", READ, 0, .read = item_image_read},
    {"/items/*", "/items/{id}", READ, 0, .read = item_read},
    {"/users/*/purchases", "/users/{user_id}/purchases", READ, 0, .read = user_purchases_read},
    {"/metrics", "/metrics", READ, 0, .read = metrics_read},
    {"/problems/*", "/problems/{outcome}", READ, 0, .read = problem_read},
    {"/openapi.json", "/openapi.json", READ, 0, .read = openapi_read},
};

static bool fits(const char *pattern, const char *path, struct span *variable)
{
    const char *star = strchr(pattern, '*');
    if (!star)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(star - pattern), after = strlen(star + 1), length = strlen(path);
    if (length <= before + after || memcmp(path, pattern, before) != 0 ||
        strcmp(path + length - after, star + 1) != 0)
        return false;
    *variable = (struct span){path + before, length - before - after};
    return true;
}

const struct route *route_find(const char *path, struct span *variable)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (fits(routes[i].path, path, variable))
            return &routes[i];
    return NULL;
}

const struct route *route_at(int number)
{
    return (size_t)number < sizeof routes / sizeof routes[0] ? &routes[number] : NULL;
}

int route_number(const struct route *route)
{
    return (int)(route - routes);
}
