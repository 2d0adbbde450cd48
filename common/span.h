/* Bytes that somebody else owns; not terminated. */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stddef.h>
#include <string.h>

#include "check.h"

struct span {
    const char *bytes; /* may be NULL if length is 0 */
    size_t length;
};

/* Copies the bytes to `text` and terminates them. `size` must be greater than their length. */
static inline void span_copy(struct span span, char *text, size_t size)
{
    if (!CHECK(span.length < size))
        span.length = size - 1;
    if (span.bytes)
        memcpy(text, span.bytes, span.length);
    text[span.length] = '\0';
}

#endif
