#include "page_json.h"

void page_json_begin(struct json_writer *json, struct text *body)
{
    json_writer_begin(json, body);
    json_open_object(json);
    json_open_array(json_key(json, "page"));
}

void page_json_end(struct json_writer *json, int64_t total)
{
    json_close(json);
    json_integer(json_key(json, "total"), total);
    json_close(json);
    json_writer_end(json);
}
