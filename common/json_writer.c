#include "json_writer.h"

#include <string.h>

#include "common/check.h"

/* So that nobody sends what is not JSON. */
static void mark_cut(const struct json_writer *json)
{
    json->text->is_cut = true;
}

static bool is_in_object(const struct json_writer *json)
{
    return json->depth > 0 && json->is_object[json->depth - 1];
}

static void before_value(struct json_writer *json)
{
    bool is_member = is_in_object(json);
    if (!CHECK(json->has_key == is_member) || !CHECK(json->depth > 0 || !json->has_value))
        mark_cut(json);
    if (json->has_value && !is_member)
        text_add_bytes(json->text, ",", 1);
    json->has_key = false;
    json->has_value = true;
}

void json_writer_begin(struct json_writer *json, struct text *text)
{
    *json = (struct json_writer){.text = text};
}

void json_writer_end(const struct json_writer *json)
{
    if (!CHECK(json->depth == 0 && json->has_value))
        mark_cut(json);
}

static void open(struct json_writer *json, bool is_object)
{
    before_value(json);
    if (!CHECK(json->depth < JSON_WRITER_DEPTH_MAX)) {
        mark_cut(json);
        return;
    }
    json->is_object[json->depth++] = is_object;
    json->has_value = false;
    text_add_bytes(json->text, is_object ? "{" : "[", 1);
}

void json_open_object(struct json_writer *json)
{
    open(json, true);
}

void json_open_array(struct json_writer *json)
{
    open(json, false);
}

void json_close(struct json_writer *json)
{
    if (!CHECK(json->depth > 0 && !json->has_key)) {
        mark_cut(json);
        return;
    }
    text_add_bytes(json->text, is_in_object(json) ? "}" : "]", 1);
    json->depth--;
    json->has_value = true;
}

struct json_writer *json_key(struct json_writer *json, const char *name)
{
    if (!CHECK(is_in_object(json) && !json->has_key))
        mark_cut(json);
    char *at = text_room(json->text, strlen(name) + (json->has_value ? 4 : 3));
    if (at) {
        if (json->has_value)
            *at++ = ',';
        *at++ = '"';
        at = stpcpy(at, name);
        at[0] = '"'; /* overwrites the zero */
        at[1] = ':';
    }
    json->has_key = true;
    return json;
}

void json_bytes(struct json_writer *json, const char *bytes, size_t length)
{
    before_value(json);
    text_add_json(json->text, bytes, length);
}

void json_string(struct json_writer *json, const char *string)
{
    json_bytes(json, string, strlen(string));
}

void json_integer(struct json_writer *json, int64_t value)
{
    before_value(json);
    text_add_integer(json->text, value);
}

void json_boolean(struct json_writer *json, bool value)
{
    before_value(json);
    text_add(json->text, value ? "true" : "false");
}

void json_null(struct json_writer *json)
{
    before_value(json);
    text_add(json->text, "null");
}

void json_integer_or_null(struct json_writer *json, int64_t value)
{
    if (value > 0)
        json_integer(json, value);
    else
        json_null(json);
}

void json_money(struct json_writer *json, int64_t cents)
{
    before_value(json);
    text_add_money(json->text, cents);
}

void json_time(struct json_writer *json, int64_t time_us)
{
    before_value(json);
    text_add_time(json->text, time_us);
}

void json_time_or_null(struct json_writer *json, int64_t time_us)
{
    if (time_us != 0)
        json_time(json, time_us);
    else
        json_null(json);
}
