/* UTF-8, RFC 3629. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the character's sequence at `at`, where `left` bytes (at least 1) can be read. 0:
 * it is not valid; neither are overlong forms, surrogates, or anything above U+10FFFF (section 4).
 */
size_t utf8_sequence(const unsigned char *at, size_t left);

/* Whether `text` is UTF-8 without control characters. */
bool utf8_is_plain(const char *text);

#endif
