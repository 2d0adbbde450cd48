#include "routes.h"

#include <string.h>

#define SET(name) (1U << PARAMETER_##name)
#define READ      METHOD_GET | METHOD_HEAD, "GET, HEAD"
#define POST      METHOD_POST, "POST"

/* How a route is answered. */
#define AT_ONCE(name)            .at_once = name##_read
#define BY_READING(name)         .read = name##_read
#define BY_BATCH(name, job_kind) .submit = name##_submit, .reply = name##_reply, .kind = job_kind

enum { PAGE = SET(PAGE_NUM) | SET(PAGE_SIZE) };

/* A path that several routes fit is the first one's. */
static const struct route routes[] = {
    {"/checkout", "/checkout", POST, SET(USER) | SET(ITEM), BY_BATCH(checkout, JOB_CHECKOUT)},
    {"/purchase", "/purchase", POST, SET(CODE), BY_BATCH(purchase, JOB_PURCHASE)},
    {"/", "/", READ, 0, AT_ONCE(root)},
    {"/health", "/health", READ, 0, BY_READING(health)},
    {"/status", "/status", READ, 0, BY_READING(status)},
    {"/sale/status", "/sale/status", READ, 0, BY_READING(sale_status)},
    {"/sale/current", "/sale/current", READ, 0, BY_READING(sale_current)},
    {"/sale/info", "/sale/info", READ, 0, BY_READING(sale_info)},
    {"/sales", "/sales", READ, PAGE, BY_READING(sales)},
    {"/items", "/items", READ, PAGE | SET(SALE) | SET(STATE), BY_READING(items)},
    {"/items/*/image.svg", "/items/{id}/image.svg", READ, 0, BY_READING(item_image)},
    {"/items/*", "/items/{id}", READ, 0, BY_READING(item)},
    {"/me", "/me", READ, SET(USER) | PAGE, BY_READING(me)},
    {"/turn", "/turn", READ, SET(USER), BY_READING(turn)},
    {"/login", "/login", READ, 0, AT_ONCE(login)},
    {"/users/*/purchases", "/users/{user_id}/purchases", READ, PAGE, BY_READING(user_purchases)},
    {"/metrics", "/metrics", READ, 0, BY_READING(metrics)},
    {"/problems/*", "/problems/{outcome}", READ, 0, AT_ONCE(problem)},
    {"/openapi.json", "/openapi.json", READ, 0, AT_ONCE(openapi)},
};

/* The segment up to `end`, decoded where it is encoded. False: it is too long, or no text. */
static bool read_segment(const char *at, const char *end, bool is_encoded,
                         struct path_variable *segment)
{
    segment->length = 0;
    for (; at < end; at++) {
        char byte = *at;
        if (is_encoded && byte == '%') {
            if (!parameter_escape(at, end, &byte))
                return false;
            at += 2;
        }
        if (segment->length == sizeof segment->bytes)
            return false;
        segment->bytes[segment->length++] = byte;
    }
    return parameter_is_text(segment->bytes, segment->length);
}

/*
 * Segment by segment, so that a slash that was sent as data is data (RFC 3986, sections 2.2 and
 * 3.3). Of several slashes in a row the first counts: no route has an empty segment but at its end.
 */
static bool fits(const char *pattern, const char *path, bool is_encoded,
                 struct path_variable *variable)
{
    const char *ends = is_encoded ? "/?#" : "/";
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path += strspn(path, "/");
        const char *end = path + strcspn(path, ends);
        size_t length = strcspn(pattern, "/");
        struct path_variable segment;
        if (!read_segment(path, end, is_encoded, &segment))
            return false;
        if (*pattern == '*' && segment.length > 0)
            *variable = segment;
        else if (segment.length != length || memcmp(segment.bytes, pattern, length) != 0)
            return false;
        pattern += length;
        path = end;
    }
    return *pattern == '\0' && *path != '/' && (*path == '\0' || is_encoded);
}

const struct route *route_find(const char *path, bool is_encoded, struct path_variable *variable)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (fits(routes[i].path, path, is_encoded, variable))
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
