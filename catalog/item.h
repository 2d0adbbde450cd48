/*
 * Items' names, prices and descriptions, made from words and a seed: the same input always gives
 * the same item. Any thread; nothing is allocated.
 */
#ifndef CATALOG_ITEM_H
#define CATALOG_ITEM_H

#include <stddef.h>
#include <stdint.h>

enum {
    ITEM_NAME_MAX = 96,         /* bytes, with the terminating zero */
    ITEM_DESCRIPTION_MAX = 256, /* likewise */
    ITEM_PRICE_CENTS_MIN = 199,
    ITEM_PRICE_CENTS_MAX = 49999
};

struct item {
    char name[ITEM_NAME_MAX]; /* plain ASCII: "Amber Walnut Lantern" */
    int price_cents;
    int64_t picture_seed; /* >= 0 */
};

/* How many different names there are: more than the items of the largest sale. */
uint32_t item_names_count(void);

/*
 * Makes item `number` (from 1) of the sale with this seed. Within a sale all names differ, for
 * numbers up to item_names_count().
 */
void item_make(uint64_t sale_seed, uint32_t number, struct item *item);

/*
 * Writes a sentence about the item, terminated. ITEM_DESCRIPTION_MAX bytes are enough; a smaller
 * `size` cuts it. It is plain ASCII if the name is.
 */
void item_describe(const char *name, int64_t picture_seed, char *text, size_t size);

#endif
