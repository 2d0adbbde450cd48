#include "item_id.h"

#include <stdbool.h>
#include <string.h>

/* Reads digits from *at on; false where there are none, or more than an int32_t holds. */
static bool read_number(const char **at, const char *end, int32_t *number)
{
    const char *start = *at;
    int64_t value = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > INT32_MAX)
            return false;
    }
    *number = (int32_t)value;
    return *at > start;
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

struct item_id item_id_parse(const char *text, size_t length)
{
    const struct item_id none = {ITEM_ID_OPEN_SALE, ITEM_ID_NONE};
    const char *at = text, *end = text + length;
    struct item_id id = {ITEM_ID_OPEN_SALE, ITEM_ID_ANY};

    if (length == 0 || (length == 3 && memcmp(text, "any", 3) == 0))
        return id;

    /* Before the number a word, with or without a separator after it. */
    while (at < end && is_letter(*at))
        at++;
    bool has_word = at > text;
    if (has_word && at < end && (*at == '_' || *at == '-'))
        at++;
    if (!read_number(&at, end, &id.number) || id.number == 0)
        return none;

    /* Without a word: the number may be a sale's, and the item's follows. */
    static const char item[] = "_item_";
    const size_t item_length = sizeof item - 1;
    bool has_item = (size_t)(end - at) > item_length && memcmp(at, item, item_length) == 0;
    if (!has_word && at < end && (*at == '-' || has_item)) {
        at += has_item ? item_length : 1;
        id.sale_id = id.number;
        if (!read_number(&at, end, &id.number) || id.number == 0)
            return none;
    }
    return at == end ? id : none;
}
