/*
 * json-c builds the values and checks the order of tokens. The tokens themselves are checked here
 * first. Without JSON_TOKENER_STRICT json-c accepts comments, quotes of either kind, NaN, "1." and
 * "01", literals in capitals, a comma before a closing bracket and control characters. With it,
 * 0.16 still accepts some of these, and 0.18 refuses all strings with bytes beyond ASCII.
 *
 * The text is fed to json-c in pieces:
 *  - A piece ends after each colon. 0.16 does not check whether there was memory for a member's
 *    name, and then ends the process at the colon; nor whether there was memory for the member, and
 *    then loses it. So errno, which the allocator sets, is read after each piece. Only numbers
 * reset errno, and no number is between such a failure and the end of the piece.
 *  - A surrogate pair is fed as UTF-8. Both versions make U+FFFD of pairs for U+1D800 to U+1DFFF,
 *    and of the same range in other planes.
 */
#include "json_reader.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

struct json_reader {
    struct json_tokener *tokener;
    /* While a text is read: */
    const char *fed; /* json-c has the bytes before */
    const char *at;
    const char *end;
    struct json_object *object; /* json-c's value of the text, once the text is whole */
    bool is_memory_short;
    bool has_nul; /* of the last string: it has a U+0000 */
};

/* ---- json-c ---- */

/* Feeds json-c a piece. False: its result is not `wanted`. */
static bool feed_bytes(struct json_reader *reader, const char *bytes, size_t length,
                       enum json_tokener_error wanted)
{
    errno = 0;
    reader->object = json_tokener_parse_ex(reader->tokener, bytes, (int)length);
    reader->is_memory_short = errno == ENOMEM;
    if (!reader->is_memory_short && json_tokener_get_error(reader->tokener) == wanted &&
        json_tokener_get_parse_end(reader->tokener) == length)
        return true;
    json_object_put(reader->object);
    reader->object = NULL;
    return false;
}

/* Feeds json-c the text from where it stopped up to `to`. */
static bool feed(struct json_reader *reader, const char *to, enum json_tokener_error wanted)
{
    const char *from = reader->fed;
    reader->fed = to;
    return feed_bytes(reader, from, (size_t)(to - from), wanted);
}

/* ---- tokens ---- */

static bool take_word(struct json_reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool is_digit_next(const struct json_reader *reader)
{
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool take_digits(struct json_reader *reader)
{
    bool is_any = is_digit_next(reader);
    while (is_digit_next(reader))
        reader->at++;
    return is_any;
}

static bool take_number(struct json_reader *reader)
{
    (void)take_word(reader, "-");
    if (!take_word(reader, "0") && !take_digits(reader))
        return false;
    if (take_word(reader, ".") && !take_digits(reader))
        return false;
    if (take_word(reader, "e") || take_word(reader, "E")) {
        (void)(take_word(reader, "+") || take_word(reader, "-"));
        if (!take_digits(reader))
            return false;
    }
    return !is_digit_next(reader); /* as in 01 */
}

/* Four hexadecimal digits: a UTF-16 code unit. */
static bool take_code_unit(struct json_reader *reader, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    if (reader->end - reader->at < 4)
        return false;
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = memchr(digits, *reader->at++, sizeof digits - 1);
        if (!digit)
            return false;
        uint32_t value = (uint32_t)(digit - digits);
        *unit = *unit << 4 | (value < 16 ? value : value - 6);
    }
    return true;
}

/* The low surrogate of a pair whose escapes begin at `start`; json-c is fed the character. */
static bool take_pair(struct json_reader *reader, const char *start, uint32_t high)
{
    uint32_t low;
    if (!take_word(reader, "\\u") || !take_code_unit(reader, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    uint32_t point = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
    const char bytes[] = {(char)(0xf0 | point >> 18), (char)(0x80 | (point >> 12 & 0x3f)),
                          (char)(0x80 | (point >> 6 & 0x3f)), (char)(0x80 | (point & 0x3f))};
    if (!feed(reader, start, json_tokener_continue) ||
        !feed_bytes(reader, bytes, sizeof bytes, json_tokener_continue))
        return false;
    reader->fed = reader->at;
    return true;
}

static bool take_escape(struct json_reader *reader)
{
    static const char escapes[] = "\"\\/bfnrt";
    const char *start = reader->at++; /* the backslash */
    if (reader->at == reader->end)
        return false;
    if (memchr(escapes, *reader->at, sizeof escapes - 1)) {
        reader->at++;
        return true;
    }
    uint32_t unit;
    if (!take_word(reader, "u") || !take_code_unit(reader, &unit) ||
        (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    if (unit >= 0xd800 && unit <= 0xdbff)
        return take_pair(reader, start, unit);
    reader->has_nul = reader->has_nul || unit == 0;
    return true;
}

static bool take_string(struct json_reader *reader)
{
    reader->has_nul = false;
    reader->at++; /* the quote */
    while (reader->at < reader->end) {
        unsigned char byte = (unsigned char)*reader->at;
        if (byte == '"') {
            reader->at++;
            return true;
        }
        if (byte < 0x20 || (byte == '\\' && !take_escape(reader)))
            return false;
        if (byte != '\\') {
            size_t left = (size_t)(reader->end - reader->at);
            size_t step = utf8_sequence((const unsigned char *)reader->at, left);
            if (step == 0)
                return false;
            reader->at += step;
        }
    }
    return false;
}

/* A structural character (RFC 8259, section 2); no comma stands before a closing bracket. */
static bool take_structural(struct json_reader *reader, int *depth, char before)
{
    char character = *reader->at++;
    if (character == '{' || character == '[')
        return ++*depth <= JSON_DEPTH_MAX;
    if (character == '}' || character == ']') {
        --*depth;
        return before != ',';
    }
    /* json-c cuts a name at a U+0000, so two names could become one. */
    return character == ',' ||
           (!reader->has_nul && feed(reader, reader->at, json_tokener_continue));
}

static void skip_blanks(struct json_reader *reader)
{
    static const char blanks[] = " \t\n\r";
    while (reader->at < reader->end && memchr(blanks, *reader->at, sizeof blanks - 1))
        reader->at++;
}

static bool take_token(struct json_reader *reader, int *depth, char before)
{
    static const char structural[] = "{}[],:";
    if (memchr(structural, *reader->at, sizeof structural - 1))
        return take_structural(reader, depth, before);
    if (*reader->at == '"')
        return take_string(reader);
    return take_word(reader, "true") || take_word(reader, "false") || take_word(reader, "null") ||
           take_number(reader);
}

static bool take_tokens(struct json_reader *reader)
{
    int depth = 0;
    char before = '\0';
    for (skip_blanks(reader); reader->at < reader->end; skip_blanks(reader)) {
        char first = *reader->at;
        if (!take_token(reader, &depth, before))
            return false;
        before = first;
    }
    return true;
}

/* ---- the reader ---- */

/* Makes json-c's token buffer as large as the longest text needs, so that no read enlarges it. */
static bool prepare(struct json_reader *reader, size_t bytes_max)
{
    char blanks[1024];
    memset(blanks, ' ', sizeof blanks);
    bool good = feed_bytes(reader, "\"", 1, json_tokener_continue);
    for (size_t used = 0; good && used < bytes_max; used += sizeof blanks)
        good = feed_bytes(reader, blanks, sizeof blanks, json_tokener_continue);
    return good;
}

struct json_reader *json_reader_new(size_t bytes_max)
{
    struct json_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    /* json-c counts a value in the innermost object as a level of its own. */
    reader->tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (reader->tokener)
        json_tokener_set_flags(reader->tokener, JSON_TOKENER_VALIDATE_UTF8);
    if (!reader->tokener || !prepare(reader, bytes_max)) {
        json_reader_free(reader);
        return NULL;
    }
    return reader;
}

void json_reader_free(struct json_reader *reader)
{
    if (reader && reader->tokener)
        json_tokener_free(reader->tokener);
    free(reader);
}

enum json_result json_reader_read(struct json_reader *reader, const char *text, size_t length,
                                  struct json_object **object)
{
    json_tokener_reset(reader->tokener);
    reader->fed = reader->at = text;
    reader->end = text + length;
    reader->object = NULL;
    reader->is_memory_short = false;
    bool good = take_tokens(reader) && feed(reader, reader->end, json_tokener_success);
    if (reader->is_memory_short)
        return JSON_OUT_OF_MEMORY;
    if (!good)
        return JSON_MALFORMED;
    if (!json_object_is_type(reader->object, json_type_object)) {
        json_object_put(reader->object);
        return JSON_MALFORMED;
    }
    *object = reader->object;
    return JSON_READ;
}
