/* FNV-1a of 64 bits (Fowler, Noll, Vo). Not for keys that an attacker can choose. */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN 0xcbf29ce484222325U

/* Continues a hash with these bytes; `so_far` is HASH_BEGIN for the first ones. */
static inline uint64_t hash_add(uint64_t so_far, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        so_far = (so_far ^ at[i]) * 0x100000001b3U;
    return so_far;
}

#endif
