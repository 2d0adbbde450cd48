/* UTF-8, RFC 3629. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the sequence at `at`, of which `left` bytes can be read, one at least; or 0 where
 * there is none: no overlong forms, no surrogates, nothing above U+10FFFF (section 4).
 */
size_t utf8_sequence(const unsigned char *at, size_t left);

/* Whether `text` is UTF-8 without control characters. */
bool utf8_is_plain(const char *text);

#endif
