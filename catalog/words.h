/*
 * The words that items are called by: one of each list, "Amber Walnut Lantern". Each is plain
 * ASCII, begins with a capital and stands in one list only, so a name tells its three words.
 *
 * Words may be exchanged at any time: a sale's names are written down when it is generated.
 */
#ifndef CATALOG_WORDS_H
#define CATALOG_WORDS_H

/* A power of two, so that a name is a number of 3 * WORDS_BITS bits. */
enum { WORDS_BITS = 7, WORDS_COUNT = 1 << WORDS_BITS };

extern const char *const words_manner[WORDS_COUNT];
extern const char *const words_material[WORDS_COUNT];
extern const char *const words_thing[WORDS_COUNT];

#endif
