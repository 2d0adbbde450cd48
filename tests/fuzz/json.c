/* Bodies of JSON: held against what json-c reads. */
#include <assert.h>
#include <json-c/json.h>
#include <string.h>

#include "fcgi/json.h"
#include "fcgi/parameters.h"
#include "fuzz.h"
#include "values.h"

static const struct {
    const char *text;
    enum parameter_name name;
} names[] = {{"user_id", PARAMETER_USER},       {"id", PARAMETER_ITEM},
             {"item_id", PARAMETER_ITEM},       {"code", PARAMETER_CODE},
             {"checkout_code", PARAMETER_CODE}, {"sale_id", PARAMETER_SALE},
             {"state", PARAMETER_STATE},        {"page_num", PARAMETER_PAGE_NUM},
             {"page_size", PARAMETER_PAGE_SIZE}};

/* json-c keeps the last of two members of one name; what it has and is not empty is what we have.
 */
static void check_values(const struct parameters *parameters, struct json_object *object)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct parameter *parameter = &parameters->by_name[names[i].name];
        struct json_object *value;
        if (!json_object_object_get_ex(object, names[i].text, &value) ||
            !json_object_is_type(value, json_type_string))
            continue;
        const char *bytes = json_object_get_string(value);
        size_t length = (size_t)json_object_get_string_len(value);
        assert(parameter->is_too_long == (length > PARAMETER_BYTES_MAX) || length == 0);
        assert(length == 0 || parameter->is_too_long || parameter->length == length);
        assert(length == 0 || memcmp(parameter->bytes, bytes, parameter->length) == 0);
    }
}

/* Whether json-c may take for JSON what RFC 8259 does not: NaN and Infinity, numbers such as "1."
   and "00", control characters, some of what is not UTF-8, and half surrogate pairs. */
static bool is_beyond_rfc(const char *text, size_t length)
{
    static const char *const signs[] = {"NaN", "Infinity", "\\u", "-", "00"};
    bool is_beyond = !values_are_text(text, length);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        is_beyond = is_beyond || memmem(text, length, signs[i], strlen(signs[i]));
    for (size_t i = 0; i < length; i++)
        is_beyond =
            is_beyond || (i > 0 && strchr(".eE", text[i]) && strchr("0123456789.", text[i - 1]));
    return is_beyond;
}

/* json-c 0.16 ends a name at a zero, and makes a replacement of the second pair of surrogates. */
static bool is_misread(const char *text, size_t length)
{
    static const char *const signs[] = {"\\u0000", "\\ud", "\\uD"};
    bool is_misread = false;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        is_misread = is_misread || memmem(text, length, signs[i], strlen(signs[i]));
    return is_misread;
}

static void compare(const struct parameters *parameters, bool good,
                    const struct parameter_fault *fault, const char *text, size_t length)
{
    struct json_object *object = values_from_json(text, length, JSON_DEPTH_MAX, good);
    bool is_object = json_object_is_type(object, json_type_object);
    if (good && length > 0) {
        assert(is_object);
        if (!is_misread(text, length))
            check_values(parameters, object);
    } else if (!good && !fault->name) {
        assert(!is_object || is_beyond_rfc(text, length));
    }
    json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parameters parameters, again;
    struct parameter_fault fault = {NULL, NULL}, fault_again = {NULL, NULL};
    parameters_begin(&parameters, ~0U);
    parameters_begin(&again, ~0U);
    bool good = parameters_from_json(&parameters, (const char *)data, size, &fault);
    assert(parameters_from_json(&again, (const char *)data, size, &fault_again) == good);
    values_check_same(&parameters, &again);
    values_check(&parameters);
    compare(&parameters, good, &fault, (const char *)data, size);
    if (!good) {
        values_check_fault(&fault);
        assert(fault.name == fault_again.name && fault.what == fault_again.what);
        return 0;
    }
    values_check_written(&parameters);
    return 0;
}
