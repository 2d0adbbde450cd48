/* Bytes that are someone else's, and not terminated. */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stddef.h>
#include <string.h>

#include "check.h"

struct span {
    const char *bytes; /* NULL: there are none */
    size_t length;
};

/* Copies them into `size` bytes, which hold a zero more, and ends them with that. */
static inline void span_copy(struct span span, char *text, size_t size)
{
    if (!CHECK(span.length < size))
        span.length = size - 1;
    if (span.length > 0)
        memcpy(text, span.bytes, span.length);
    text[span.length] = '\0';
}

#endif
