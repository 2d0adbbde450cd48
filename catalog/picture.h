/* Items' pictures: SVG of what the name's last word says, coloured by its first word or by the
   seed; the same every time. */
#ifndef CATALOG_PICTURE_H
#define CATALOG_PICTURE_H

#include <stdint.h>

#include "common/text.h"

enum { PICTURE_BYTES_MAX = 3072 };

/* Adds the picture: a whole SVG document of less than PICTURE_BYTES_MAX bytes, its title the name.
 */
void picture_draw(struct text *text, const char *name, int64_t seed);

#endif
