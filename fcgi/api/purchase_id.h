/* The id of a purchase. Any thread. */
#ifndef FCGI_API_PURCHASE_ID_H
#define FCGI_API_PURCHASE_ID_H

#include <stdint.h>

/*
 * The sale's number, followed by the item's number in seven digits. It is unique without a counter:
 * no sale has that many items, and an item is sold once.
 */
static inline int64_t purchase_id(int32_t sale_id, int32_t number)
{
    enum { NUMBERS = 10000000 };
    return (int64_t)sale_id * NUMBERS + number;
}

#endif
