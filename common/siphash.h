/* SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a hash for keys
   that an attacker can choose, as long as `secret` is unknown to them. Any thread. */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t secret[2], const void *bytes, size_t length);

#endif
