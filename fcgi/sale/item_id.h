/* The ids by which clients name items: 4711, item4711, item_4711, item-4711, any;
   17-4711 and 17_item_4711 of sale 17. */
#ifndef FCGI_SALE_ITEM_ID_H
#define FCGI_SALE_ITEM_ID_H

#include <stddef.h>
#include <stdint.h>

enum {
    ITEM_ID_OPEN_SALE = 0, /* as sale_id: the newest open sale */
    ITEM_ID_ANY = 0,       /* as number: any free item */
    ITEM_ID_NONE = -1      /* as number: an item that does not exist */
};

struct item_id {
    int32_t sale_id;
    int32_t number;
};

/* Never fails: a text that names no item has the number ITEM_ID_NONE. */
struct item_id item_id_parse(const char *text, size_t length);

#endif
