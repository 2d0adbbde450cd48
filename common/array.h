/*
 * One-dimensional arrays in PostgreSQL's binary format, as array_recv() reads them: no value is
 * ever quoted or escaped. A buffer is allocated once, for a number of elements, and refilled for
 * each call. Not shared between threads.
 */
#ifndef COMMON_ARRAY_H
#define COMMON_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database.h"

/* Object identifiers of built-in types, fixed in PostgreSQL's pg_type.dat. */
enum array_type {
    ARRAY_INT2 = 21,
    ARRAY_INT4 = 23,
    ARRAY_TEXT = 25,
    ARRAY_TIMESTAMPTZ = 1184,
    ARRAY_UUID = 2950
};

struct array {
    char *bytes;
    size_t used;
    size_t size;
};

/* Allocates room for `elements`, each of at most `element_bytes_max` bytes. False: out of memory.
 */
bool array_new(struct array *array, int elements, size_t element_bytes_max)
    __attribute__((warn_unused_result));
void array_free(struct array *array);

/* Begins an array of `count` elements. The caller then adds exactly that many. */
void array_begin(struct array *array, enum array_type type, int count);

void array_add_int2(struct array *array, int16_t value);
void array_add_int4(struct array *array, int32_t value);
void array_add_bytes(struct array *array, const void *bytes, size_t length); /* text, uuid */

/* A timestamptz in microseconds since 1970, UTC; INT64_MAX is infinity. */
void array_add_time_us(struct array *array, int64_t time_us);

/* The array as a parameter; it points into the array's buffer. */
struct database_parameter array_parameter(const struct array *array);

/*
 * Initializes a constant parameter: an array of one element of `size` bytes. The variable arguments
 * are designated initializers of these bytes, from [ARRAY_ONE_AT] on; the others are 0.
 */
enum { ARRAY_ONE_AT = 24 };

#define ARRAY_ONE(type, size, ...)                                                                 \
    {                                                                                              \
        (const char[ARRAY_ONE_AT + (size)]){[3] = 1,                                               \
                                            [10] = (char)((type) >> 8),                            \
                                            [11] = (char)(type),                                   \
                                            [15] = 1,                                              \
                                            [19] = 1,                                              \
                                            [23] = (size),                                         \
                                            __VA_ARGS__},                                          \
            ARRAY_ONE_AT + (size)                                                                  \
    }

#endif
