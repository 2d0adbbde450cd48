/* Text for people at a terminal. */
#ifndef COMMON_TERMINAL_H
#define COMMON_TERMINAL_H

#include <stdio.h>

/*
 * Returns how many columns of a terminal a UTF-8 text takes, and writes it unless the stream is
 * NULL. A control character, or a sequence that the text's end cuts off, is written as "?" and
 * takes one column.
 */
int terminal_put(FILE *stream, const char *text);

#endif
