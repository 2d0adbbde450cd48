/*
 * A refusal as Redis has it: a field, its name, and a value of an entry of a stream, whose key says
 * the sale.
 *
 *     sold 4711    held "4711 1790000000000000 bob"    user_limit bob    sold_out 1
 *
 * A hold's time is in microseconds since 1970; behind it comes one space, and then the user.
 */
#ifndef FCGI_SALE_REFUSAL_TEXT_H
#define FCGI_SALE_REFUSAL_TEXT_H

#include "refusal_cache.h"

enum { REFUSAL_TEXT_MAX = 32 + USER_BYTES_MAX };

/* Writes the value, which is not terminated, and returns its length. */
size_t refusal_write(const struct refusal *refusal, char value[REFUSAL_TEXT_MAX]);

/*
 * Reads what refusal_write() wrote; the sale is the caller's to fill in. False: it is anything
 * else, as it may be, for others write to Redis too.
 */
bool refusal_read(const char *field, size_t field_length, const char *value, size_t length,
                  struct refusal *refusal) __attribute__((warn_unused_result));

#endif
