/*
 * The text of a settings file with that of the files it includes, and where each line came from.
 *
 * Includes are resolved here, not by libconfig: of its versions one looks a relative name up from
 * the working directory and another from a folder that is set, and what each says of an error in an
 * included file differs. Numbers are looked at here, too: libconfig 1.5 cuts a whole number to 32
 * bits without a word, and 1.7 reads one with a leading zero as octal.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include <stdio.h>

struct source;

/*
 * Reads `path`. A relative name behind @include is looked up from the folder of the file that
 * includes it. NULL where something cannot be read, or has bytes or numbers that no settings have:
 * that is told on `errors`, a line with file and line. Free with source_free().
 */
struct source *source_read(const char *path, FILE *errors) __attribute__((warn_unused_result));

/* NULL is fine. */
void source_free(struct source *source);

/* All of it, ended by a NUL, as libconfig takes it. Valid as long as the source. */
const char *source_text(const struct source *source);

/* The file and the line there of a line of the text, both counted from 1. */
const char *source_position(const struct source *source, int line, int *file_line);

#endif
