/* A drawing for each thing that an item can be (catalog/words.h, words_thing). */
#ifndef CATALOG_PICTURE_SHAPES_H
#define CATALOG_PICTURE_SHAPES_H

#include "words.h"

/*
 * A drawing in a square of 120 units; the thing stands at y = 102. Each part is path data (SVG 2,
 * section 9.3) in absolute units, or NULL. Two more commands are "ox,y,r", a circle, and
 * "ex,y,rx,ry", an ellipse. The parts are painted in this order, each over those before it.
 */
struct picture_shape {
    const char *thing;
    const char *back;   /* stroked: handles, legs, strings */
    const char *body;   /* filled, even-odd: a subpath inside another is a hole */
    const char *dark;   /* filled: openings, lids */
    const char *accent; /* filled, in the second colour */
    const char *fine;   /* stroked thinly */
};

/* The drawing of the thing that a name's last word means; a parcel if there is no such drawing. Any
   thread. */
const struct picture_shape *picture_shape_of(const char *name);

#endif
