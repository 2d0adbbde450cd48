/* What each thing that an item can be looks like (catalog/words.h, words_thing). */
#ifndef CATALOG_PICTURE_SHAPES_H
#define CATALOG_PICTURE_SHAPES_H

#include "words.h"

/*
 * A drawing in a square of 120 units that stands at y = 102. Each part is the data of a path (SVG
 * 2, section 9.3) in absolute units, or NULL; beside its commands there are "ox,y,r", a circle, and
 * "ex,y,rx,ry", an ellipse. They lie above one another in this order.
 */
struct picture_shape {
    const char *thing;
    const char *back;   /* stroked: handles, legs, strings */
    const char *body;   /* filled; what lies in another part of it is a hole */
    const char *dark;   /* filled: openings, lids */
    const char *accent; /* filled, in the second colour */
    const char *fine;   /* stroked thinly */
};

/* The drawing of the thing that a name's last word says; of what nobody has drawn, a parcel. */
const struct picture_shape *picture_shape_of(const char *name);

#endif
