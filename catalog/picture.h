/* Items' pictures: SVG drawings of the thing that a name's last word means, coloured by its first
   word or by the seed. The same name and seed always give the same picture. Any thread. */
#ifndef CATALOG_PICTURE_H
#define CATALOG_PICTURE_H

#include <stdint.h>

#include "common/text.h"

enum { PICTURE_BYTES_MAX = 3072 };

/* Adds the picture: an SVG document of less than PICTURE_BYTES_MAX bytes, with the name as title.
   `name` is UTF-8; it is escaped. */
void picture_draw(struct text *text, const char *name, int64_t seed);

#endif
