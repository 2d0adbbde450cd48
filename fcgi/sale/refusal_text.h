/*
 * A refusal as Redis has it: a field and a value in an entry of a stream, whose key has the sale.
 *
 *     sold 4711    held "4711 1790000000000000 bob"    user_limit bob    sold_out 1
 *
 * A hold's time is in microseconds since 1970, and after one more space comes the user.
 */
#ifndef FCGI_SALE_REFUSAL_TEXT_H
#define FCGI_SALE_REFUSAL_TEXT_H

#include "refusal_cache.h"

enum { REFUSAL_TEXT_MAX = 32 + USER_BYTES_MAX };

/* Writes the value, which is not terminated, and returns its length. */
size_t refusal_write(const struct refusal *refusal, char value[REFUSAL_TEXT_MAX]);

/*
 * Reads what refusal_write() wrote; the caller fills in the sale. False: it is something else, for
 * others may write to Redis.
 */
bool refusal_read(const char *field, size_t field_length, const char *value, size_t length,
                  struct refusal *refusal) __attribute__((warn_unused_result));

#endif
