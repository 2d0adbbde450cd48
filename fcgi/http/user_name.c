#include "user_name.h"

#include <stdint.h>
#include <utf8proc.h>

#include "common/check.h"

/* A character decomposes to one and a half code points for each of its bytes at most, as U+0390
   does: two bytes, three points. */
enum { POINTS_MAX = 2 * USER_NAME_BYTES_MAX, SEQUENCE_BYTES_MAX = 4 };

#define FORM_C (UTF8PROC_STABLE | UTF8PROC_COMPOSE)

/* Whether the code point has the property White_Space. */
static bool is_blank(int32_t point)
{
    return (point >= 0x09 && point <= 0x0d) || point == 0x20 || point == 0x85 || point == 0xa0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
           point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

static bool is_ascii(struct span text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.length; i++)
        all |= (unsigned char)text.bytes[i];
    return all < 0x80;
}

static struct span trimmed(struct span text)
{
    while (text.length > 0 && is_blank(text.bytes[text.length - 1]))
        text.length--;
    while (text.length > 0 && is_blank(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    return text;
}

/* Writes the points as UTF-8. False: they do not fit. */
static bool encode(const int32_t *points, size_t count, char *room, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t sequence[SEQUENCE_BYTES_MAX];
        size_t bytes = (size_t)utf8proc_encode_char(points[i], sequence);
        size_t left = USER_NAME_BYTES_MAX - *length;
        size_t fitting = bytes < left ? bytes : left;
        memcpy(room + *length, sequence, fitting);
        *length += fitting;
        if (fitting < bytes)
            return false;
    }
    return true;
}

bool user_name_read(struct span given, char *room, struct span *name)
{
    if (is_ascii(given)) {
        *name = trimmed(given);
        return true;
    }
    int32_t points[POINTS_MAX];
    *name = (struct span){room, 0};
    ssize_t count = utf8proc_decompose((const uint8_t *)given.bytes, (ssize_t)given.length, points,
                                       POINTS_MAX, FORM_C);
    if (!CHECK(given.length <= USER_NAME_BYTES_MAX && count >= 0 && count <= POINTS_MAX))
        return false;
    count = utf8proc_normalize_utf32(points, count, FORM_C);
    size_t first = 0, end = (size_t)count;
    while (end > 0 && is_blank(points[end - 1]))
        end--;
    while (first < end && is_blank(points[first]))
        first++;
    return encode(points + first, end - first, room, &name->length);
}
