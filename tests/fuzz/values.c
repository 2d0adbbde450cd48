#include "values.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_writer.h"
#include "fcgi/http/json_reader.h"

enum { WRITTEN_MAX = 8192 };

static const char *const names[PARAMETER_COUNT] = {
    [PARAMETER_USER] = "user_id",       [PARAMETER_ITEM] = "item_id",
    [PARAMETER_CODE] = "code",          [PARAMETER_SALE] = "sale_id",
    [PARAMETER_STATE] = "state",        [PARAMETER_PAGE_NUM] = "page_num",
    [PARAMETER_PAGE_SIZE] = "page_size"};

bool values_are_text(const char *bytes, size_t length)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* by the bytes that follow */
    const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
    while (at < end) {
        unsigned char first = *at++;
        int more = first < 0x80             ? 0
                   : (first & 0xe0) == 0xc0 ? 1
                   : (first & 0xf0) == 0xe0 ? 2
                   : (first & 0xf8) == 0xf0 ? 3
                                            : -1;
        if (more < 0 || end - at < more)
            return false;
        uint32_t point = more == 0 ? first : first & (0x3fU >> more);
        for (int i = 0; i < more; i++) {
            if ((*at & 0xc0) != 0x80)
                return false;
            point = point << 6 | (*at++ & 0x3fU);
        }
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ||
            point < 0x20 || point == 0x7f)
            return false;
    }
    return true;
}

/* A whole number as parameter_number() reads it, against what strtol(3) makes of it. */
static void check_number(const struct parameter *parameter)
{
    enum { FALLBACK = -5, MAX = 1000000 };
    char text[PARAMETER_BYTES_MAX + 1], *end;
    int number;
    bool good = parameter_number(parameter, 1, MAX, FALLBACK, &number);
    memcpy(text, parameter->bytes, parameter->length);
    text[parameter->length] = '\0';
    bool is_digits = parameter->length > 0 && strspn(text, "0123456789") == parameter->length;
    long value = strtol(text, &end, 10);
    if (parameter->length == 0)
        assert(good && number == FALLBACK);
    else if (good)
        assert(is_digits && value == number && number >= 1 && number <= MAX);
    else
        assert(!is_digits || value < 1 || value > MAX || parameter->length > 9);
}

void values_check(const struct parameters *parameters)
{
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *parameter = &parameters->by_name[i];
        assert(parameter->length <= PARAMETER_BYTES_MAX);
        assert(parameter->length == 0 || (parameters->wanted >> i & 1U) != 0);
        if (parameter->is_too_long)
            assert(parameter->length == PARAMETER_BYTES_MAX);
        else
            assert(values_are_text(parameter->bytes, parameter->length));
        assert(parameter->is_too_long || parameter_is_text(parameter->bytes, parameter->length));
        check_number(parameter);
    }
}

void values_check_fault(const struct parameter_fault *fault)
{
    assert(fault->what && fault->what[0] != '\0');
    bool is_known =
        !fault->name || strcmp(fault->name, "id") == 0 || strcmp(fault->name, "checkout_code") == 0;
    for (int i = 0; !is_known && i < PARAMETER_COUNT; i++)
        is_known = strcmp(fault->name, names[i]) == 0;
    assert(is_known);
}

void values_check_same(const struct parameters *one, const struct parameters *other)
{
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *a = &one->by_name[i], *b = &other->by_name[i];
        assert(a->length == b->length && a->is_too_long == b->is_too_long);
        assert(memcmp(a->bytes, b->bytes, a->length) == 0);
    }
}

static void write_form(struct text *text, const struct parameters *parameters)
{
    char escape[4];
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *parameter = &parameters->by_name[i];
        text_add(text, text->used > 0 ? "&" : "");
        text_add(text, names[i]);
        text_add(text, "=");
        for (size_t j = 0; j < parameter->length; j++) {
            snprintf(escape, sizeof escape, "%%%02x", (unsigned)(uint8_t)parameter->bytes[j]);
            text_add(text, escape);
        }
        text_add(text, parameter->is_too_long ? "x" : "");
    }
    assert(!text->is_cut);
}

/* False: one is too long, and may be cut within a character. */
static bool write_json(struct text *text, const struct parameters *parameters)
{
    struct json_writer json;
    json_writer_begin(&json, text);
    json_open_object(&json);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const struct parameter *parameter = &parameters->by_name[i];
        if (parameter->is_too_long)
            return false;
        json_bytes(json_key(&json, names[i]), parameter->bytes, parameter->length);
    }
    json_close(&json);
    json_writer_end(&json);
    assert(!text->is_cut);
    return true;
}

static void check_json(const struct parameters *parameters, const char *text, size_t length)
{
    static struct json_reader *reader;
    struct parameters again;
    struct parameter_fault fault;
    if (!reader)
        reader = json_reader_new(WRITTEN_MAX);
    assert(reader);
    parameters_begin(&again, parameter_names, parameters->wanted);
    assert(parameters_from_json(&again, reader, text, length, &fault));
    values_check_same(parameters, &again);
}

void values_check_written(const struct parameters *parameters)
{
    char bytes[WRITTEN_MAX];
    struct text text;
    struct parameters again;
    struct parameter_fault fault;
    text_begin(&text, bytes, sizeof bytes);
    write_form(&text, parameters);
    parameters_begin(&again, parameter_names, parameters->wanted);
    assert(parameters_from_form(&again, bytes, text.used, &fault));
    values_check_same(parameters, &again);

    text_begin(&text, bytes, sizeof bytes);
    if (write_json(&text, parameters))
        check_json(parameters, bytes, text.used);
}

bool values_are_json(const char *text, size_t length)
{
    struct json_tokener *tokener = json_tokener_new();
    assert(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    json_object_put(json_tokener_parse_ex(tokener, text, (int)length));
    bool good = json_tokener_get_error(tokener) == json_tokener_success &&
                json_tokener_get_parse_end(tokener) == length;
    json_tokener_free(tokener);
    return good;
}
