/* Rows as a table of text: columns are aligned, numbers to the right. */
#ifndef GENERATOR_TABLE_H
#define GENERATOR_TABLE_H

#include <stdio.h>

#include "rows.h"

/*
 * Prints a line with the columns' names and a line for each row. Texts are UTF-8 with any
 * characters: control characters are printed as "?".
 */
void table_print(FILE *stream, const struct rows *rows);

#endif
