#include "status.h"

#include <stddef.h>

static const struct http_status statuses[] = {
    {200, "200", "OK"},
    {303, "303", "See Other"},
    {304, "304", "Not Modified"},
    {400, "400", "Bad Request"},
    {403, "403", "Forbidden"},
    {404, "404", "Not Found"},
    {405, "405", "Method Not Allowed"},
    {406, "406", "Not Acceptable"},
    {409, "409", "Conflict"},
    {410, "410", "Gone"},
    {412, "412", "Precondition Failed"},
    {413, "413", "Content Too Large"},
    {414, "414", "URI Too Long"},
    {415, "415", "Unsupported Media Type"},
    {422, "422", "Unprocessable Content"},
    {423, "423", "Locked"},
    {429, "429", "Too Many Requests"},
    {503, "503", "Service Unavailable"},
    {0, "other", "Refused"},
};

enum { ROWS = sizeof statuses / sizeof statuses[0] };

const struct http_status *http_status_at(int row)
{
    return row < ROWS ? &statuses[row] : NULL;
}

int http_status_row(int code)
{
    int row = 0;
    while (row < ROWS - 1 && statuses[row].code != code)
        row++;
    return row;
}
