/* How far a long run is, on one line of a terminal; silent where standard error is none. */
#ifndef GENERATOR_PROGRESS_H
#define GENERATOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_terminal;
    char subject[32]; /* "sale 17" */
    int total;
    int64_t shown_ms; /* when it was last written, by the monotonic clock; 0: never */
};

/* Begins to tell of `total` steps of a subject, which is copied. */
void progress_begin(struct progress *progress, const char *subject, int total);

/* `done` steps of them are done; writes ten times a second at most. */
void progress_show(struct progress *progress, int done);

/* Clears the line, so that what is written next stands at its beginning. */
void progress_end(struct progress *progress);

#endif
