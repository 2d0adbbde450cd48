#include "refusal_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The end of the year 9999: no hold lasts longer. */
#define UNTIL_US_MAX INT64_C(253402300799999999)

size_t refusal_write(const struct refusal *refusal, char value[REFUSAL_TEXT_MAX])
{
    int length = 1;
    switch (refusal->kind) {
    case REFUSAL_SOLD:
        length = snprintf(value, REFUSAL_TEXT_MAX, "%" PRId32, refusal->number);
        break;
    case REFUSAL_HELD:
        length = snprintf(value, REFUSAL_TEXT_MAX, "%" PRId32 " %" PRId64 " ", refusal->number,
                          refusal->until_us);
        memcpy(value + length, refusal->user, refusal->user_length);
        length += refusal->user_length;
        break;
    case REFUSAL_USER_LIMIT:
        memcpy(value, refusal->user, refusal->user_length);
        length = refusal->user_length;
        break;
    default:
        value[0] = '1';
    }
    return (size_t)length;
}

/* Reads a number from 1 to `max`, without leading zeros. */
static bool take_number(const char **at, const char *end, int64_t max, int64_t *number)
{
    const char *begin = *at;
    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        int digit = **at - '0';
        if (*number > (max - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *at > begin && *begin != '0';
}

static bool take_space(const char **at, const char *end)
{
    return *at < end && *(*at)++ == ' ';
}

static bool take_user(const char *at, const char *end, struct refusal *refusal)
{
    if (at == end || end - at > USER_BYTES_MAX)
        return false;
    refusal->user_length = (uint8_t)(end - at);
    memcpy(refusal->user, at, refusal->user_length);
    return true;
}

static bool is_named(const char *name, const char *field, size_t length)
{
    return strlen(name) == length && memcmp(name, field, length) == 0;
}

bool refusal_read(const char *field, size_t field_length, const char *value, size_t length,
                  struct refusal *refusal)
{
    int kind = REFUSAL_KINDS - 1;
    while (kind > REFUSAL_NONE &&
           !is_named(refusal_name((enum refusal_kind)kind), field, field_length))
        kind--;
    *refusal = (struct refusal){.kind = (enum refusal_kind)kind, .until_us = INT64_MAX};
    const char *at = value, *end = value + length;
    int64_t number = 0;
    if (kind == REFUSAL_NONE)
        return false;
    if (kind == REFUSAL_USER_LIMIT)
        return take_user(at, end, refusal);
    if (!take_number(&at, end, INT32_MAX, &number))
        return false;
    if (kind == REFUSAL_SOLD_OUT)
        return at == end && number == 1;
    refusal->number = (int32_t)number;
    if (kind == REFUSAL_SOLD)
        return at == end;
    return take_space(&at, end) && take_number(&at, end, UNTIL_US_MAX, &refusal->until_us) &&
           take_space(&at, end) && take_user(at, end, refusal);
}
