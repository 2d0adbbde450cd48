/*
 * Reads a JSON object (RFC 8259) member by member, from a buffer, without any memory of its own.
 * What members hold that is no string and no number is read over, to a bounded depth.
 */
#ifndef FCGI_JSON_H
#define FCGI_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 8, JSON_STRING_MAX = 128 };

/* A whole number has neither a fraction nor an exponent. */
enum json_kind { JSON_STRING, JSON_WHOLE_NUMBER, JSON_NULL, JSON_OTHER };

/* A string without its escapes. `bytes` is not terminated. */
struct json_string {
    size_t length;
    bool is_too_long; /* there was more: bytes holds the beginning */
    char bytes[JSON_STRING_MAX];
};

struct json_member {
    struct json_string name;
    enum json_kind kind;
    struct json_string value; /* of a string; of a whole number, as it is written */
};

struct json {
    const char *at;
    const char *end;
    bool is_begun;
};

enum json_result { JSON_MEMBER, JSON_END, JSON_MALFORMED };

void json_begin(struct json *json, const char *text, size_t length);

/*
 * The next member of the object that the text is, one time after another. JSON_END: there is none,
 * and nothing but blanks stands behind the object. The text's encoding is not looked at.
 */
enum json_result json_next(struct json *json, struct json_member *member)
    __attribute__((warn_unused_result));

#endif
