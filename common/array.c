#include "array.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 20, /* dimensions, has nulls, element type, length, lower bound */
    LENGTH_BYTES = 4   /* before each element */
};

bool array_new(struct array *array, int elements, size_t element_bytes_max)
{
    array->size = HEADER_BYTES + (size_t)elements * (LENGTH_BYTES + element_bytes_max);
    array->used = 0;
    array->bytes = malloc(array->size);
    return array->bytes != NULL;
}

void array_free(struct array *array)
{
    free(array->bytes);
    array->bytes = NULL;
}

static void add_raw(struct array *array, const void *bytes, size_t length)
{
    assert(array->used + length <= array->size);
    memcpy(array->bytes + array->used, bytes, length);
    array->used += length;
}

static void add_raw_int4(struct array *array, uint32_t value)
{
    uint32_t bytes = htobe32(value);
    add_raw(array, &bytes, sizeof bytes);
}

void array_begin(struct array *array, enum array_type type, int count)
{
    array->used = 0;
    add_raw_int4(array, 1);
    add_raw_int4(array, 0);
    add_raw_int4(array, (uint32_t)type);
    add_raw_int4(array, (uint32_t)count);
    add_raw_int4(array, 1);
}

void array_add_bytes(struct array *array, const void *bytes, size_t length)
{
    add_raw_int4(array, (uint32_t)length);
    add_raw(array, bytes, length);
}

void array_add_int2(struct array *array, int16_t value)
{
    uint16_t bytes = htobe16((uint16_t)value);
    array_add_bytes(array, &bytes, sizeof bytes);
}

void array_add_int4(struct array *array, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);
    array_add_bytes(array, &bytes, sizeof bytes);
}

void array_add_time_us(struct array *array, int64_t time_us)
{
    if (time_us != INT64_MAX)
        time_us -= (int64_t)DATABASE_EPOCH_S * 1000000;
    uint64_t bytes = htobe64((uint64_t)time_us);
    array_add_bytes(array, &bytes, sizeof bytes);
}

struct database_parameter array_parameter(const struct array *array)
{
    return (struct database_parameter){array->bytes, (int)array->used};
}
