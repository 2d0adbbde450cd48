#include "item_copy.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

static char *put_int2(char *bytes, int16_t value)
{
    uint16_t big = htobe16((uint16_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_int4(char *bytes, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_int8(char *bytes, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_field_int4(char *bytes, int32_t value)
{
    return put_int4(put_int4(bytes, sizeof value), value);
}

size_t item_copy_header(char *bytes)
{
    static const char signature[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', 0};
    memcpy(bytes, signature, sizeof signature);
    char *end = put_int4(bytes + sizeof signature, 0); /* flags */
    end = put_int4(end, 0);                            /* length of the header's extension */
    return (size_t)(end - bytes);
}

size_t item_copy_row(char *bytes, int32_t sale_id, int32_t number, const struct item *item)
{
    size_t name_length = strlen(item->name);
    char *end = put_int2(bytes, 5);
    end = put_field_int4(end, sale_id);
    end = put_field_int4(end, number);
    end = put_int8(put_int4(end, sizeof item->picture_seed), item->picture_seed);
    end = put_field_int4(end, item->price_cents);
    end = put_int4(end, (int32_t)name_length);
    memcpy(end, item->name, name_length);
    return (size_t)(end + name_length - bytes);
}

size_t item_copy_trailer(char *bytes)
{
    return (size_t)(put_int2(bytes, -1) - bytes);
}

void item_copy_begin(struct item_copy *copy, int32_t sale_id, int items_total, uint64_t sale_seed)
{
    *copy =
        (struct item_copy){.sale_id = sale_id, .items_total = items_total, .sale_seed = sale_seed};
    char subject[32];
    snprintf(subject, sizeof subject, "sale %d", (int)sale_id);
    progress_begin(&copy->progress, subject, items_total);
}

void item_copy_end(struct item_copy *copy)
{
    progress_end(&copy->progress);
}

size_t item_copy_next(void *context, char *buffer, size_t size)
{
    struct item_copy *copy = context;
    assert(size >= ITEM_COPY_PIECE_MIN);
    size_t used = copy->is_begun ? 0 : item_copy_header(buffer);
    copy->is_begun = true;
    struct item item = {0};
    while (copy->done < copy->items_total && used + ITEM_COPY_ROW_BYTES_MAX <= size) {
        item_make(copy->sale_seed, (uint32_t)++copy->done, &item);
        used += item_copy_row(buffer + used, copy->sale_id, copy->done, &item);
    }
    if (copy->done == copy->items_total && !copy->is_ended &&
        used + ITEM_COPY_TRAILER_BYTES <= size) {
        used += item_copy_trailer(buffer + used);
        copy->is_ended = true;
    }
    if (!copy->is_ended)
        progress_show(&copy->progress, copy->done);
    return used;
}
