/* The number by which a purchase is known. */
#ifndef FCGI_API_PURCHASE_ID_H
#define FCGI_API_PURCHASE_ID_H

#include <stdint.h>

/*
 * A purchase's id is its item's: the sale, and seven digits for the number. No sale has so many
 * items, and an item is sold once, so it is unique without being counted.
 */
static inline int64_t purchase_id(int32_t sale_id, int32_t number)
{
    enum { NUMBERS = 10000000 };
    return (int64_t)sale_id * NUMBERS + number;
}

#endif
