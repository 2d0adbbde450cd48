#include "parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/check.h"
#include "common/utf8.h"
#include "json_reader.h"
#include "user_name.h"

_Static_assert((int)USER_NAME_BYTES_MAX == (int)PARAMETER_BYTES_MAX, "a name fits a parameter");

enum {
    NAME_BYTES_MAX = 32, /* longer than any name in a table */
    NUMBER_DIGITS_MAX = 9,
    NUMBER_TEXT_MAX = 24 /* a number of 64 bits */
};

static bool is_wanted(const struct parameters *parameters, const struct parameter_alias *alias)
{
    return (parameters->wanted >> alias->parameter & 1U) != 0;
}

static const struct parameter_alias *alias_find(const struct parameters *parameters,
                                                const char *text, size_t length)
{
    for (const struct parameter_alias *alias = parameters->aliases; alias->text; alias++)
        if (is_wanted(parameters, alias) && strlen(alias->text) == length &&
            memcmp(alias->text, text, length) == 0)
            return alias;
    return NULL;
}

static bool refuse(struct parameter_fault *fault, const char *name, const char *what)
{
    *fault = (struct parameter_fault){.name = name, .what = what};
    return false;
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

/* Sets a parameter to a decoded value. The same value twice is allowed. */
static bool set(struct parameters *parameters, const struct parameter_alias *alias,
                struct span value, bool is_too_long, struct parameter_fault *fault)
{
    char room[USER_NAME_BYTES_MAX];
    /* A value that is too long may be cut within a character: it is not checked. */
    const char *what = is_too_long ? NULL : value_fault(value.bytes, value.length);
    if (what)
        return refuse(fault, alias->text, what);

    if (!CHECK(alias->parameter < PARAMETERS_MAX && value.length <= PARAMETER_BYTES_MAX))
        return refuse(fault, alias->text, "it cannot be read");
    struct parameter *parameter = &parameters->by_name[alias->parameter];
    if (alias->is_user && !is_too_long)
        is_too_long = !user_name_read(value, room, &value);
    if (value.length == 0)
        return true;
    if (parameter->length > 0 &&
        (parameter->length != value.length || parameter->is_too_long || is_too_long ||
         memcmp(parameter->bytes, value.bytes, value.length) != 0))
        return refuse(fault, alias->text, "given twice with different values");
    memcpy(parameter->bytes, value.bytes, value.length);
    parameter->length = value.length;
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
 * Decodes %-escapes and plus signs. Writes at most `size` bytes and sets *length to their number;
 * *is_too_long: the text is longer. False: an escape is malformed.
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
        const struct parameter_alias *alias = NULL;
        if (decode(at, equals, bytes, NAME_BYTES_MAX, &used, &is_too_long) && !is_too_long)
            alias = alias_find(parameters, bytes, used);
        if (alias) {
            if (!decode(value, pair_end, bytes, sizeof bytes, &used, &is_too_long))
                return refuse(fault, alias->text, "malformed %-escape");
            if (!set(parameters, alias, (struct span){bytes, used}, is_too_long, fault))
                return false;
        }
        at = pair_end < end ? pair_end + 1 : end;
    }
    return true;
}

/*
 * Writes the digits of a whole number of 64 bits. json-c turns a number beyond 64 bits into the
 * smallest or largest of them; so these two are refused as well, or two numbers would become one. A
 * whole double is accepted only between -2^53 and 2^53, where every whole number is a double.
 */
static bool number_text(const struct json_object *value, char text[NUMBER_TEXT_MAX])
{
    const double whole_max = 9007199254740992; /* 2^53 */
    int64_t number = json_object_get_int64(value);
    uint64_t large = json_object_get_uint64(value);
    if (json_object_is_type(value, json_type_double)) {
        double real = json_object_get_double(value);
        if (!(real > -whole_max && real < whole_max) || (double)(int64_t)real != real)
            return false;
        number = (int64_t)real;
    } else if (number == INT64_MIN || large == UINT64_MAX) {
        return false;
    } else if (number == INT64_MAX) {
        snprintf(text, NUMBER_TEXT_MAX, "%" PRIu64, large);
        return true;
    }
    snprintf(text, NUMBER_TEXT_MAX, "%" PRId64, number);
    return true;
}

static bool set_from_json(struct parameters *parameters, const struct parameter_alias *alias,
                          struct json_object *value, struct parameter_fault *fault)
{
    char digits[NUMBER_TEXT_MAX];
    switch (json_object_get_type(value)) {
    case json_type_null:
        return true;
    case json_type_string: {
        size_t length = (size_t)json_object_get_string_len(value);
        bool is_too_long = length > PARAMETER_BYTES_MAX;
        const struct span text = {json_object_get_string(value),
                                  is_too_long ? PARAMETER_BYTES_MAX : length};
        return set(parameters, alias, text, is_too_long, fault);
    }
    case json_type_int:
    case json_type_double:
        if (number_text(value, digits))
            return set(parameters, alias, (struct span){digits, strlen(digits)}, false, fault);
        break;
    default:
        break;
    }
    return refuse(fault, alias->text, "expected a string or a whole number of 64 bits");
}

bool parameters_from_json(struct parameters *parameters, struct json_reader *reader,
                          const char *text, size_t length, struct parameter_fault *fault)
{
    struct json_object *object, *value;
    if (length == 0)
        return true;
    enum json_result result = json_reader_read(reader, text, length, &object);
    if (result != JSON_READ) {
        (void)refuse(fault, NULL, "the body is not one JSON object in UTF-8");
        fault->is_memory_short = result == JSON_OUT_OF_MEMORY;
        return false;
    }
    bool good = true;
    for (const struct parameter_alias *alias = parameters->aliases; good && alias->text; alias++)
        if (is_wanted(parameters, alias) && json_object_object_get_ex(object, alias->text, &value))
            good = set_from_json(parameters, alias, value, fault);
    json_object_put(object);
    return good;
}

bool parameter_is_text(const char *bytes, size_t length)
{
    return value_fault(bytes, length) == NULL;
}

void parameters_begin(struct parameters *parameters, const struct parameter_alias *aliases,
                      unsigned wanted)
{
    memset(parameters, 0, sizeof *parameters);
    parameters->aliases = aliases;
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
    for (int i = 0; i < PARAMETERS_MAX; i++)
        if (parameters->by_name[i].length == 0)
            parameters->by_name[i] = more->by_name[i];
}
