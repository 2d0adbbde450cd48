/*
 * Writes text and JSON (RFC 8259) into a fixed buffer. What does not fit is left out and sets
 * is_cut, which a caller checks once, at the end. Not shared between threads.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    char *bytes; /* the caller's; not terminated */
    size_t used;
    size_t size;
    bool is_cut; /* something did not fit */
};

void text_begin(struct text *text, char *bytes, size_t size);

/* Reserves `length` bytes, which the caller fills; NULL: they do not fit. */
static inline char *text_room(struct text *text, size_t length)
{
    if (length > text->size - text->used) {
        text->is_cut = true;
        return NULL;
    }
    text->used += length;
    return text->bytes + text->used - length;
}

static inline void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    char *room = text_room(text, length);
    if (room)
        memcpy(room, bytes, length);
}

void text_add(struct text *text, const char *string);
void text_add_integer(struct text *text, int64_t value);

/* A JSON string with its quotes. `bytes` is UTF-8. */
void text_add_json(struct text *text, const char *bytes, size_t length);

/* Cents as a JSON number with two decimals. */
void text_add_money(struct text *text, int64_t cents);

/* Microseconds since 1970 as a JSON string in RFC 3339's format, in UTC with milliseconds. */
void text_add_time(struct text *text, int64_t time_us);

#endif
