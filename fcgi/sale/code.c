#include "code.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { CODE_BYTES = 8 + CODE_SECRET_BYTES };

static_assert(CODE_BYTES % 3 == 0, "no padding");
static_assert(CODE_BYTES / 3 * 4 == CODE_LENGTH, "four characters for three bytes");

void code_format(const struct code *code, char text[CODE_LENGTH + 1])
{
    uint8_t bytes[CODE_BYTES];
    uint32_t sale_id = htobe32((uint32_t)code->sale_id);
    uint32_t number = htobe32((uint32_t)code->number);
    memcpy(bytes, &sale_id, 4);
    memcpy(bytes + 4, &number, 4);
    memcpy(bytes + 8, code->secret, CODE_SECRET_BYTES);

    char *out = text;
    for (int i = 0; i < CODE_BYTES; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = alphabet[group >> shift & 63];
    }
    *out = '\0';
}

/* The six bits that a character encodes, or -1. */
static int sextet(char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '-')
        return 62;
    return character == '_' ? 63 : -1;
}

bool code_parse(const char *text, size_t length, struct code *code)
{
    if (length != CODE_LENGTH)
        return false;

    uint8_t bytes[CODE_BYTES];
    for (int i = 0; i < CODE_LENGTH; i += 4) {
        uint32_t group = 0;
        for (int j = 0; j < 4; j++) {
            int bits = sextet(text[i + j]);
            if (bits < 0)
                return false;
            group = group << 6 | (uint32_t)bits;
        }
        bytes[i / 4 * 3] = (uint8_t)(group >> 16);
        bytes[i / 4 * 3 + 1] = (uint8_t)(group >> 8);
        bytes[i / 4 * 3 + 2] = (uint8_t)group;
    }

    uint32_t sale_id, number;
    memcpy(&sale_id, bytes, 4);
    memcpy(&number, bytes + 4, 4);
    code->sale_id = (int32_t)be32toh(sale_id);
    code->number = (int32_t)be32toh(number);
    memcpy(code->secret, bytes + 8, CODE_SECRET_BYTES);
    return code->sale_id > 0 && code->number > 0;
}
