/*
 * Text and JSON (RFC 8259) written into a fixed buffer. What does not fit is left out and
 * remembered, so a caller checks once, at the end. Not shared between threads.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    char *bytes;
    size_t used;
    size_t size;
    bool is_cut;
};

void text_begin(struct text *text, char *bytes, size_t size);

/* Room for so many bytes, which the caller fills; NULL: they do not fit. */
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

/* Cents as a JSON number with two places. */
void text_add_money(struct text *text, int64_t cents);

/* Microseconds since 1970 as RFC 3339 has it, in UTC with milliseconds, with JSON's quotes. */
void text_add_time(struct text *text, int64_t time_us);

#endif
