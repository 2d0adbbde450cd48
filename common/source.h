/*
 * The text of a settings file and of the files it includes, and where each line came from.
 *
 * Includes are resolved here, not by libconfig: one version looks up a relative name from the
 * working directory, another from a folder that the program sets, and they report an error in an
 * included file differently. Numbers are checked here too: libconfig 1.5 silently cuts a whole
 * number to 32 bits, and 1.7 reads one with a leading zero as octal.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include <stdio.h>

struct source;

/*
 * Reads `path`. A relative name after @include is looked up from the folder of the file that
 * includes it. NULL: something cannot be read, or has bytes or numbers that settings cannot have;
 * a line on `errors` says what, with file and line. Free with source_free().
 */
struct source *source_read(const char *path, FILE *errors) __attribute__((warn_unused_result));

/* NULL is fine. */
void source_free(struct source *source);

/* The whole text, terminated, for libconfig. Valid as long as the source. */
const char *source_text(const struct source *source);

/* Which file a line of the text came from; *file_line is its line there. Both count from 1. */
const char *source_position(const struct source *source, int line, int *file_line);

#endif
