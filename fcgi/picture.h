/* Items' pictures: SVG drawn from the name and the seed, the same every time. */
#ifndef FCGI_PICTURE_H
#define FCGI_PICTURE_H

#include <stdint.h>

#include "text.h"

enum { PICTURE_BYTES_MAX = 2048 };

/* Adds the picture: a whole SVG document of less than PICTURE_BYTES_MAX bytes, its title the name.
 */
void picture_draw(struct text *text, const char *name, int64_t seed);

#endif
