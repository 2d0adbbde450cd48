/* Shows the progress of a long run on one line of the terminal; nothing if standard error is not a
   terminal. Not shared between threads. */
#ifndef GENERATOR_PROGRESS_H
#define GENERATOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_terminal;
    char subject[32]; /* "sale 17" */
    int total;
    int64_t shown_ms; /* when it was last shown, by clock_ms(); 0: never */
};

/* Begins a run of `total` steps. `subject` is copied. */
void progress_begin(struct progress *progress, const char *subject, int total);

/* Shows that `done` steps are done; writes at most ten times a second. */
void progress_show(struct progress *progress, int done);

/* Clears the line. */
void progress_end(struct progress *progress);

#endif
