#include "utf8.h"

#include <string.h>

size_t utf8_sequence(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length)
        return 0;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool utf8_is_plain(const char *text)
{
    size_t left = strlen(text), step;
    for (const unsigned char *at = (const unsigned char *)text; left > 0;
         at += step, left -= step) {
        step = utf8_sequence(at, left);
        if (step == 0 || *at < ' ' || *at == 0x7f)
            return false;
    }
    return true;
}
