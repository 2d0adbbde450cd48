#include "parameters.h"

#include <string.h>

#include "json.h"

enum {
    NAME_BYTES_MAX = 32, /* longer than any name here */
    NUMBER_DIGITS_MAX = 9
};

struct alias {
    const char *text;
    enum parameter_name name;
};

static const struct alias aliases[] = {
    {"user_id", PARAMETER_USER},       {"id", PARAMETER_ITEM},
    {"item_id", PARAMETER_ITEM},       {"code", PARAMETER_CODE},
    {"checkout_code", PARAMETER_CODE}, {"sale_id", PARAMETER_SALE},
    {"state", PARAMETER_STATE},        {"page_num", PARAMETER_PAGE_NUM},
    {"page_size", PARAMETER_PAGE_SIZE}};

static bool is_wanted(const struct parameters *parameters, const struct alias *alias)
{
    return (parameters->wanted >> alias->name & 1U) != 0;
}

static const struct alias *alias_find(const struct parameters *parameters, const char *text,
                                      size_t length)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (is_wanted(parameters, &aliases[i]) && strlen(aliases[i].text) == length &&
            memcmp(aliases[i].text, text, length) == 0)
            return &aliases[i];
    return NULL;
}

static bool refuse(struct parameter_fault *fault, const char *name, const char *what)
{
    *fault = (struct parameter_fault){name, what};
    return false;
}

/*
 * The length of the UTF-8 sequence at `at`, or 0 where there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF (RFC 3629, section 4).
 */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length)
        return 0;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* What is wrong with a decoded value, or NULL. */
static const char *value_fault(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    for (size_t i = 0; i < length;) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return "a control character is not allowed";
        size_t step = utf8_sequence(at + i, length - i);
        if (step == 0)
            return "expected UTF-8";
        i += step;
    }
    return NULL;
}

/* Takes a decoded value under one of its names; the same value twice is fine. */
static bool set(struct parameters *parameters, const struct alias *alias, const char *bytes,
                size_t length, bool is_too_long, struct parameter_fault *fault)
{
    /* A value that is too long is cut anywhere, so also within a character. */
    const char *what = is_too_long ? NULL : value_fault(bytes, length);
    if (what)
        return refuse(fault, alias->text, what);

    struct parameter *parameter = &parameters->by_name[alias->name];
    if (length == 0)
        return true;
    if (parameter->length > 0 && (parameter->length != length || parameter->is_too_long ||
                                  is_too_long || memcmp(parameter->bytes, bytes, length) != 0))
        return refuse(fault, alias->text, "given twice with different values");
    memcpy(parameter->bytes, bytes, length);
    parameter->length = length;
    parameter->is_too_long = is_too_long;
    return true;
}

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

bool parameter_escape(const char *at, const char *end, char *byte)
{
    int high = end - at > 2 ? hex_digit(at[1]) : -1;
    int low = high >= 0 ? hex_digit(at[2]) : -1;
    if (low < 0)
        return false;
    *byte = (char)(high << 4 | low);
    return true;
}

/*
 * Decodes %-escapes and plus signs. Writes no more than `size` bytes and sets *length to their
 * number; *is_too_long says that there was more. False: a malformed escape.
 */
static bool decode(const char *at, const char *end, char *bytes, size_t size, size_t *length,
                   bool *is_too_long)
{
    *length = 0;
    *is_too_long = false;
    while (at < end) {
        char byte = *at == '+' ? ' ' : *at;
        if (*at == '%') {
            if (!parameter_escape(at, end, &byte))
                return false;
            at += 2;
        }
        at++;
        if (*length < size)
            bytes[(*length)++] = byte;
        else
            *is_too_long = true;
    }
    return true;
}

static const char *find(const char *at, const char *end, char character)
{
    const char *found = memchr(at, character, (size_t)(end - at));
    return found ? found : end;
}

bool parameters_from_form(struct parameters *parameters, const char *text, size_t length,
                          struct parameter_fault *fault)
{
    const char *end = text + length;
    for (const char *at = text; at < end;) {
        const char *pair_end = find(at, end, '&');
        const char *equals = find(at, pair_end, '=');
        const char *value = equals < pair_end ? equals + 1 : pair_end;

        char bytes[PARAMETER_BYTES_MAX];
        size_t used;
        bool is_too_long;
        const struct alias *alias = NULL;
        if (decode(at, equals, bytes, NAME_BYTES_MAX, &used, &is_too_long) && !is_too_long)
            alias = alias_find(parameters, bytes, used);
        if (alias) {
            if (!decode(value, pair_end, bytes, sizeof bytes, &used, &is_too_long))
                return refuse(fault, alias->text, "malformed %-escape");
            if (!set(parameters, alias, bytes, used, is_too_long, fault))
                return false;
        }
        at = pair_end < end ? pair_end + 1 : end;
    }
    return true;
}

_Static_assert((int)JSON_STRING_MAX == (int)PARAMETER_BYTES_MAX,
               "what is too long for one is for both");

static bool set_from_json(struct parameters *parameters, const struct json_member *member,
                          struct parameter_fault *fault)
{
    const struct json_string *name = &member->name, *value = &member->value;
    const struct alias *alias = alias_find(parameters, name->bytes, name->length);
    if (!alias || member->kind == JSON_NULL)
        return true;
    if (member->kind == JSON_OTHER)
        return refuse(fault, alias->text, "expected a string");
    return set(parameters, alias, value->bytes, value->length, value->is_too_long, fault);
}

static bool is_utf8(const char *text, size_t length)
{
    size_t step;
    for (size_t i = 0; i < length; i += step) {
        step = utf8_sequence((const unsigned char *)text + i, length - i);
        if (step == 0)
            return false;
    }
    return true;
}

bool parameters_from_json(struct parameters *parameters, const char *text, size_t length,
                          struct parameter_fault *fault)
{
    struct json json;
    struct json_member member;
    enum json_result result = is_utf8(text, length) ? JSON_MEMBER : JSON_MALFORMED;
    if (length == 0)
        return true;
    json_begin(&json, text, length);
    while (result == JSON_MEMBER) {
        result = json_next(&json, &member);
        if (result == JSON_MEMBER && !set_from_json(parameters, &member, fault))
            return false;
    }
    return result == JSON_END || refuse(fault, NULL, "the body is not one JSON object in UTF-8");
}

const char *parameter_alias(int number, enum parameter_name *name)
{
    if ((size_t)number >= sizeof aliases / sizeof aliases[0])
        return NULL;
    *name = aliases[number].name;
    return aliases[number].text;
}

bool parameter_is_text(const char *bytes, size_t length)
{
    return value_fault(bytes, length) == NULL;
}

void parameters_begin(struct parameters *parameters, unsigned wanted)
{
    memset(parameters, 0, sizeof *parameters);
    parameters->wanted = wanted;
}

bool parameter_number(const struct parameter *parameter, int min, int max, int fallback,
                      int *number)
{
    *number = fallback;
    if (parameter->length == 0)
        return true;
    if (parameter->length > NUMBER_DIGITS_MAX)
        return false;
    *number = 0;
    for (size_t i = 0; i < parameter->length; i++) {
        if (parameter->bytes[i] < '0' || parameter->bytes[i] > '9')
            return false;
        *number = *number * 10 + (parameter->bytes[i] - '0');
    }
    return *number >= min && *number <= max;
}

void parameters_complete(struct parameters *parameters, const struct parameters *more)
{
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters->by_name[i].length == 0)
            parameters->by_name[i] = more->by_name[i];
}
