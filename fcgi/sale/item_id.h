/* The ids by which clients name items: 4711, item4711, item_4711, item-4711, any;
   17-4711 and 17_item_4711 of sale 17. */
#ifndef FCGI_SALE_ITEM_ID_H
#define FCGI_SALE_ITEM_ID_H

#include <stddef.h>
#include <stdint.h>

enum {
    ITEM_ID_OPEN_SALE = 0, /* as a sale: the newest that is open */
    ITEM_ID_ANY = 0,       /* as a number: any free item */
    ITEM_ID_NONE = -1      /* as a number: no item could have this id */
};

struct item_id {
    int32_t sale_id;
    int32_t number;
};

/* Every text is some id; one without a usable number has the number ITEM_ID_NONE. */
struct item_id item_id_parse(const char *text, size_t length);

#endif
