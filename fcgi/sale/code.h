/*
 * A checkout's code: which item it is for and 128 random bits, as 32 characters of base64url
 * (RFC 4648, section 5). Opaque to clients.
 */
#ifndef FCGI_SALE_CODE_H
#define FCGI_SALE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/store/limits.h"

enum { CODE_LENGTH = 32, CODE_SECRET_BYTES = SECRET_BYTES };

struct code {
    int32_t sale_id;
    int32_t number;
    uint8_t secret[CODE_SECRET_BYTES];
};

/* Writes CODE_LENGTH characters and a terminating zero. */
void code_format(const struct code *code, char text[CODE_LENGTH + 1]);

/* False: the text is no code. */
bool code_parse(const char *text, size_t length, struct code *code)
    __attribute__((warn_unused_result));

#endif
