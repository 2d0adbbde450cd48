/*
 * The words of items' names, one from each list: "Amber Walnut Lantern". Each word is plain ASCII,
 * begins with a capital and is in one list only.
 *
 * Words may be replaced at any time: a sale's names are stored when it is generated.
 */
#ifndef CATALOG_WORDS_H
#define CATALOG_WORDS_H

/* A power of two, so that a name is a number of 3 * WORDS_BITS bits. */
enum { WORDS_BITS = 7, WORDS_COUNT = 1 << WORDS_BITS };

extern const char *const words_manner[WORDS_COUNT];
extern const char *const words_material[WORDS_COUNT];
extern const char *const words_thing[WORDS_COUNT];

#endif
