/* Rows as a table of text for people: columns aligned, numbers at their right end. */
#ifndef GENERATOR_TABLE_H
#define GENERATOR_TABLE_H

#include <stdio.h>

#include "rows.h"

/*
 * Writes the columns' names and the rows, a line each. Text is UTF-8, whatever it says: what a
 * terminal could obey is written as "?".
 */
void table_print(FILE *stream, const struct rows *rows);

#endif
