/*
 * Writes one JSON text (RFC 8259), value by value, into a bounded text (text.h). The writer adds
 * commas, colons, quotes and escapes; it allocates nothing. What does not fit is left out, and the
 * text is marked as cut: a caller checks text.is_cut once, at the end. Not shared between threads.
 *
 *     json_writer_begin(&json, text);
 *     json_open_object(&json);
 *     json_integer(json_key(&json, "total"), 3);
 *     json_open_array(json_key(&json, "page"));
 *     ...
 *     json_close(&json);
 *     json_close(&json);
 *     json_writer_end(&json);
 *
 * Inside an object each value follows a key, elsewhere none does, and the outermost level has
 * exactly one value. Anything else is a bug (check.h) and marks the text as cut.
 */
#ifndef COMMON_JSON_WRITER_H
#define COMMON_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum { JSON_WRITER_DEPTH_MAX = 8 }; /* of nested objects and arrays */

struct json_writer {
    struct text *text;
    int depth;
    bool is_object[JSON_WRITER_DEPTH_MAX]; /* false: an array */
    bool has_key;                          /* a key was written, its value not yet */
    bool has_value;                        /* this level has a value already */
};

/* `text` is the caller's and may already hold something; the writer appends. */
void json_writer_begin(struct json_writer *json, struct text *text);

/* Checks that exactly one whole value was written. */
void json_writer_end(const struct json_writer *json);

/* Open an object or array; json_close() closes the innermost one. */
void json_open_object(struct json_writer *json);
void json_open_array(struct json_writer *json);
void json_close(struct json_writer *json);

/* `name` is written as it is: it must need no escaping. Returns the writer, for the value. */
struct json_writer *json_key(struct json_writer *json, const char *name);

/* A string; `bytes` is UTF-8. Quotes, backslashes and control characters are escaped. */
void json_bytes(struct json_writer *json, const char *bytes, size_t length);
void json_string(struct json_writer *json, const char *string);
void json_integer(struct json_writer *json, int64_t value);
void json_boolean(struct json_writer *json, bool value);
void json_null(struct json_writer *json);

/* An integer; null if it is 0 or less. */
void json_integer_or_null(struct json_writer *json, int64_t value);

/* A time, as json_time() writes it; null if it is 0. */
void json_time_or_null(struct json_writer *json, int64_t time_us);

/* Cents as a number with two decimals. */
void json_money(struct json_writer *json, int64_t cents);

/* Microseconds since 1970 as a string in RFC 3339's format, in UTC with milliseconds. */
void json_time(struct json_writer *json, int64_t time_us);

#endif
