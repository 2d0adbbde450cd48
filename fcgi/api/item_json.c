#include "item_json.h"

#include <string.h>

/* Bytes of two 32-bit numbers and a hyphen, and of the path of a picture. */
enum { ID_MAX = 24, IMAGE_MAX = ID_MAX + 24 };

static void add_id(struct text *text, int32_t sale_id, int32_t number)
{
    text_add_integer(text, sale_id);
    text_add(text, "-");
    text_add_integer(text, number);
}

void item_json_id(struct json_writer *json, int32_t sale_id, int32_t number)
{
    char bytes[ID_MAX];
    struct text id;
    text_begin(&id, bytes, sizeof bytes);
    add_id(&id, sale_id, number);
    json_bytes(json, id.bytes, id.used);
}

void item_json_name(struct json_writer *json, int32_t sale_id, int32_t number, const char *name)
{
    item_json_id(json_key(json, "id"), sale_id, number);
    json_integer(json_key(json, "number"), number);
    json_string(json_key(json, "name"), name);
}

void item_json_price(struct json_writer *json, int32_t sale_id, int32_t number, int price_cents)
{
    char bytes[IMAGE_MAX];
    struct text image;
    text_begin(&image, bytes, sizeof bytes);
    text_add(&image, "/items/");
    add_id(&image, sale_id, number);
    text_add(&image, "/image.svg");
    json_money(json_key(json, "price"), price_cents);
    json_bytes(json_key(json, "image"), image.bytes, image.used);
}

void item_json_row(struct json_writer *json, const struct item_row *item)
{
    json_open_object(json);
    item_json_name(json, item->sale_id, item->number, item->name);
    item_json_price(json, item->sale_id, item->number, item->price_cents);
    json_string(json_key(json, "state"), item->state);
    json_key(json, "held_until");
    if (strcmp(item->state, "held") == 0)
        json_time(json, item->held_until_us);
    else
        json_null(json);
    json_close(json);
}
