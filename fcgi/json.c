#include "json.h"

#include <stdint.h>
#include <string.h>

/* ---- signs ---- */

static void skip_blanks(struct json *json)
{
    static const char blanks[] = {' ', '\t', '\n', '\r'};
    while (json->at < json->end && memchr(blanks, *json->at, sizeof blanks))
        json->at++;
}

/* Takes this character, behind blanks; false: something else is there. */
static bool take(struct json *json, char character)
{
    skip_blanks(json);
    if (json->at == json->end || *json->at != character)
        return false;
    json->at++;
    return true;
}

static bool take_word(struct json *json, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
        return false;
    json->at += length;
    return true;
}

/* ---- strings ---- */

static void add(struct json_string *string, uint32_t byte)
{
    if (string->length < sizeof string->bytes)
        string->bytes[string->length++] = (char)byte;
    else
        string->is_too_long = true;
}

/* As UTF-8 (RFC 3629, section 3). */
static void add_character(struct json_string *string, uint32_t point)
{
    if (point < 0x80) {
        add(string, point);
        return;
    }
    if (point < 0x800) {
        add(string, 0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            add(string, 0xe0 | point >> 12);
        } else {
            add(string, 0xf0 | point >> 18);
            add(string, 0x80 | (point >> 12 & 0x3f));
        }
        add(string, 0x80 | (point >> 6 & 0x3f));
    }
    add(string, 0x80 | (point & 0x3f));
}

/* Four hexadecimal digits: a unit of UTF-16. */
static bool read_unit(struct json *json, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    if (json->end - json->at < 4)
        return false;
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = memchr(digits, *json->at++, sizeof digits - 1);
        if (!digit)
            return false;
        uint32_t value = (uint32_t)(digit - digits);
        *unit = *unit << 4 | (value < 16 ? value : value - 6);
    }
    return true;
}

/* What stands behind a backslash. Half of a surrogate pair alone is no character. */
static bool read_escape(struct json *json, struct json_string *string)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end)
        return false;
    char escape = *json->at++;
    const char *found = memchr(escapes, escape, sizeof escapes - 1);
    if (found) {
        add(string, (uint32_t)meant[found - escapes]);
        return true;
    }
    uint32_t point, second;
    if (escape != 'u' || !read_unit(json, &point) || (point >= 0xdc00 && point <= 0xdfff))
        return false;
    if (point >= 0xd800 && point <= 0xdbff) {
        if (!take_word(json, "\\u") || !read_unit(json, &second) || second < 0xdc00 ||
            second > 0xdfff)
            return false;
        point = 0x10000 + ((point & 0x3ff) << 10 | (second & 0x3ff));
    }
    add_character(string, point);
    return true;
}

static bool read_string(struct json *json, struct json_string *string)
{
    string->length = 0;
    string->is_too_long = false;
    if (!take(json, '"'))
        return false;
    while (json->at < json->end) {
        unsigned char byte = (unsigned char)*json->at++;
        if (byte == '"')
            return true;
        if (byte < 0x20 || (byte == '\\' && !read_escape(json, string)))
            return false;
        if (byte != '\\')
            add(string, byte);
    }
    return false;
}

static bool read_name(struct json *json, struct json_string *name)
{
    return read_string(json, name) && take(json, ':');
}

/* ---- values ---- */

static bool skip_digits(struct json *json)
{
    const char *start = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > start;
}

static bool read_number(struct json *json, struct json_member *member)
{
    const char *start = json->at;
    (void)take_word(json, "-");
    if (!take_word(json, "0") && !skip_digits(json))
        return false;
    const char *whole_end = json->at;
    if (take_word(json, ".") && !skip_digits(json))
        return false;
    if (take_word(json, "e") || take_word(json, "E")) {
        (void)(take_word(json, "+") || take_word(json, "-"));
        if (!skip_digits(json))
            return false;
    }
    member->kind = json->at == whole_end ? JSON_WHOLE_NUMBER : JSON_OTHER;
    member->value.length = 0;
    member->value.is_too_long = false;
    for (const char *at = start; at < whole_end; at++)
        add(&member->value, (uint32_t)*at);
    return true;
}

static bool read_word(struct json *json, struct json_member *member)
{
    member->kind = take_word(json, "null") ? JSON_NULL : JSON_OTHER;
    return member->kind == JSON_NULL || take_word(json, "true") || take_word(json, "false");
}

/* One that holds no others. Blanks in front were skipped, and something is there. */
static bool read_scalar(struct json *json, struct json_member *member)
{
    if (*json->at == '"') {
        member->kind = JSON_STRING;
        return read_string(json, &member->value);
    }
    if (*json->at == '-' || (*json->at >= '0' && *json->at <= '9'))
        return read_number(json, member);
    return read_word(json, member);
}

/*
 * A value of any kind. Over arrays and objects it reads without calling itself: `closers` has what
 * each of those that are open must be closed with.
 */
static bool read_value(struct json *json, struct json_member *member)
{
    char closers[JSON_DEPTH_MAX - 1] = {0}; /* the outermost object is one more */
    size_t depth = 0;
    struct json_member inner;
    do {
        skip_blanks(json);
        if (json->at == json->end)
            return false;
        bool is_object = *json->at == '{';
        if (is_object || *json->at == '[') {
            if (depth == sizeof closers)
                return false;
            json->at++;
            member->kind = JSON_OTHER;
            closers[depth++] = is_object ? '}' : ']';
            if (!take(json, closers[depth - 1])) {
                if (is_object && !read_name(json, &inner.name))
                    return false;
                continue;
            }
            depth--;
        } else if (!read_scalar(json, depth == 0 ? member : &inner)) {
            return false;
        }
        while (depth > 0 && take(json, closers[depth - 1]))
            depth--;
        if (depth > 0 &&
            !(take(json, ',') && (closers[depth - 1] == ']' || read_name(json, &inner.name))))
            return false;
    } while (depth > 0);
    return true;
}

/* ---- the object ---- */

void json_begin(struct json *json, const char *text, size_t length)
{
    *json = (struct json){.at = text, .end = text + length};
}

enum json_result json_next(struct json *json, struct json_member *member)
{
    bool is_first = !json->is_begun;
    json->is_begun = true;
    if (is_first && !take(json, '{'))
        return JSON_MALFORMED;
    if (take(json, '}')) {
        skip_blanks(json);
        return json->at == json->end ? JSON_END : JSON_MALFORMED;
    }
    if (!is_first && !take(json, ','))
        return JSON_MALFORMED;
    return read_name(json, &member->name) && read_value(json, member) ? JSON_MEMBER
                                                                      : JSON_MALFORMED;
}
