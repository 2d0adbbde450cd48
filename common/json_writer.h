/*
 * Writes one JSON text (RFC 8259), value by value, into a text (text.h) and within its bounds. The
 * writer sets commas, colons, quotes and escapes; it allocates nothing. What does not fit is left
 * out and remembered by the text, which a caller looks at once, at the end. Not shared between
 * threads.
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
 * A value belongs where it is written: in an object after a key, elsewhere without one, and at the
 * outermost level once. Anything else is a fault of the program (check.h), fit or no fit, and the
 * text then counts as cut.
 */
#ifndef COMMON_JSON_WRITER_H
#define COMMON_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum { JSON_WRITER_DEPTH_MAX = 8 }; /* objects and arrays within each other */

struct json_writer {
    struct text *text;
    int depth;
    bool is_object[JSON_WRITER_DEPTH_MAX]; /* else an array */
    bool has_key;                          /* a value is due */
    bool has_value;                        /* one precedes at this level */
};

/* `text` is the caller's, and may hold something already. */
void json_writer_begin(struct json_writer *json, struct text *text);

/* Checks that one whole value was written. */
void json_writer_end(const struct json_writer *json);

/* Each opens what the next json_close() at its level closes. */
void json_open_object(struct json_writer *json);
void json_open_array(struct json_writer *json);
void json_close(struct json_writer *json);

/* `name` is the program's own, with nothing to escape. Returns the writer, for the value. */
struct json_writer *json_key(struct json_writer *json, const char *name);

/* `bytes` is UTF-8; what JSON or a terminal could misunderstand is escaped. */
void json_bytes(struct json_writer *json, const char *bytes, size_t length);
void json_string(struct json_writer *json, const char *string);
void json_integer(struct json_writer *json, int64_t value);
void json_boolean(struct json_writer *json, bool value);
void json_null(struct json_writer *json);

/* An integer above 0, or null in the place of what is 0 because there is none. */
void json_integer_or_null(struct json_writer *json, int64_t value);

/* Cents as a number with two places. */
void json_money(struct json_writer *json, int64_t cents);

/* Microseconds since 1970 as a string, as RFC 3339 has it, in UTC with milliseconds. */
void json_time(struct json_writer *json, int64_t time_us);

#endif
