/* Users' names: valid, without blanks at the ends, the same when they are read again, and the same
   however they are spelled. */
#include "fcgi/http/user_name.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

#include "fuzz.h"
#include "values.h"

enum { POINTS_MAX = 1024 };

static bool is_blank(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || point == 0x85;
}

static void assert_same(struct span one, struct span other)
{
    assert(one.length == other.length && memcmp(one.bytes, other.bytes, one.length) == 0);
}

/* The name's characters taken apart, between blanks, are the same name. */
static void check_decomposed(struct span name)
{
    char text[4 * POINTS_MAX + 8] = " \xe3\x80\x80", room[USER_NAME_BYTES_MAX];
    int32_t points[POINTS_MAX];
    struct span again;
    size_t length = strlen(text);
    ssize_t count = utf8proc_decompose((const uint8_t *)name.bytes, (ssize_t)name.length, points,
                                       POINTS_MAX, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    assert(count > 0 && count <= POINTS_MAX);
    assert(!is_blank(points[0]) && !is_blank(points[count - 1]));
    for (ssize_t i = 0; i < count; i++)
        length += (size_t)utf8proc_encode_char(points[i], (uint8_t *)text + length);
    text[length++] = ' ';
    if (length > USER_NAME_BYTES_MAX)
        return;
    assert(user_name_read((struct span){text, length}, room, &again));
    assert_same(name, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span given = {(const char *)data, size};
    char room[USER_NAME_BYTES_MAX], room_again[USER_NAME_BYTES_MAX];
    struct span name, again;
    if (size > USER_NAME_BYTES_MAX || !values_are_text(given.bytes, size))
        return 0;
    if (!user_name_read(given, room, &name)) {
        assert(name.length == USER_NAME_BYTES_MAX && size > USER_NAME_BYTES_MAX / 3);
        return 0;
    }
    assert(name.length <= USER_NAME_BYTES_MAX && values_are_text(name.bytes, name.length));
    assert(user_name_read(name, room_again, &again));
    assert_same(name, again);
    if (name.length > 0)
        check_decomposed(name);
    return 0;
}
